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

    [Fact]
    public async Task A_user_is_purged_while_somebody_changes_what_the_user_wrote_and_neither_is_given_up()
    {
        await using var store = await StartAsync();
        var note = await WriteWithBenAsync(store);
        var ben = await store.Mcp.ConnectAsync("ben", "space-ben");

        // A writer has its space first and then the record: the purge must not have them the other way round.
        await using var hold = await HoldAsync("select 1 from space_usage where space_id = 'space-ben' for update", store);
        var changing = ben.TryCallAsync("notes.update", $$"""{"id":"{{note}}","title":"changed"}""");
        await WaitersAsync(store, 1);
        var purging = PurgeAsync(store.Mcp);
        await WaitersAsync(store, 2);
        await hold.DisposeAsync();

        (await changing).IsError.Should().NotBeTrue((await changing).Text());
        (await purging).Should().BeTrue();
        (await store.CountAsync("select count(*) from records where author_id = 'anna'")).Should().Be(0);
        (await store.CountAsync("select count(*) from call_rates where user_id = 'anna'")).Should().Be(0);
    }

    [Fact]
    public async Task A_call_that_was_under_way_when_its_user_was_purged_leaves_nothing_behind()
    {
        await using var store = await StartAsync();
        await WriteWithBenAsync(store);

        // The call is let in, and has nothing stored yet.
        await using var hold = await HoldAsync("select 1 from record_counters where space_id = 'space-ben' for update", store);
        var writing = store.Mcp.KeyedAsync("k2", "notes.create", """{"title":"late"}""", McpUnderTest.Anna, "space-ben");
        await WaitersAsync(store, 1);
        var purging = PurgeAsync(store.Mcp);
        await Task.WhenAny(purging, WaitersAsync(store, 2));
        await hold.DisposeAsync();

        await writing;
        (await purging).Should().BeTrue();
        (await store.RecordsAsync()).Should().Be(0);
        (await store.KeysAsync()).Should().Be(0);
    }

    private static async Task<string> WriteWithBenAsync(StoreUnderTest store)
    {
        store.Mcp.Auth.Join(McpUnderTest.Anna, "space-ben", "member");
        var written = await store.Mcp.KeyedAsync("k", "notes.create", """{"title":"of anna"}""", McpUnderTest.Anna, "space-ben");
        return (string)KeyedCalls.Message(written)["result"]!["structuredContent"]!["note"]!["id"]!;
    }

    private static async Task<bool> PurgeAsync(McpUnderTest mcp)
    {
        using var request = new HttpRequestMessage(HttpMethod.Delete, $"/api/v1/internal/users/{McpUnderTest.Anna}/records");
        request.Headers.Add("X-Service-Key", FakeAuth.ServiceKeyValue);
        using var response = await mcp.Host.Client.SendAsync(request, Cancellation);
        return response.IsSuccessStatusCode;
    }

    private static async Task<IAsyncDisposable> HoldAsync(string statement, StoreUnderTest store)
    {
        var held = store.Open();
        await held.OpenAsync(Cancellation);
        await held.BeginTransactionAsync(Cancellation);
        await using var command = held.CreateCommand();
        command.CommandText = statement;
        await command.ExecuteNonQueryAsync(Cancellation);
        return held;
    }

    private static async Task WaitersAsync(StoreUnderTest store, int count)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (await store.CountAsync("select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'") < count)
        {
            await timer.WaitForNextTickAsync(Cancellation);
        }
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
