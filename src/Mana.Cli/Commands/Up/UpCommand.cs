using System.CommandLine;
using Mana.Auth;
using Mana.Cli.Catalog;
using Mana.Cli.Clients;
using Mana.Cli.Commands.Seed;
using Mana.Cli.Commands.Serve;
using Mana.Cli.Connection;
using Mana.Cli.Output;
using Mana.Hosting;
using Mana.Mcp;
using Mana.PersonaRunner;
using Spectre.Console;

namespace Mana.Cli.Commands.Up;

/// <summary><c>mana up</c>: everything in one process, from nothing to ten personas using the product.</summary>
internal static class UpCommand
{
    private static readonly Option<int> PortAuth = Port(UpPorts.AuthOption, AuthHost.Service, AuthHost.DefaultPort);
    private static readonly Option<int> PortMcp = Port(UpPorts.McpOption, McpHost.Service, McpHost.DefaultPort);
    private static readonly Option<int> PortRunner = Port(UpPorts.RunnerOption, RunnerHost.Service, RunnerHost.DefaultPort);
    private static readonly Option<string?> Brain = new("--brain") { Description = "Who speaks for the personas: auto, claude or simulated (BRAIN; auto = claude when ANTHROPIC_API_KEY is set)", HelpName = "BRAIN" };
    private static readonly Option<bool> NoSeed = new("--no-seed") { Description = "Do not bring the catalog's personas in" };
    private static readonly Option<string?> LogLevel = new("--log-level") { Description = "Trace, Debug, Information, Warning or Error (LOG_LEVEL, default Warning)", HelpName = "LEVEL" };

    static UpCommand()
    {
        Brain.AcceptOnlyFromAmong("auto", "claude", "simulated");
        LogLevel.AcceptOnlyFromAmong(StringComparer.OrdinalIgnoreCase, "Trace", "Debug", "Information", "Warning", "Error", "None");
    }

    public static Command Create(GlobalOptions globals, CliEnvironment environment)
    {
        var catalogOptions = new CatalogOptions();
        var command = new Verb(
            "up",
            "Start mana-auth, mana-mcp and the runner in this process, seed the personas, and let everyone who never ticked tick at once, unless paused.",
            "mana up",
            "ANTHROPIC_API_KEY=sk-… mana up",
            "mana up --data /tmp/try --port-auth 4001 --port-mcp 4069 --port-runner 4070");
        foreach (var option in new Option[] { PortAuth, PortMcp, PortRunner, Brain, NoSeed, LogLevel })
        {
            command.Add(option);
        }

        catalogOptions.AddTo(command);
        return command.Runs(globals, environment, (context, cancellationToken) => RunAsync(context, catalogOptions, cancellationToken));
    }

    private static async Task<ExitCode> RunAsync(CommandContext context, CatalogOptions catalogOptions, CancellationToken cancellationToken)
    {
        var environment = context.Environment;
        var brain = UpSettings.ChooseBrain(environment, context.Get(Brain));
        var catalog = catalogOptions.Load(context);
        Mana.Cli.Connection.Connection.RefuseEmptySeedSecret(environment);
        var files = Mana.Cli.Connection.Connection.FilesOf(environment, context.Data);
        var ports = Reserve(context, files);
        using var held = files.TryLock()
            ?? throw new CliException(ExitCode.Failed, $"{files.Directory} is in use by another mana up; stop that one, or choose another directory with --data");
        var settings = new UpSettings(environment, files, ports, brain, context.Get(LogLevel));
        var clock = DomainClock.From(settings.Auth, null);
        context.Say($"[bold]mana {ServiceHost.Version}[/]  {Markup.Escape(settings.Environment.Name)}  data {Markup.Escape(files.Directory)}");
        context.Say($"[bold]brain: {Markup.Escape(brain.Name)}[/] ({Markup.Escape(brain.Reason)})");

        await using var running = new RunningServices(context);
        await running.StartAsync(new PlannedService(AuthHost.Service, environment.Services.Auth, settings.Auth, UpPorts.AuthOption, clock), cancellationToken);
        await running.StartAsync(new PlannedService(McpHost.Service, environment.Services.Mcp, settings.Mcp, UpPorts.McpOption, clock), cancellationToken);
        await environment.Services.EnsureAdministrator(settings.Auth, settings.AdminEmail, settings.AdminPassword, "Administrator", cancellationToken);
        if (!context.Get(NoSeed))
        {
            await SeedAsync(context, settings, catalog, cancellationToken);
        }

        var began = clock.Now();
        await running.StartAsync(new PlannedService(RunnerHost.Service, environment.Services.Runner, settings.Runner, UpPorts.RunnerOption, clock), cancellationToken);
        files.WriteConnection(new ConnectionFile(
            Text(settings.AuthUrl), Text(settings.McpUrl), Text(settings.RunnerUrl), Environment.ProcessId, environment.Time.GetUtcNow()));
        if (context.Json)
        {
            context.WriteJsonLine(new ServiceLine("ready", "mana", Text(settings.RunnerUrl), ServiceHost.Version, brain.Name), json => json.ServiceLine);
        }

        using var watching = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var runner = new RunnerClient(settings.RunnerUrl, settings.ServiceKey);
        var watched = FirstRound.WatchAsync(context, runner, began, watching.Token);
        await running.WaitAsync(watched, cancellationToken);
        await watching.CancelAsync();
        await watched.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        context.Warn("");
        await running.StopAsync();
        context.Warn("stopped; everything is kept in " + files.Directory);
        return ExitCode.Ok;
    }

    /// <summary>A second `up` on the same directory meets taken ports first: say what is really the matter.</summary>
    private static UpPorts Reserve(CommandContext context, DataFiles files)
    {
        try
        {
            return new UpPorts(context.Get(PortAuth), context.Get(PortMcp), context.Get(PortRunner)).Reserve();
        }
        catch (CliException e) when (e.Code == ExitCode.Failed && files.IsLocked())
        {
            throw new CliException(e.Code, $"{e.Message}; a mana up with the data directory {files.Directory} is running already: {files.ReadConnection()?.RunnerUrl ?? "still starting"}");
        }
    }

    private static async Task SeedAsync(CommandContext context, UpSettings settings, PersonaCatalog catalog, CancellationToken cancellationToken)
    {
        using var auth = new AuthClient(settings.AuthUrl);
        var admin = await auth.LoginAsync(settings.AdminEmail, settings.AdminPassword, cancellationToken);
        var results = await Seeder.SeedAsync(
            auth,
            admin.Jwt,
            catalog,
            settings.SeedSecret,
            result =>
            {
                if (!result.Ok)
                {
                    context.Warn($"✗ {result.Email}: {result.Error}");
                }
            },
            cancellationToken);
        var seeded = results.Count(result => result.Ok);
        if (seeded == 0)
        {
            throw new CliException(ExitCode.Failed, $"none of the {results.Count} personas could be seeded; the lines above say why");
        }

        var spaces = await Seeder.SeedSpacesAsync(
            auth,
            admin.Jwt,
            catalog,
            space =>
            {
                if (!space.Ok)
                {
                    context.Warn($"✗ {space.Slug}: {space.Error}");
                }
            },
            cancellationToken);
        var shared = spaces.Count(space => space.Ok);
        context.Say($"[green]✓[/] {seeded} personas {(shared > 0 ? $"and {Texts.Count(shared, "shared space")} " : "")}seeded from {Markup.Escape(catalog.Source)}");
    }

    private static Option<int> Port(string name, string service, int fallback) =>
        CountOption.Between(name, fallback, 0, 65535, $"Port of {service}; 0 picks a free one");

    private static string Text(Uri url) => url.AbsoluteUri.TrimEnd('/');
}
