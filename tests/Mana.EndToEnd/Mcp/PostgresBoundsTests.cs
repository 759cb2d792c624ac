using Mana.Hosting.Storage;
using Mana.Mcp.Records;
using Mana.Tests.Mcp;
using Mana.Tests.Mcp.Idempotency;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Mana.EndToEnd.Mcp;

/// <summary>The bounds on PostgreSQL, and the rate of calls, which all nodes count together.</summary>
public sealed class PostgresBoundsTests(PostgresFixture postgres) : BoundsSuite
{
    private protected override string BytesStored => "select sum(octet_length(data) + coalesce(octet_length(search_text), 0)) from records";

    [Fact]
    public async Task Two_nodes_give_away_the_limit_of_calls_once()
    {
        await using var store = await StartAsync(("POLICY_RATE_LIMIT", "7"));
        var mcp = store.Mcp;
        await using var beside = await mcp.StartBesideAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 30).Select(i =>
            mcp.KeyedAsync(i % 2 == 0 ? mcp.Host : beside, $"k{i}", "todo.list", "{}", Cancellation)));

        answers.Count(answer => !KeyedCalls.IsError(answer)).Should().Be(7);
        answers.Where(KeyedCalls.IsError).Should().AllSatisfy(answer => answer.Should().Contain("todo.list was called 7 times within 60 seconds and 7 are allowed"));
        (await store.CountAsync("select cardinality(times) from call_rates")).Should().Be(7);

        mcp.Clock.Advance(TimeSpan.FromSeconds(60.001));
        KeyedCalls.IsError(await mcp.KeyedAsync("later", "todo.list", "{}")).Should().BeFalse();
        (await store.CountAsync("select cardinality(times) from call_rates")).Should().Be(1);
        mcp.Clock.Advance(TimeSpan.FromSeconds(61));
        await mcp.Host.Services.GetRequiredService<RecordPurge>().PurgeAsync(Cancellation);
        (await store.CountAsync("select count(*) from call_rates")).Should().Be(0);
    }

    [Fact]
    public async Task In_log_only_mode_a_row_of_rates_grows_no_further_than_the_limit()
    {
        await using var store = await StartAsync(("POLICY_RATE_LIMIT", "3"), ("POLICY_MODE", "log-only"));
        for (var i = 0; i < 10; i++)
        {
            KeyedCalls.IsError(await store.Mcp.KeyedAsync($"k{i}", "todo.list", "{}")).Should().BeFalse();
        }

        (await store.CountAsync("select cardinality(times) from call_rates")).Should().Be(3);
        (await store.Mcp.MetricAsync("mana_mcp_policy_decisions_total", ("reason", "rate-limit-exceeded"))).Should().Be(7);
    }

    private protected override async Task<StoreUnderTest> StartAsync(params (string Key, string? Value)[] settings)
    {
        var cluster = await postgres.ClusterAsync();
        var database = await cluster.CreateDatabaseAsync(Cancellation);
        return new StoreUnderTest(
            await McpUnderTest.StartAsync([.. settings, ("DATABASE_URL", database)]),
            () => new NpgsqlConnection(cluster.ConnectionString(database, "mana_mcp")),
            "begin; lock table records in exclusive mode",
            "",
            "");
    }

    private protected override async Task<IReadOnlyList<string>> TablesWithSpacesAsync(StoreUnderTest store) =>
        await store.Mcp.Host.Services.GetRequiredService<ServiceDatabase>().ReadAsync(
            (db, ct) => db.RowsAsync<string>(
                "select c.relname from pg_attribute a join pg_class c on c.oid = a.attrelid where a.attname = 'space_id' and c.relkind = 'r' and c.relnamespace = 'mana_mcp'::regnamespace",
                ct),
            Cancellation);
}
