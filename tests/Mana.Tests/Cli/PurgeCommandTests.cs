using Mana.Cli;
using Mana.Contracts;
using Mana.Testing;
using Mana.Tests.Auth;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Mana.Tests.Cli;

public sealed class PurgeCommandTests : IDisposable
{
    private const string Anna = "persona.anna@mana.test";

    private readonly TemporaryDirectory _data = new();
    private readonly FakeRunner _runner = new();

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task A_purge_goes_through_all_three_services_and_prints_the_proof()
    {
        await using var services = await StartAsync(countsRows: true);
        var id = await services.Auth.NewPersonaAsync(Anna);

        var run = await RunAsync(services, "y\n", "purge", "--persona", Anna);

        run.ExitCode.Should().Be(ExitCode.Ok, run.Error);
        run.Error.Should().Contain($"Remove every row of {Anna} from");
        run.Out.Should().MatchRegex("mana-auth +users +1 +0").And.MatchRegex("mana-mcp +records by the persona +4 +0").And.MatchRegex("mana-mcp +space persona-anna +0").And.MatchRegex("mana-persona-runner +ticks +3 +0").And.Contain("0 left");
        _runner.LastPurge!.Email.Should().Be(Anna);
        (await services.Auth.AdminAsync(HttpMethod.Get, $"/api/v1/admin/personas/{id}")).Status.Should().Be(404);
    }

    [Fact]
    public async Task What_is_left_or_not_counted_is_no_proof()
    {
        await using var services = await StartAsync(countsRows: false);
        await services.Auth.NewPersonaAsync(Anna);
        var uncounted = await RunAsync(services, "", "purge", "--persona", Anna, "--yes", "--json");
        _runner.Leftover = 2;
        var left = await RunAsync(services, "", "purge", "--tick", "t1", "--tick", "t2", "--yes", "--json");

        uncounted.ExitCode.Should().Be(ExitCode.Failed);
        uncounted.Json.GetProperty("ok").GetBoolean().Should().BeFalse();
        TablesOfMcp(uncounted).Should().HaveCount(2).And.OnlyContain(table => table.GetProperty("remaining").ValueKind == System.Text.Json.JsonValueKind.Null);
        TablesOfMcp(left).Should().ContainSingle().Which.GetProperty("remaining").ValueKind.Should().Be(System.Text.Json.JsonValueKind.Null, "it does not know this purge");
        left.ExitCode.Should().Be(ExitCode.Failed);
        _runner.LastPurge!.TickIds!.Select(tick => tick.Value).Should().Equal("t1", "t2");

        string[] many = [.. Enumerable.Range(0, 150).SelectMany(i => (string[])["--tick", $"m{i}"])];
        (await RunAsync(services, "", ["purge", .. many, "--yes", "--json"])).Json.GetProperty("ticks").GetArrayLength().Should().Be(100, "later ones would hide what was left");
    }

    [Fact]
    public async Task A_purge_of_what_is_not_there_says_so()
    {
        await using var services = await StartAsync(countsRows: true);
        _runner.Deleted = 0;

        var gone = await RunAsync(services, "", "purge", "--persona", "persona.nobody@mana.test", "--yes");

        (gone.ExitCode, gone.Error).Should().Be((ExitCode.Ok, ""));
        gone.Out.Should().Contain("Nothing of it was there: already removed, or mistyped.").And.Contain("0 rows removed, 0 left");
    }

    [Fact]
    public async Task A_run_is_listed_and_purged_with_all_its_ticks_and_what_they_wrote()
    {
        await using var services = await StartAsync(countsRows: true);
        for (var i = 0; i < 3; i++)
        {
            AddTick($"t{i}", i < 2 ? "20261122-090000-aaaa" : "20261122-100000-bbbb");
        }

        var list = await RunAsync(services, "", "runs", "list");
        var purge = await RunAsync(services, "y\n", "purge", "--run", "20261122-090000-aaaa");
        var json = await RunAsync(services, "", "purge", "--run", "20261122-100000-bbbb", "--yes", "--json");
        var unknown = await RunAsync(services, "", "purge", "--run", "20261122-090000-aaaa", "--yes");
        var empty = await RunAsync(services, "", "runs", "list");

        list.Out.Should().MatchRegex("20261122-090000-aaaa .* 2 +1 +0 +0").And.MatchRegex("20261122-100000-bbbb .* 1 +1 +0 +0");
        purge.ExitCode.Should().Be(ExitCode.Ok, purge.Error);
        purge.Error.Should().Contain("Remove every row of run 20261122-090000-aaaa, 2 ticks of 1 persona, from");
        purge.Out.Should().MatchRegex("mana-auth +persona_ticks +0 +0").And.MatchRegex("mana-mcp +records +10 +0").And.MatchRegex("mana-persona-runner +ticks +3 +0").And.Contain("0 left");
        json.Json.GetProperty("ok").GetBoolean().Should().BeTrue();
        json.Json.GetProperty("run").GetString().Should().Be("20261122-100000-bbbb");
        json.Json.GetProperty("ticks").EnumerateArray().Select(tick => tick.GetString()).Should().Equal("t2");
        unknown.ExitCode.Should().Be(ExitCode.Failed);
        unknown.Error.Should().Contain("`mana runs list` shows the runs");
        empty.Out.Should().StartWith("No runs yet");
    }

    [Fact]
    public async Task Nothing_goes_without_a_yes_a_clear_wish_and_a_running_runner()
    {
        await using var services = await StartAsync(countsRows: true);
        var id = await services.Auth.NewPersonaAsync(Anna);

        var unconfirmed = await RunAsync(services, "n\n", "purge", "--persona", Anna);
        var unclear = await RunAsync(services, "", "purge", "--yes");
        var both = await RunAsync(services, "", "purge", "--persona", Anna, "--tick", "t1", "--yes");
        var remote = await RunAsync(services, "", "purge", "--persona", Anna, "--yes", "--runner-url", "http://runner.example.org");
        var away = await RunAsync(services, "", "purge", "--persona", Anna, "--yes", "--runner-url", "http://127.0.0.1:9");

        unconfirmed.ExitCode.Should().Be(ExitCode.Refused);
        unclear.ExitCode.Should().Be(ExitCode.Usage);
        both.ExitCode.Should().Be(ExitCode.Usage);
        remote.ExitCode.Should().Be(ExitCode.Refused);
        remote.Error.Should().Contain("--force");
        away.ExitCode.Should().Be(ExitCode.Unreachable);
        (await services.Auth.AdminAsync(HttpMethod.Get, $"/api/v1/admin/personas/{id}")).Status.Should().Be(200);
        _runner.LastPurge.Should().BeNull();
    }

    [Fact]
    public async Task Programs_are_registered_with_their_configuration_listed_and_removed()
    {
        await using var services = await StartAsync(countsRows: true);

        var code = await RunAsync(services, "", "clients", "add", "Claude Code", "--for", "claude-code");
        var desktop = await RunAsync(services, "", "clients", "add", "Claude Desktop", "--for", "claude-desktop", "--confidential");
        var web = await RunAsync(services, "", "clients", "add", "Claude", "--for", "claude-ai", "--confidential");
        var own = await RunAsync(services, "", "clients", "add", "--redirect", "https://example.org/cb", "--redirect", "http://localhost/cb", "Mine", "--read-only", "--json");
        var refused = await RunAsync(services, "", "clients", "add", "Evil", "--redirect", "http://example.org/cb");
        var nowhere = await RunAsync(services, "", "clients", "add", "Nowhere");
        var list = await RunAsync(services, "", "clients", "list", "--json");

        var id = list.Json.EnumerateArray().Single(client => client.GetProperty("name").GetString() == "Claude Code").GetProperty("clientId").GetString();
        code.Out.Should().Contain($"claude mcp add --transport http --client-id {id} --callback-port 8765 mana {services.Mcp.Address.AbsoluteUri.TrimEnd('/')}/mcp");
        desktop.Out.Should().Contain("\"--static-oauth-client-info\"").And.Contain("client secret: ").And.Contain("\\\"client_secret\\\":\\\"");
        web.Out.Should().Contain("Customize (in earlier versions Settings), Connectors, Add custom connector");
        own.Json.GetProperty("redirectUris").GetArrayLength().Should().Be(2, "the name after an address is none");
        own.Json.GetProperty("scopes").EnumerateArray().Select(scope => scope.GetString()).Should().Equal("mana:read");
        refused.ExitCode.Should().Be(ExitCode.Failed);
        refused.Error.Should().Contain("http://example.org/cb must be https, or http on localhost");
        nowhere.ExitCode.Should().Be(ExitCode.Usage);
        list.Json.GetArrayLength().Should().Be(4);
        list.Out.Should().NotContain("ecret\": \"");

        (await RunAsync(services, "", "clients", "remove", id!)).ExitCode.Should().Be(ExitCode.Ok);
        (await RunAsync(services, "", "clients", "remove", id!)).ExitCode.Should().Be(ExitCode.Failed);
        (await RunAsync(services, "", "clients", "list")).Out.Should().Contain("Claude Desktop").And.NotContain("Claude Code");
    }

    private Task<CliRun> RunAsync(Services services, string input, params string[] args) => CliRun.RunAsync(
        _data.Path,
        new Dictionary<string, string> { ["MANA_ADMIN_EMAIL"] = AuthUnderTest.AdminEmail, ["MANA_ADMIN_PASSWORD"] = AuthUnderTest.Password },
        input,
        null,
        [
            .. args, "--auth-url", services.Auth.Address.AbsoluteUri, "--mcp-url", services.Mcp.Address.AbsoluteUri,
            .. args.Contains("--runner-url") ? Array.Empty<string>() : ["--runner-url", services.Runner.Address.AbsoluteUri],
        ]);

    private void AddTick(string id, string run) => _runner.Add(new TickDetail(
        new TickSummary(
            new TickId(id), new UserId("u"), Anna, "Anna", "simulated", null, TickPhases.Ended, TickOutcomes.Completed, null, FakeAuth.Noon, FakeAuth.Noon, 1, 1, 0, true, Run: run),
        null, [], [], [], new TickUsage(0, 0, 0, 0, 0)));

    private static IEnumerable<System.Text.Json.JsonElement> TablesOfMcp(CliRun run) =>
        run.Json.GetProperty("tables").EnumerateArray().Where(table => table.GetProperty("service").GetString() == "mana-mcp");

    private async Task<Services> StartAsync(bool countsRows)
    {
        var mcp = await HostUnderTest.StartAsync(
            (configuration, clock) => FakeHost.Create("mana-mcp", configuration, clock, map: app =>
            {
                app.MapDelete("/api/v1/internal/spaces/{id}", () => Results.Ok());
                if (countsRows)
                {
                    app.MapDelete("/api/v1/internal/users/{id}/records", () => Results.Json(new { ok = true, deleted = new { records = 4 }, remaining = new { records = 0 } }));
                    app.MapPost("/api/v1/internal/purge", () => Results.Json(new { ok = true, deleted = new { records = 5 }, remaining = new { records = 0 } }));
                    app.MapGet("/api/v1/internal/spaces/{id}/rows", (string id) => Results.Json(new { spaceId = id, rows = 0, tables = new { records = 0 } }));
                }
            }),
            new Dictionary<string, string?>());
        var auth = await AuthUnderTest.StartAsync(new() { ["MANA_MCP_URL"] = mcp.Address.AbsoluteUri });
        await auth.EnsureAdminAsync();
        return new Services(auth, mcp, await HostUnderTest.StartAsync(_runner.Create, new Dictionary<string, string?>()));
    }

    private sealed record Services(AuthUnderTest Auth, HostUnderTest Mcp, HostUnderTest Runner) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await Runner.DisposeAsync();
            await Auth.DisposeAsync();
            await Mcp.DisposeAsync();
        }
    }
}
