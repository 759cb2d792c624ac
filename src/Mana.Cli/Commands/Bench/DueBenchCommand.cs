using System.CommandLine;
using Mana.Benchmarks.Due;
using Mana.Benchmarks.Ticks;
using Mana.Cli.Output;
using Spectre.Console;

namespace Mana.Cli.Commands.Bench;

/// <summary><c>mana bench due</c>: mana-auth's due list with very many personas.</summary>
internal static class DueBenchCommand
{
    private static readonly Option<int> Personas = TickBenchCommand.Positive("--personas", 100_000, "Personas in mana-auth");
    private static readonly Option<int> Calls = TickBenchCommand.Positive("--calls", 500, "Measured calls of each kind");
    private static readonly Option<string?> Database = new("--database")
    {
        Description = "An empty PostgreSQL database, as in DATABASE_URL; else SQLite in a temporary directory",
        HelpName = "URL",
    };

    public static Command Create(GlobalOptions globals, CliEnvironment environment)
    {
        var command = new Verb(
            "due",
            "Measure how long mana-auth takes to say who is due and to note the end of a tick.",
            "mana bench due",
            "mana bench due --personas 100000 --database postgresql://mana@127.0.0.1:5432/empty");
        foreach (var option in new Option[] { Personas, Calls, Database })
        {
            command.Add(option);
        }

        return command.Runs(globals, environment, RunAsync);
    }

    private static async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var options = new DueBenchOptions(TickBenchCommand.Mana)
        {
            Personas = context.Get(Personas),
            Calls = context.Get(Calls),
            DatabaseUrl = context.Get(Database),
        };
        try
        {
            var result = await DueBench.RunAsync(options, new TickBenchCommand.Lines(context), cancellationToken);
            if (context.Json)
            {
                await context.Environment.Out.WriteLineAsync(System.Text.Json.JsonSerializer.Serialize(result, DueBenchJson.Default.DueBenchResult));
            }
            else
            {
                context.Say(Markup.Escape(result.Render()));
            }

            return ExitCode.Ok;
        }
        catch (TickBenchException e)
        {
            throw new CliException(ExitCode.Failed, e.Message);
        }
    }
}
