using Mana.Tests.Mcp.Idempotency;
using Microsoft.Data.Sqlite;

namespace Mana.Tests.Mcp;

public sealed class SqliteBoundsTests : BoundsSuite
{
    private protected override async Task<StoreUnderTest> StartAsync(params (string Key, string? Value)[] settings)
    {
        var mcp = await McpUnderTest.StartAsync(settings);
        var connection = new SqliteConnectionStringBuilder { DataSource = Path.Combine(mcp.DataDirectory, "mcp.db"), Pooling = false }.ConnectionString;
        return new StoreUnderTest(mcp, () => new SqliteConnection(connection), "begin immediate", "", "");
    }

    private protected override async Task<IReadOnlyList<string>> TablesWithSpacesAsync(StoreUnderTest store)
    {
        // Independent of how the service finds them: by the text of the migrations.
        var names = new List<string>();
        foreach (var name in (string[])["records", "record_counters", "idempotency_keys", "space_usage"])
        {
            (await store.CountAsync($"select count(*) from sqlite_master where name = '{name}' and sql like '%space_id%'")).Should().Be(1, because: name);
            names.Add(name);
        }

        (await store.CountAsync("select count(*) from sqlite_master where type = 'table' and sql like '%space_id%'"))
            .Should().Be(names.Count, "a table that is new here has to be in this list");
        return names;
    }
}
