using System.Net;
using System.Net.Sockets;
using Mana.Cli;
using Mana.Contracts;
using Mana.Hosting;
using Mana.Testing;
using Microsoft.Extensions.Time.Testing;

namespace Mana.Tests.Cli;

public sealed class CommandLineTests : IDisposable
{
    private readonly TemporaryDirectory _data = new();
    private readonly FakeRunner _runner = new();

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task The_version_is_the_products()
    {
        var run = await CliRun.RunAsync(_data.Path, "--version");

        run.Should().Be(new CliRun(0, $"mana {ServiceHost.Version}\n", ""));
    }

    [Theory]
    [InlineData("up")]
    [InlineData("serve")]
    [InlineData("seed")]
    [InlineData("simulate")]
    [InlineData("personas list")]
    [InlineData("personas show")]
    [InlineData("personas lint")]
    [InlineData("personas cleanup")]
    [InlineData("tick run")]
    [InlineData("tick show")]
    [InlineData("tick list")]
    [InlineData("tick cancel")]
    [InlineData("tick retry")]
    [InlineData("cluster status")]
    [InlineData("pause")]
    [InlineData("resume")]
    [InlineData("admin create")]
    [InlineData("doctor")]
    public async Task Every_command_has_help_with_examples_and_the_global_options(string command)
    {
        var run = await CliRun.RunAsync(_data.Path, [.. command.Split(' '), "--help"]);

        run.ExitCode.Should().Be(ExitCode.Ok);
        run.Out.Should().Contain("Examples:").And.Contain("mana " + command).And.Contain("--data <DIR>").And.Contain("--json");
        run.Error.Should().BeEmpty();
    }

    [Fact]
    public async Task The_help_lists_every_exit_code()
    {
        var run = await CliRun.RunAsync(_data.Path);

        run.ExitCode.Should().Be(ExitCode.Ok);
        foreach (var code in Enum.GetValues<ExitCode>())
        {
            run.Out.Should().MatchRegex($@"(?m)^  {(int)code}\s+\w");
        }
    }

    [Theory]
    [InlineData("persons list", "mana: \"persons\" is no command, option or argument here; see mana --help\n")]
    [InlineData("tick", "mana: Required command was not provided; see mana tick --help\n")]
    [InlineData("tick run --all --persona a@mana.test", "mana: --all and --persona exclude each other; see mana tick run --help\n")]
    [InlineData("up --port-auth abc", "mana: \"abc\" is no whole number for --port-auth; see mana up --help\n")]
    [InlineData("tick list --limit 99999999999", "mana: \"99999999999\" is no whole number for --limit; see mana tick list --help\n")]
    [InlineData("simulate --seed x", "mana: \"x\" is no whole number for --seed; see mana simulate --help\n")]
    [InlineData("simulate --days 0", "mana: --days must be 1 to 3660; see mana simulate --help\n")]
    [InlineData("ports move a b", "mana: \"b\" is no whole number for PORT; see mana ports move --help\n")]
    [InlineData("ports add a --port b", "mana: \"b\" is no whole number for --port; see mana ports add --help\n")]
    [InlineData("up --brain gpt", "mana: \"gpt\" is none of auto, claude, simulated for --brain; see mana up --help\n")]
    [InlineData("serve mail", "mana: \"mail\" is none of auth, mcp, runner, all for SERVICE; see mana serve --help\n")]
    [InlineData("tick show", "mana: ID is missing; see mana tick show --help\n")]
    [InlineData("up --port-auth 70000", "mana: --port-auth must be 0 to 65535; see mana up --help\n")]
    [InlineData("pause --runner-url ftp://x", "mana: --runner-url must be an absolute http(s) URL such as http://localhost:3070\n")]
    [InlineData("up --brain claude", "mana: the Claude brain needs ANTHROPIC_API_KEY; set it, or use --brain simulated\n")]
    [InlineData("seed --dry-run --catalog /nowhere.yaml", "mana: /nowhere.yaml: cannot be read (*); give the path of a catalog with --catalog FILE\n")]
    public async Task Wrong_usage_is_one_sentence_on_stderr_and_exit_2(string args, string message)
    {
        var run = await CliRun.RunAsync(_data.Path, args.Split(' '));

        run.ExitCode.Should().Be(ExitCode.Usage);
        run.Error.Should().Match(message);
        run.Out.Should().BeEmpty();
    }

    [Fact]
    public async Task A_service_that_is_not_there_is_exit_3_and_says_how_to_start_it()
    {
        using var port = FreePorts.HoldSilent();
        var run = await CliRun.RunAsync(_data.Path, "pause", "--runner-url", $"http://{port.LocalEndPoint}");

        run.ExitCode.Should().Be(ExitCode.Unreachable);
        run.Error.Should().Match("mana: mana-persona-runner is not reachable at http://127.0.0.1:*; start it with ./mana up, or name another with --runner-url or --data\n");
    }

    [Fact]
    public async Task The_data_directory_brings_addresses_and_keys_and_the_environment_wins_over_it()
    {
        await using var runner = await HostUnderTest.StartAsync(_runner.Create, new Dictionary<string, string?>());
        Directory.CreateDirectory(Path.Combine(_data.Path, "secrets"));
        await File.WriteAllTextAsync(Path.Combine(_data.Path, "secrets", "service-key"), "from-file", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(
            Path.Combine(_data.Path, "connection.json"),
            $$"""{"authUrl":"http://127.0.0.1:9","mcpUrl":"http://127.0.0.1:9","runnerUrl":"{{runner.Address}}","processId":1,"startedAt":"2026-11-22T12:00:00Z"}""",
            TestContext.Current.CancellationToken);

        var fromFile = await CliRun.RunAsync(_data.Path, "tick", "run", "--json");
        var keyFromFile = _runner.LastServiceKey;
        await CliRun.RunAsync(_data.Path, new Dictionary<string, string> { ["MANA_SERVICE_KEY"] = "from-environment" }, "", null, "tick", "run");

        fromFile.ExitCode.Should().Be(ExitCode.Ok);
        keyFromFile.Should().Be("from-file");
        _runner.LastServiceKey.Should().Be("from-environment");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Tick_run_waits_and_exits_1_when_one_failed(bool sendsEvents)
    {
        _runner.SendsEvents = sendsEvents;
        _runner.Failing.Add("persona.ben@mana.test");
        await using var runner = await HostUnderTest.StartAsync(_runner.Create, new Dictionary<string, string?>());

        var time = sendsEvents ? new FakeTimeProvider() : null;
        var run = await CliRun.RunAsync(_data.Path, [], "", null, time, ["tick", "run", "--all", "--wait", "--runner-url", runner.Address.AbsoluteUri]);

        _runner.LastRequest.Should().Be(new RunTicksRequest(TickScopes.All));
        run.ExitCode.Should().Be(ExitCode.Failed);
        run.Out.Should().MatchRegex(@"anna\s+completed\s+1\s+todo 4").And.MatchRegex(@"ben\s+failed\s+1\s+todo 4\s+sign-in: wrong password");
        run.Out.Contains("✓ todo.create", StringComparison.Ordinal).Should().Be(sendsEvents);
    }

    [Fact]
    public async Task Tick_run_of_one_persona_reports_json_and_succeeds()
    {
        await using var runner = await HostUnderTest.StartAsync(_runner.Create, new Dictionary<string, string?>());

        var run = await CliRun.RunAsync(
            _data.Path, "tick", "run", "--persona", "persona.anna@mana.test", "--wait", "--json", "--runner-url", runner.Address.AbsoluteUri);
        var unknown = await CliRun.RunAsync(_data.Path, "tick", "run", "--persona", "nobody@example.org", "--runner-url", runner.Address.AbsoluteUri);

        run.ExitCode.Should().Be(ExitCode.Ok);
        run.Json.GetProperty("ticks")[0].GetProperty("outcome").GetString().Should().Be("completed");
        unknown.ExitCode.Should().Be(ExitCode.Failed);
        unknown.Error.Should().Contain("nobody@example.org was not started: unknown");
    }

    [Fact]
    public async Task Tick_show_tells_calls_with_inputs_and_ratings_with_their_evidence()
    {
        await using var runner = await HostUnderTest.StartAsync(_runner.Create, new Dictionary<string, string?>());
        var started = await CliRun.RunAsync(_data.Path, "tick", "run", "--json", "--runner-url", runner.Address.AbsoluteUri);
        var id = started.Json.GetProperty("ticks")[0].GetProperty("tickId").GetString()!;

        var run = await CliRun.RunAsync(_data.Path, "tick", "show", id, "--runner-url", runner.Address.AbsoluteUri);
        var missing = await CliRun.RunAsync(_data.Path, "tick", "show", "nope", "--runner-url", runner.Address.AbsoluteUri);

        run.ExitCode.Should().Be(ExitCode.Ok);
        run.Out.Should().Contain("✓ a0 todo.create  12 ms").And.Contain("→ {\"title\":\"Milch\"}").And.Contain("← {\"id\":\"t1\"}")
            .And.Contain("★ todo 4/5  evidence a0").And.Contain("Ging [schnell]");
        missing.ExitCode.Should().Be(ExitCode.Failed);
        missing.Error.Should().Contain("knows no tick nope");
    }

    [Fact]
    public async Task Every_taken_port_is_named_with_the_way_out_before_anything_starts()
    {
        using var first = new TcpListener(IPAddress.Loopback, 0);
        first.Start();
        using var second = new TcpListener(IPAddress.Loopback, 0);
        second.Start();
        var auth = ((IPEndPoint)first.LocalEndpoint).Port;
        var runner = ((IPEndPoint)second.LocalEndpoint).Port;
        var data = Path.Combine(_data.Path, "untouched");

        var run = await CliRun.RunAsync(data, "up", "--port-auth", $"{auth}", "--port-mcp", "0", "--port-runner", $"{runner}");

        run.ExitCode.Should().Be(ExitCode.Failed);
        run.Error.Should().Match(
            $"mana: port {auth} (mana-auth) is taken: stop what listens there, or choose another with --port-auth *; port {runner} (mana-persona-runner) is taken: * --port-runner *\n");
        Directory.Exists(data).Should().BeFalse();
    }

    [Fact]
    public async Task Doctor_says_what_is_broken_and_what_to_do()
    {
        var authFake = new FakeAuth { ClockSkew = TimeSpan.FromMinutes(2) };
        await using var auth = await HostUnderTest.StartAsync(authFake.Create, new Dictionary<string, string?>());
        await using var runner = await HostUnderTest.StartAsync(_runner.Create, new Dictionary<string, string?>());
        string[] args = ["doctor", "--json", "--auth-url", auth.Address.AbsoluteUri, "--runner-url", runner.Address.AbsoluteUri, "--mcp-url", auth.Address.AbsoluteUri];

        var run = await CliRun.RunAsync(_data.Path, new Dictionary<string, string> { ["MANA_SERVICE_KEY"] = authFake.ServiceKey }, "", null, args);
        var wrongKey = await CliRun.RunAsync(_data.Path, new Dictionary<string, string> { ["MANA_SERVICE_KEY"] = "wrong" }, "", null, args);

        run.ExitCode.Should().Be(ExitCode.Failed);
        var states = run.Json.GetProperty("checks").EnumerateArray()
            .ToDictionary(c => c.GetProperty("name").GetString()!, c => c.GetProperty("state").GetString());
        states.Should().Contain("mana-auth", "ok").And.Contain("mana-persona-runner", "ok").And.Contain("service key", "ok")
            .And.Contain("clock", "broken").And.Contain("mana-mcp", "broken").And.Contain("ANTHROPIC_API_KEY", "warning");
        wrongKey.Out.Should().Contain("mana-auth does not accept it");
        wrongKey.Out.Should().NotContain("\"wrong\"");
    }

    [Fact]
    public async Task Admin_create_prints_a_generated_password_once_and_never_a_given_one()
    {
        var made = new List<(string? Data, string Email, string Password)>();
        var services = ServiceFactories.Product with
        {
            EnsureAdministrator = (configuration, email, password, _, _) =>
            {
                made.Add((configuration["MANA_DATA"], email, password));
                return Task.CompletedTask;
            },
        };

        var generated = await CliRun.RunAsync(_data.Path, [], "", services, "admin", "create", "me@example.org", "--json");
        var given = await CliRun.RunAsync(_data.Path, [], "correct horse\n", services, "admin", "create", "me@example.org", "--password-stdin");
        var weak = await CliRun.RunAsync(_data.Path, [], "short\n", services, "admin", "create", "me@example.org", "--password-stdin");

        made.Should().HaveCount(2).And.AllSatisfy(m => m.Data.Should().Be(_data.Path));
        generated.Json.GetProperty("password").GetString().Should().Be(made[0].Password).And.HaveLength(24);
        made[1].Password.Should().Be("correct horse");
        given.Out.Should().NotContain("correct horse");
        weak.ExitCode.Should().Be(ExitCode.Usage);
    }
}
