using System.CommandLine;
using Mana.Cli.Catalog;
using Mana.Cli.Commands.Admin;
using Mana.Cli.Commands.Bench;
using Mana.Cli.Commands.Cluster;
using Mana.Cli.Commands.Doctor;
using Mana.Cli.Commands.OAuthClients;
using Mana.Cli.Commands.Personas;
using Mana.Cli.Commands.Ports;
using Mana.Cli.Commands.Purge;
using Mana.Cli.Commands.Runner;
using Mana.Cli.Commands.Runs;
using Mana.Cli.Commands.Seed;
using Mana.Cli.Commands.Serve;
using Mana.Cli.Commands.Simulate;
using Mana.Cli.Commands.Tick;
using Mana.Cli.Commands.Up;
using Mana.Cli.Output;
using Mana.Hosting;

namespace Mana.Cli;

/// <summary>The command line: <c>mana NOUN VERB</c>.</summary>
public static class ManaCli
{
    /// <summary>The variable that lets unexpected errors show their stack.</summary>
    public const string DebugVariable = "MANA_DEBUG";

    /// <summary>Runs one command.</summary>
    /// <param name="args">Without the program's name.</param>
    /// <param name="environment">Terminal, variables, services.</param>
    /// <param name="cancellationToken">Cancelled by the first Ctrl-C or SIGTERM.</param>
    /// <returns>An <see cref="ExitCode"/>.</returns>
    public static async Task<int> RunAsync(string[] args, CliEnvironment environment, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(environment);
        try
        {
            var parsed = CreateRoot(environment).Parse(args is [] ? ["--help"] : args);
            if (parsed.Errors.Count > 0)
            {
                // A mistyped command also lacks its verb; the typo is what the person wants to hear of.
                var message = parsed.UnmatchedTokens is [var unknown, ..]
                    ? $"\"{unknown}\" is no command, option or argument here"
                    : ParseErrors.Text(parsed.Errors[0]);
                await environment.Error.WriteLineAsync($"mana: {message}; see {HelpFor(parsed)}");
                return (int)ExitCode.Usage;
            }

            // The process's signals are ours, not the library's: it would cut a drain short.
            var configuration = new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
                Output = environment.Out,
                Error = environment.Error,
            };
            return await parsed.InvokeAsync(configuration, cancellationToken);
        }
        catch (Exception e) when (environment.Variable(DebugVariable) is null)
        {
            var (code, message) = Describe(e, cancellationToken);
            await environment.Error.WriteLineAsync($"mana: {message}");
            return (int)code;
        }
    }

    private static RootCommand CreateRoot(CliEnvironment environment)
    {
        var globals = new GlobalOptions();
        var root = new RootCommand(
            """
            Lets simulated people use a product through MCP, and keeps what they did and what they thought of it.

              mana up                         start everything, ten personas tick at once
              mana personas list              who there is, and when they were last active
              mana tick run --all --wait      let everybody visit the product now
            """);
        globals.AddTo(root);
        root.Add(UpCommand.Create(globals, environment));
        root.Add(ServeCommand.Create(globals, environment));
        root.Add(SeedCommand.Create(globals, environment));
        root.Add(new Command("personas", "The personas in mana-auth and in the catalog.")
        {
            Commands.Personas.ListCommand.Create(globals, environment),
            ShowCommand.Create(globals, environment),
            LintCommand.Create(globals, environment),
            CleanupCommand.Create(globals, environment),
        });
        root.Add(new Command("tick", "Visits of personas to the product.")
        {
            TickRunCommand.Create(globals, environment),
            TickShowCommand.Create(globals, environment),
            TickListCommand.Create(globals, environment),
            TickOperationCommands.CreateRetry(globals, environment),
            TickOperationCommands.CreateSetAside(globals, environment),
            TickOperationCommands.CreateCancel(globals, environment),
        });
        root.Add(new Command("runs", "Runs: all that one start of a runner opened until its end.") { RunListCommand.Create(globals, environment) });
        root.Add(new Command("cluster", "The nodes that run ticks together.") { ClusterStatusCommand.Create(globals, environment) });
        root.Add(PauseCommand.CreatePause(globals, environment));
        root.Add(PauseCommand.CreateResume(globals, environment));
        root.Add(new Command("clients", "Programs with which people sign in to the MCP gateway.")
        {
            ClientCommands.CreateAdd(globals, environment),
            ClientCommands.CreateList(globals, environment),
            ClientCommands.CreateRemove(globals, environment),
        });
        root.Add(PurgeCommand.Create(globals, environment));
        root.Add(new Command("admin", "Administrators of mana-auth.") { AdminCreateCommand.Create(globals, environment) });
        root.Add(DoctorCommand.Create(globals, environment));
        root.Add(PortsCommands.Create(globals, environment));
        root.Add(SimulateCommand.Create(globals, environment));
        root.Add(new Command("bench", "Measurements of the whole product on this machine.")
        {
            TickBenchCommand.Create(globals, environment),
            DueBenchCommand.Create(globals, environment),
            FleetBenchCommand.Create(globals, environment),
            GatewayBenchCommand.Create(globals, environment),
            ConversationsBenchCommand.Create(globals, environment),
            PortsBenchCommand.Create(globals, environment),
        });
        HelpText.Install(root, environment);
        return root;
    }

    private static (ExitCode Code, string Message) Describe(Exception e, CancellationToken cancellationToken) => e switch
    {
        CliException cli => (cli.Code, cli.Message),
        ConfigurationException configuration => (ExitCode.Usage, configuration.Message),
        CatalogException catalog => (ExitCode.Usage, catalog.Message),
        OperationCanceledException when cancellationToken.IsCancellationRequested => (ExitCode.Interrupted, "interrupted"),
        UnauthorizedAccessException access => (ExitCode.Usage, $"{access.Message.TrimEnd('.')}; check who owns it, or name another"),
        _ => (ExitCode.Failed, $"{e.GetType().Name}: {e.Message.ReplaceLineEndings(" ").TrimEnd('.')}; {DebugVariable}=1 shows where"),
    };

    private static string HelpFor(ParseResult parsed)
    {
        var names = new Stack<string>();
        for (var result = parsed.CommandResult; result is not null; result = result.Parent as System.CommandLine.Parsing.CommandResult)
        {
            names.Push(result.Command is RootCommand ? "mana" : result.Command.Name);
        }

        return $"{string.Join(' ', names)} --help";
    }
}
