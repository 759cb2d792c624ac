using Mana.Cli.Commands.Up;
using Mana.Cli.Connection;
using Mana.Hosting;
using Mana.Hosting.Storage;
using Mana.PersonaRunner;
using Mana.PersonaRunner.Brains.Simulated;
using Mana.PersonaRunner.Simulation;
using Microsoft.AspNetCore.Builder;

namespace Mana.Cli.Commands.Simulate;

/// <summary>The three services in this process, on free ports and on one clock that only the simulation moves.</summary>
internal sealed class SimulatedStack : IAsyncDisposable
{
    // The rest of the caller's variables is meant for services that run in real time: another database, a real key.
    private static readonly string[] Kept =
    [
        ServiceHost.LogLevelKey, Mana.Cli.Connection.Connection.SeedSecretKey, Mana.Cli.Connection.Connection.AdminEmailKey,
        Mana.Cli.Connection.Connection.AdminPasswordKey, Hosting.Identity.ServiceKey.SettingKey, "MANA_AUTH_SECRET",
    ];

    private readonly CliEnvironment _environment;
    private readonly int _seed;
    private readonly Stack<WebApplication> _running = new();

    public SimulatedStack(CliEnvironment environment, DataFiles files, DateTimeOffset start, int seed, bool isKept)
    {
        _environment = environment;
        _seed = seed;
        Clock = new MovableClock(start);
        Settings = new UpSettings(
            WithOwnVariables(environment, isKept),
            files,
            new UpPorts(0, 0, 0).Reserve(),
            new BrainChoice(PersonaRunner.Brains.Brain.Simulated, "a simulation"),
            environment.Variable(ServiceHost.LogLevelKey) ?? "Error");
    }

    public MovableClock Clock { get; }

    public UpSettings Settings { get; }

    public RunnerRounds Rounds { get; private set; } = null!;

    /// <summary>Starts mana-auth and mana-mcp, and makes the administrator.</summary>
    public async Task StartPlatformAsync(CancellationToken cancellationToken)
    {
        await StartAsync(_environment.Services.Auth(Settings.Auth, Clock), cancellationToken);
        await StartAsync(_environment.Services.Mcp(Settings.Mcp, Clock), cancellationToken);
        await _environment.Services.EnsureAdministrator(Settings.Auth, Settings.AdminEmail, Settings.AdminPassword, "Administrator", cancellationToken);
    }

    /// <summary>Starts the runner: its first beat is now.</summary>
    public async Task StartRunnerAsync(CancellationToken cancellationToken)
    {
        var runner = RunnerHost.Create(Settings.Runner, Clock, SimulatedBrain.Create(_seed));
        await StartAsync(runner, cancellationToken);
        Rounds = RunnerRounds.Of(runner);
    }

    public async ValueTask DisposeAsync()
    {
        // Whoever calls goes first.
        while (_running.TryPop(out var app))
        {
            await using (app)
            {
                await app.StopAsync(CancellationToken.None);
            }
        }
    }

    private static CliEnvironment WithOwnVariables(CliEnvironment environment, bool isKept)
    {
        var variables = Kept.Where(name => environment.Variable(name) is not null).ToDictionary(name => name, name => environment.Variable(name)!, StringComparer.Ordinal);
        variables["NODE_ENV"] = ManaEnvironment.DevelopmentName;
        if (!isKept)
        {
            variables[DatabaseSettings.ThrowAwayKey] = "true";
        }


        // Ticks wait for the disk and for one another's services more than they compute.
        variables["PERSONA_CONCURRENCY"] = (4 * Environment.ProcessorCount).ToString(System.Globalization.CultureInfo.InvariantCulture);
        return new CliEnvironment
        {
            In = environment.In,
            Out = environment.Out,
            Error = environment.Error,
            Console = environment.Console,
            Variables = variables,
            Time = environment.Time,
            Services = environment.Services,
        };
    }

    private async Task StartAsync(WebApplication app, CancellationToken cancellationToken)
    {
        _running.Push(app);
        await app.StartAsync(cancellationToken);
    }
}
