using System.Globalization;
using Mana.Mcp.Records;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace Mana.Tests.Mcp.Modules;

/// <summary>The suite on SQLite, and what does not depend on the database.</summary>
public sealed class SqliteSearchTests : SearchSuite
{
    private protected override Task<McpUnderTest> StartAsync() => McpUnderTest.StartAsync(("POLICY_MODE", "off"));

    [Fact]
    public async Task Every_kind_of_record_is_known_to_the_search()
    {
        await using var mcp = await StartAsync();

        mcp.Host.Services.GetRequiredService<RecordCatalog>().All.Select(set => set.Collection)
            .Should().Contain(["todo.tasks", "notes.notes", "journal.entries", "mood.entries", "habits.habits", "habits.logs"]);
    }

    [Fact]
    public void Words_are_found_where_they_stand()
    {
        const string Text = "Das Cafe\u0301 (Ärger!) 東京\ud800x 1½";

        var words = SearchText.Words(Text).ToList();

        words.Select(word => word.Folded).Should().Equal("das", "cafe", "aerger", "東", "京", "x", "1");
        words.Select(word => Text.Substring(word.Start, word.Length)).Should().Equal("Das", "Cafe\u0301", "Ärger", "東", "京", "x", "1");
        SearchText.Words(new string('ß', 100)).Single().Folded.Should().Be(new string('s', SearchText.MaxWord));
    }

    private protected override async Task RunAsync(McpUnderTest mcp, string statement)
    {
        await using var connection = await OpenAsync(mcp);
        await using var command = connection.CreateCommand();
        command.CommandText = statement;
        await command.ExecuteNonQueryAsync(Cancellation);
    }

    private protected override async Task<long> CountAsync(McpUnderTest mcp, string from)
    {
        await using var connection = await OpenAsync(mcp);
        await using var command = connection.CreateCommand();
        command.CommandText = $"select count(*) from {from}";
        return Convert.ToInt64(await command.ExecuteScalarAsync(Cancellation), CultureInfo.InvariantCulture);
    }

    private static async Task<SqliteConnection> OpenAsync(McpUnderTest mcp)
    {
        var connection = new SqliteConnection($"Data Source={Path.Combine(mcp.DataDirectory, "mcp.db")};Pooling=False");
        await connection.OpenAsync(Cancellation);
        return connection;
    }
}
