using System.Collections.Concurrent;
using System.Text.Json;
using Mana.Cli;
using Mana.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;

namespace Mana.Tests.Cli;

public sealed class UpTests : IDisposable
{
    private readonly TemporaryDirectory _data = new();
    private readonly FakeAuth _auth = new();
    private readonly FakeRunner _runner = new();
    private readonly ConcurrentQueue<string> _order = new();
    private readonly ConcurrentDictionary<string, IConfiguration> _settings = new();

    public UpTests() => _runner.Cluster = _runner.Cluster with { Paused = false };

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task Everything_starts_in_order_ticks_once_and_drains_in_the_opposite_order()
    {
        await using var up = Start([]);
        await up.WaitForAsync("Ctrl-C stops");
        var code = await up.StopAsync();

        code.Should().Be(0);
        _order.Should().Equal(
            "auth starts", "mcp starts", "admin", "runner starts", "runner stops", "mcp stops", "auth stops");
        _auth.Personas.Should().HaveCount(10);
        _runner.LastRequest!.Scope.Should().Be("never-ticked");
        up.Out.Should().Contain("brain: simulated (no ANTHROPIC_API_KEY").And.Contain("✓ todo.create")
            .And.Contain("first round: 2 of 2 personas").And.Contain("./mana personas list");
    }

    [Fact]
    public async Task While_the_runner_is_paused_nobody_is_asked_to_visit_and_that_is_said()
    {
        _runner.Cluster = _runner.Cluster with { Paused = true };
        await using var up = Start([]);
        await up.WaitForAsync("Ctrl-C stops");
        var code = await up.StopAsync();

        code.Should().Be(0);
        _runner.LastRequest.Should().BeNull("a round that is asked for begins in spite of a pause, and costs money");
        up.Out.Should().Contain("paused: nobody visits").And.Contain("./mana resume").And.NotContain("first round");
    }

    [Fact]
    public async Task Each_service_has_its_own_settings_and_only_the_runner_sees_the_vendors_key()
    {
        await using var up = Start(
            new() { ["PORT"] = "1", ["BASE_URL"] = "http://elsewhere", ["HOST"] = "0.0.0.0", ["ANTHROPIC_API_KEY"] = "sk-x", ["OTHER"] = "y" }, port: () => 0);
        await up.WaitForAsync("Ctrl-C stops");
        await up.StopAsync();

        _settings.Values.Select(settings => settings["PORT"]).Should().OnlyHaveUniqueItems().And.NotContain("1");
        _settings.Values.Should().AllSatisfy(settings =>
        {
            settings["NODE_ENV"].Should().Be("development");
            settings["HOST"].Should().BeNull();
            settings["OTHER"].Should().Be("y");
            settings["MANA_AUTH_URL"].Should().Be($"http://localhost:{_settings["auth"]["PORT"]}");
            settings["MANA_MCP_URL"].Should().Be($"http://localhost:{_settings["mcp"]["PORT"]}");
            settings["MANA_SERVICE_KEY"].Should().NotBeNullOrEmpty().And.Be(_settings["auth"]["MANA_SERVICE_KEY"]);
            settings["JWT_ISSUER"].Should().Be(_settings["auth"]["BASE_URL"]);
        });
        _settings["auth"]["BASE_URL"].Should().Be($"http://localhost:{_settings["auth"]["PORT"]}");
        _settings["runner"]["ANTHROPIC_API_KEY"].Should().Be("sk-x");
        _settings["runner"]["BRAIN"].Should().Be("claude");
        _settings["auth"]["ANTHROPIC_API_KEY"].Should().BeNull();
        _settings["mcp"]["ANTHROPIC_API_KEY"].Should().BeNull();
        _settings["mcp"]["MANA_AUTH_SECRET"].Should().BeNull();
        up.Out.Should().NotContain("sk-x");
    }

    [Theory]
    [InlineData(null)]
    [InlineData("Asia/Tokyo")]
    public async Task Whoever_names_no_time_zone_lives_where_the_machine_does_unless_told_otherwise(string? told)
    {
        await using var up = Start(told is null ? [] : new() { ["MCP_TIME_ZONE"] = told });
        await up.WaitForAsync("Ctrl-C stops");
        await up.StopAsync();

        _settings["mcp"]["MCP_TIME_ZONE"].Should().Be(told ?? RunningCommand.TimeZone);
    }

    [Fact]
    public async Task Secrets_are_for_the_owner_only_and_survive_a_restart()
    {
        await using (var first = Start([]))
        {
            await first.WaitForAsync("Ctrl-C stops");
            await first.StopAsync();
        }

        var secrets = Directory.GetFiles(Path.Combine(_data.Path, "secrets")).ToDictionary(file => Path.GetFileName(file)!, File.ReadAllText);
        if (!OperatingSystem.IsWindows())
        {
            var modes = new List<UnixFileMode>();
            foreach (var file in Directory.GetFiles(Path.Combine(_data.Path, "secrets")))
            {
                modes.Add(File.GetUnixFileMode(file));
            }

            modes.Should().AllBeEquivalentTo(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        await using (var second = Start([]))
        {
            await second.WaitForAsync("Ctrl-C stops");
            await second.StopAsync();
        }

        secrets.Keys.Should().BeEquivalentTo("admin-email", "admin-password", "service-key", "auth-secret", "seed-secret");
        secrets["service-key"].Should().HaveLength(64).And.Be(_settings["runner"]["MANA_SERVICE_KEY"]);
        _settings["auth"]["MANA_AUTH_SECRET"].Should().Be(secrets["auth-secret"]);
        using var connection = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(_data.Path, "connection.json"), TestContext.Current.CancellationToken));
        connection.RootElement.GetProperty("authUrl").GetString().Should().Be(_settings["auth"]["BASE_URL"]);
    }

    [Fact]
    public async Task A_second_up_on_the_same_directory_is_refused_with_the_way_out()
    {
        await using var first = Start([]);
        await first.WaitForAsync("Ctrl-C stops");

        await using var second = Start([]);
        var code = await second.Finished;
        await first.StopAsync();

        code.Should().Be((int)ExitCode.Failed);
        second.Error.Should().Match("mana: * is in use by another mana up; stop that one, or choose another directory with --data\n");
    }

    [Fact]
    public async Task A_service_that_cannot_be_configured_stops_what_has_started()
    {
        var services = Services() with { Mcp = (_, _) => throw new Mana.Hosting.ConfigurationException("mana-mcp cannot start: POLICY_MODE must be enforce") };
        await using var up = Start([], services);

        (await up.Finished).Should().Be((int)ExitCode.Usage);
        up.Error.Should().Contain("mana: mana-mcp cannot start: POLICY_MODE must be enforce\n");
        _order.Should().Equal("auth starts", "auth stops");
    }

    [Fact]
    public async Task Serve_runs_one_service_from_the_environment_until_it_is_stopped()
    {
        await using var serve = new RunningCommand(_data.Path, new() { ["PORT"] = "0", ["NODE_ENV"] = "test" }, Services(), "serve", "auth");
        await serve.WaitForAsync("✓ mana-auth");

        (await serve.StopAsync()).Should().Be(0);
        _order.Should().Equal("auth starts", "auth stops");
        _settings["auth"]["NODE_ENV"].Should().Be("test");
    }

    // The ports are ours alone: of those that 0 gives, another test may get one between its choice and its use.
    private RunningCommand Start(Dictionary<string, string> variables, ServiceFactories? services = null, Func<int>? port = null)
    {
        port ??= FreePorts.Take;
        return new(_data.Path, variables, services ?? Services(), "up", "--port-auth", $"{port()}", "--port-mcp", $"{port()}", "--port-runner", $"{port()}");
    }

    private ServiceFactories Services() => new(
        Recorded("auth", _auth.Create),
        Recorded("mcp", new FakeMcp("todo.create").Create),
        Recorded("runner", _runner.Create),
        (_, _, password, _, _) =>
        {
            _order.Enqueue("admin");
            _auth.AdminPassword = password;
            return Task.CompletedTask;
        });

    private Func<IConfiguration, TimeProvider?, WebApplication> Recorded(string name, Func<IConfiguration, TimeProvider?, WebApplication> create) =>
        (configuration, clock) =>
        {
            _settings[name] = configuration;
            var app = create(configuration, clock);
            app.Lifetime.ApplicationStarted.Register(() => _order.Enqueue(name + " starts"));
            app.Lifetime.ApplicationStopped.Register(() => _order.Enqueue(name + " stops"));
            return app;
        };
}
