using System.Net;
using System.Text.Json.Nodes;
using Mana.Contracts;
using Mana.Hosting;
using Mana.Mcp;
using Mana.Mcp.Records;
using Mana.Testing;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace Mana.Tests.Mcp.Idempotency;

/// <summary>The suite on SQLite, and what does not depend on the database.</summary>
public sealed class SqliteIdempotencyTests : IdempotencySuite
{
    private const string Title = """{"title":"x"}""";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private protected override async Task<StoreUnderTest> StartAsync(params (string Key, string? Value)[] settings)
    {
        var mcp = await McpUnderTest.StartAsync(settings);
        var connection = new SqliteConnectionStringBuilder { DataSource = Path.Combine(mcp.DataDirectory, "mcp.db"), Pooling = false }.ConnectionString;
        return new StoreUnderTest(
            mcp,
            () => new SqliteConnection(connection),
            "begin immediate",
            "create trigger no_keys before insert on idempotency_keys begin select raise(abort, 'no'); end",
            "drop trigger no_keys");
    }

    public static TheoryData<string> NoKeys => ["null", "7", "{}", "\"\"", "\"a\\u0000b\"", "\"a\\nb\"", $"\"{new string('k', 201)}\""];

    [Theory]
    [MemberData(nameof(NoKeys))]
    public async Task What_is_no_key_is_refused(string key)
    {
        await using var store = await StartAsync();
        using var response = await store.Mcp.PostAsync(KeyedCalls.Body("todo.create", Title, JsonNode.Parse(key)));

        response.StatusCode.Should().Be(HttpStatusCode.OK);
        var error = KeyedCalls.Message(await response.Content.ReadAsStringAsync(Cancellation))["error"]!;
        ((int)error["code"]!).Should().Be(-32602);
        ((string)error["message"]!).Should().Contain("must be a text of 1 to 200 characters");
        (await store.RecordsAsync()).Should().Be(0);
    }

    [Fact]
    public async Task The_longest_key_is_good()
    {
        await using var store = await StartAsync();
        var key = new string('ü', McpWire.MaxIdempotencyKey);
        var first = await store.Mcp.KeyedAsync(key, "todo.create", Title);
        (await store.Mcp.KeyedAsync(key, "todo.create", Title)).Should().Be(first);
        (await store.RecordsAsync()).Should().Be(1);
    }

    [Fact]
    public async Task A_denial_is_no_answer_and_repeats_do_not_use_up_the_rate()
    {
        await using var store = await StartAsync(("POLICY_MODE", "enforce"));
        var mcp = store.Mcp;
        for (var i = 0; i < 30; i++)
        {
            await mcp.KeyedAsync($"k{i}", "todo.create", Title);
            await mcp.KeyedAsync($"k{i}", "todo.create", Title);
        }

        KeyedCalls.Text(await mcp.KeyedAsync("late", "todo.create", Title)).Should().Contain("rate-limit-exceeded");
        KeyedCalls.IsError(await mcp.KeyedAsync("k3", "todo.create", Title)).Should().BeFalse("a repeat does nothing that could be too much");

        mcp.Clock.Advance(TimeSpan.FromMinutes(2));
        KeyedCalls.IsError(await mcp.KeyedAsync("late", "todo.create", Title)).Should().BeFalse();
        (await store.RecordsAsync()).Should().Be(31);
    }

    [Fact]
    public async Task Switched_off_a_repeated_write_happens_twice()
    {
        await using var store = await StartAsync(("MCP_IDEMPOTENCY", "off"));
        var client = await store.Mcp.ConnectAsync();
        client.ServerCapabilities.Experimental.Should().ContainKey(McpWire.IdempotencyCapability);

        await store.Mcp.KeyedAsync("k", "todo.create", Title);
        await store.Mcp.KeyedAsync("k", "todo.create", Title);

        (await store.RecordsAsync()).Should().Be(2);
        (await store.KeysAsync()).Should().Be(0);
    }

    [Fact]
    public void In_production_it_cannot_be_switched_off()
    {
        using var directory = new TemporaryDirectory();
        var settings = HostUnderTest.Configuration(new Dictionary<string, string?>
        {
            ["MANA_DATA"] = directory.Path,
            ["NODE_ENV"] = "production",
            ["MANA_SERVICE_KEY"] = "the-service-key",
            ["MCP_IDEMPOTENCY"] = "off",
        });

        FluentActions.Invoking(() => McpHost.Create(settings))
            .Should().Throw<ConfigurationException>().WithMessage("*MCP_IDEMPOTENCY=off*refused in production*");
    }

    [Fact]
    public async Task Expired_keys_are_removed_and_no_others()
    {
        await using var store = await StartAsync();
        var mcp = store.Mcp;
        await mcp.KeyedAsync("old", "todo.create", Title);
        await store.RunAsync(
            """
            with recursive n (i) as (select 1 union all select i + 1 from n where i < 1200)
            insert into idempotency_keys (space_id, idempotency_key, fingerprint, answer, created_at) select 'space-' || i, 'old', fingerprint, answer, created_at from idempotency_keys, n
            """);
        mcp.Clock.Advance(TimeSpan.FromDays(6));
        await mcp.KeyedAsync("young", "todo.create", Title);
        (await store.KeysAsync()).Should().Be(1202);

        mcp.Clock.Advance(TimeSpan.FromDays(1));
        await mcp.Host.Services.GetRequiredService<KeyedAnswers>().PurgeAsync(Cancellation);

        (await store.KeysAsync()).Should().Be(1);
        (await store.CountAsync("select count(*) from idempotency_keys where idempotency_key = 'young'")).Should().Be(1);
    }

    [Fact]
    public async Task The_keys_of_a_space_go_with_it()
    {
        await using var store = await StartAsync();
        await store.Mcp.KeyedAsync("k", "todo.create", Title);
        await store.Mcp.KeyedAsync("k", "todo.create", Title, space: "space-other");

        using var request = new HttpRequestMessage(HttpMethod.Delete, "/api/v1/internal/spaces/" + McpUnderTest.Space);
        request.Headers.Add("X-Service-Key", FakeAuth.ServiceKeyValue);
        using var response = await store.Mcp.Host.Client.SendAsync(request, Cancellation);

        response.StatusCode.Should().Be(HttpStatusCode.OK);
        (await store.CountAsync("select count(*) from idempotency_keys where space_id = 'space-other'")).Should().Be(1);
        (await store.KeysAsync()).Should().Be(1);
    }
}
