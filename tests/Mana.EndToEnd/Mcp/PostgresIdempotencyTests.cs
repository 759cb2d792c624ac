using Mana.Tests.Mcp;
using Mana.Tests.Mcp.Idempotency;
using Npgsql;

namespace Mana.EndToEnd.Mcp;

/// <summary>The suite on PostgreSQL, and what only several nodes on one database can get wrong.</summary>
public sealed class PostgresIdempotencyTests(PostgresFixture postgres) : IdempotencySuite
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private protected override async Task<StoreUnderTest> StartAsync(params (string Key, string? Value)[] settings)
    {
        var cluster = await postgres.ClusterAsync();
        var database = await cluster.CreateDatabaseAsync(Cancellation);
        return new StoreUnderTest(
            await McpUnderTest.StartAsync([.. settings, ("DATABASE_URL", database)]),
            () => new NpgsqlConnection(cluster.ConnectionString(database, "mana_mcp")),
            "begin; lock table records in exclusive mode",
            "alter table idempotency_keys add constraint no_keys check (false) not valid",
            "alter table idempotency_keys drop constraint no_keys");
    }

    [Fact]
    public async Task Repeats_at_two_nodes_at_the_same_time_make_one_record_and_get_one_answer()
    {
        await using var store = await StartAsync();
        var mcp = store.Mcp;
        await using var beside = await mcp.StartBesideAsync();
        for (var round = 1; round <= 10; round++)
        {
            Task<string>[] calls;
            await using (await store.HoldWritesAsync())
            {
                // One call of each node waits for the table, the others for it.
                calls = [.. Enumerable.Range(0, 20).Select(i =>
                    mcp.KeyedAsync(i % 2 == 0 ? mcp.Host : beside, $"k{round}", "todo.create", """{"title":"once"}""", Cancellation))];
                await Until.TrueAsync(
                    async () => await store.CountAsync("select count(*) from pg_locks where not granted and relation = 'records'::regclass") >= 1,
                    "a call waits for the table",
                    Cancellation);
            }

            var answers = await Task.WhenAll(calls);
            answers.Distinct().Should().ContainSingle();
            KeyedCalls.IsError(answers[0]).Should().BeFalse(answers[0]);
            (await store.RecordsAsync()).Should().Be(round);
            (await store.KeysAsync()).Should().Be(round);
        }
    }

    [Fact]
    public async Task A_node_whose_call_fails_because_the_other_node_was_first_gives_the_answer_of_the_first()
    {
        await using var store = await StartAsync(("POLICY_MODE", "log-only"));
        var mcp = store.Mcp;
        await using var beside = await mcp.StartBesideAsync();
        for (var round = 0; round < 10; round++)
        {
            var created = await mcp.KeyedAsync($"create{round}", "todo.create", """{"title":"x"}""");
            var id = (string)KeyedCalls.Message(created)["result"]!["structuredContent"]!["task"]!["id"]!;

            // Done twice, the second delete would find nothing.
            var answers = await Task.WhenAll(new[] { mcp.Host, beside, mcp.Host, beside }.Select(host =>
                mcp.KeyedAsync(host, $"delete{round}", "todo.delete", $$"""{"id":"{{id}}"}""", Cancellation)));

            answers.Distinct().Should().ContainSingle();
            KeyedCalls.IsError(answers[0]).Should().BeFalse(answers[0]);
        }
    }
}
