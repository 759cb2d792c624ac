using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Mana.Testing;

namespace Mana.EndToEnd;

/// <summary>Starts that are refused say everything that is wrong at once, and how to mend it.</summary>
public sealed class RefusedStartTests : IDisposable
{
    private readonly TemporaryDirectory _data = new();

    public static TheoryData<string, string[]> WithoutSecrets { get; } = new()
    {
        { "auth", ["MANA_AUTH_SECRET", "MANA_SERVICE_KEY"] },
        { "mcp", ["MANA_SERVICE_KEY"] },
        { "runner", ["PERSONA_SEED_SECRET", "MANA_SERVICE_KEY", "ANTHROPIC_API_KEY"] },
        { "all", ["mana-auth", "MANA_AUTH_SECRET", "mana-mcp", "MANA_SERVICE_KEY", "mana-persona-runner", "PERSONA_SEED_SECRET", "ANTHROPIC_API_KEY"] },
    };

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task Up_on_taken_ports_names_each_port_and_the_option_that_moves_it()
    {
        var held = Enumerable.Range(0, 3).Select(_ => new TcpListener(IPAddress.Loopback, FreePorts.Take())).ToList();
        try
        {
            held.ForEach(listener => listener.Start());
            var ports = held.ConvertAll(listener => ((IPEndPoint)listener.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture));

            var up = await ManaProgram.RunAsync(
                new Dictionary<string, string>(),
                TestContext.Current.CancellationToken,
                "up", "--data", _data.Path, "--port-auth", ports[0], "--port-mcp", ports[1], "--port-runner", ports[2]);

            up.ExitCode.Should().Be(1, "{0}", up);
            foreach (var (port, option) in ports.Zip(["--port-auth", "--port-mcp", "--port-runner"]))
            {
                up.Everything.Should().MatchRegex($"port {port} \\([a-z-]+\\) is taken: [^;]*{option}");
            }
        }
        finally
        {
            held.ForEach(listener => listener.Dispose());
        }
    }

    [Theory]
    [MemberData(nameof(WithoutSecrets))]
    public async Task Serve_in_production_without_secrets_names_every_missing_one(string service, string[] missing)
    {
        var serve = await ServeAsync(service, []);

        serve.ExitCode.Should().Be(2, "{0}", serve);
        serve.Everything.Should().ContainAll(missing);
        serve.Everything.Trim().Split('\n').Should().ContainSingle("one message says it all");
    }

    [Theory]
    [MemberData(nameof(WithoutSecrets))]
    public async Task Serve_in_production_with_development_secrets_names_every_unsafe_one(string service, string[] missing)
    {
        var serve = await ServeAsync(service, new()
        {
            ["MANA_AUTH_SECRET"] = "dev-auth-secret-change-in-production",
            ["MANA_SERVICE_KEY"] = "dev-service-key",
            ["PERSONA_SEED_SECRET"] = Mana.Contracts.PersonaPassword.DevelopmentSeedSecret,
        });

        serve.ExitCode.Should().Be(2, "{0}", serve);
        serve.Everything.Should().ContainAll(missing);
    }

    private async Task<CommandResult> ServeAsync(string service, Dictionary<string, string> settings)
    {
        settings["MANA_DATA"] = _data.Path;
        settings["PORT"] = "0";
        return await ManaProgram.RunAsync(settings, TestContext.Current.CancellationToken, "serve", service);
    }
}
