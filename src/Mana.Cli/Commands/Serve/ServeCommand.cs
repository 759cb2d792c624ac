using System.CommandLine;
using System.Data.Common;
using Mana.Auth;
using Mana.Cli.Output;
using Mana.Hosting;
using Mana.Hosting.Storage;
using Mana.Mcp;
using Mana.PersonaRunner;
using Microsoft.Extensions.Configuration;

namespace Mana.Cli.Commands.Serve;

/// <summary><c>mana serve</c>: services configured by the environment alone, as in production.</summary>
internal static class ServeCommand
{
    private const string All = "all";

    private static readonly Argument<string> Service = new("SERVICE") { Description = "auth, mcp, runner, or all three in one process" };

    public static Command Create(GlobalOptions globals, CliEnvironment environment)
    {
        Service.AcceptOnlyFromAmong("auth", "mcp", "runner", All);
        var command = new Verb(
            "serve",
            "Run services from environment variables; production unless NODE_ENV says otherwise. Ctrl-C or SIGTERM drains.",
            "PORT=3001 DATABASE_URL=postgresql://… MANA_AUTH_SECRET=… MANA_SERVICE_KEY=… mana serve auth",
            "NODE_ENV=development mana serve all");
        command.Add(Service);
        return command.Runs(globals, environment, RunAsync);
    }

    private static async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var factories = context.Environment.Services;
        var which = context.Get(Service)!;
        var planned = new List<PlannedService>();
        Add("auth", AuthHost.Service, factories.Auth, "--auth-url");
        Add("mcp", McpHost.Service, factories.Mcp, "--mcp-url");
        Add("runner", RunnerHost.Service, factories.Runner, "--runner-url");

        await using var running = new RunningServices(context);
        for (var i = 0; i < planned.Count; i++)
        {
            try
            {
                await running.StartAsync(planned[i], cancellationToken);
            }
            catch (ConfigurationException refused)
            {
                throw new ConfigurationException(string.Join("; ", [refused.Message, .. await RefusalsAsync(planned.Skip(i + 1))]));
            }
        }

        await running.WaitAsync(Task.CompletedTask, cancellationToken);
        await running.StopAsync();
        return ExitCode.Ok;

        void Add(string name, string service, Func<IConfiguration, TimeProvider?, Microsoft.AspNetCore.Builder.WebApplication> create, string option)
        {
            if (which == name || which == All)
            {
                planned.Add(new PlannedService(service, create, Configuration(context, shared: which == All), $"PORT ({option} tells the other commands)"));
            }
        }
    }

    /// <summary>What the settings lack for services that are not started any more: whoever mends one thing wants to hear of all.</summary>
    private static async Task<IReadOnlyList<string>> RefusalsAsync(IEnumerable<PlannedService> services)
    {
        var refusals = new List<string>();
        foreach (var service in services)
        {
            try
            {
                await service.Create(service.Configuration, service.Clock).DisposeAsync();
            }
            catch (ConfigurationException refused)
            {
                refusals.Add(refused.Message);
            }
            catch (Exception e) when (e is DbException or IOException)
            {
                // Its settings are sound; what its store has to say, it says when its turn comes.
            }
        }

        return refusals;
    }

    /// <summary>The environment as it is. Three services cannot share one PORT, so `all` keeps to their default ports.</summary>
    private static IConfiguration Configuration(CommandContext context, bool shared)
    {
        var settings = context.Environment.Variables
            .Where(pair => !shared || pair.Key != "PORT")
            .ToDictionary(pair => pair.Key, pair => (string?)pair.Value, StringComparer.Ordinal);
        if (context.Data is { } data)
        {
            settings[DatabaseSettings.DirectoryKey] = Path.GetFullPath(data);
        }

        return new ConfigurationBuilder().AddInMemoryCollection(settings).Build();
    }
}
