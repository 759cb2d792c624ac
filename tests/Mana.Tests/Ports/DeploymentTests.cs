using System.Diagnostics;
using Mana.Auth;
using Mana.Mcp;
using Mana.PersonaRunner;
using Mana.Ports.Files;
using YamlDotNet.RepresentationModel;
using YamlNode = YamlDotNet.RepresentationModel.YamlNode;

namespace Mana.Tests.Ports;

/// <summary>The files under <c>deploy/</c>, and what <c>mana ports add</c> makes of them, as their own programs read them.</summary>
public sealed class DeploymentTests
{
    private static readonly string[] Services = [AuthHost.Service, McpHost.Service, RunnerHost.Service];

    private static string Deploy(string path) => File.ReadAllText(Path.Combine(FleetDirectory.Repository, "deploy", path));

    [Fact]
    public void Compose_publishes_the_default_ports_on_loopback_only_and_asks_each_service_for_its_health()
    {
        var services = Root(Deploy("docker-compose.yml"))["services"].Should().BeOfType<YamlMappingNode>().Subject;
        services.Children.Keys.Select(key => key.ToString()).Should().Equal(Services);
        foreach (var (service, port) in Services.Zip([AuthHost.DefaultPort, McpHost.DefaultPort, RunnerHost.DefaultPort]))
        {
            var node = services[service];
            node["ports"].Should().BeOfType<YamlSequenceNode>().Subject.Select(entry => entry.ToString()).Should().Equal($"127.0.0.1:{port}:{port}");
            node["environment"]["PORT"].ToString().Should().Be($"{port}");
            node["healthcheck"]["test"].ToString().Should().Contain($"http://127.0.0.1:{port}/health");
        }
    }

    [Fact]
    public void The_example_environment_holds_no_secret_and_every_one_that_is_asked_for()
    {
        var variables = EnvFile.Variables(".env.example", Deploy(".env.example"));
        foreach (var secret in new[] { "MANA_AUTH_SECRET", "MANA_SERVICE_KEY", "PERSONA_SEED_SECRET", "ANTHROPIC_API_KEY" })
        {
            variables.Should().Contain(secret, "");
        }
    }

    [Fact]
    public async Task Prometheus_accepts_its_file_before_and_after_a_service_was_added()
    {
        var promtool = Promtool();
        Assert.SkipWhen(promtool is null, "promtool is missing; ./mana test --install brings it.");
        using var fleet = new FleetDirectory();
        await AcceptedAsync(promtool!, fleet.At("deploy/prometheus/prometheus.yml"));
        (await fleet.PortsAsync("add", "mana-example", "--range", "core", "--host", "mac-mini", "--metrics", "/q/metrics", "--yes")).Code.Should().Be(0);
        fleet["deploy/prometheus/prometheus.yml"].Should().Contain("/q/metrics");
        await AcceptedAsync(promtool!, fleet.At("deploy/prometheus/prometheus.yml"));
    }

    [Fact]
    public async Task Compose_stays_sound_after_a_service_was_added()
    {
        using var fleet = new FleetDirectory();
        (await fleet.PortsAsync("add", "mana-example", "--range", "core", "--host", "mac-mini", "--health", "--container", "8080", "--yes")).Code.Should().Be(0);
        var service = Root(fleet["deploy/docker-compose.yml"])["services"]["mana-example"];
        service["image"].ToString().Should().Be("mana-example:local");
        service["environment"]["PORT"].ToString().Should().Be("8080");
        service["ports"].Should().BeOfType<YamlSequenceNode>().Subject.Select(entry => entry.ToString()).Should().Equal("127.0.0.1:3006:8080");
    }

    private static YamlNode Root(string text)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(text));
        return stream.Documents.Should().ContainSingle().Subject.RootNode;
    }

    private static string? Promtool() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Append(Path.Combine(FleetDirectory.Repository, "artifacts", "tools"))
            .Select(directory => Path.Combine(directory, "promtool")).FirstOrDefault(File.Exists);

    private static async Task AcceptedAsync(string promtool, string path)
    {
        using var process = Process.Start(new ProcessStartInfo(promtool, ["check", "config", path]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        process.ExitCode.Should().Be(0, await output + error);
    }
}
