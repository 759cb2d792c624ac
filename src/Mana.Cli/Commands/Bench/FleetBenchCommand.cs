using System.CommandLine;
using Mana.Benchmarks.Fleet;
using Mana.Benchmarks.Ticks;
using Mana.Cli.Output;
using Spectre.Console;

namespace Mana.Cli.Commands.Bench;

/// <summary><c>mana bench fleet</c>: one runner with very many personas.</summary>
internal static class FleetBenchCommand
{
    private static readonly Option<int> Personas = TickBenchCommand.Positive("--personas", 100_000, "Personas of the runner");
    private static readonly Option<int> Minutes = TickBenchCommand.Positive("--minutes", 3, "How long the hourly rhythm is watched");
    private static readonly Option<int> Concurrency = TickBenchCommand.Positive("--concurrency", 32, "Visits side by side");

    public static Command Create(GlobalOptions globals, CliEnvironment environment)
    {
        var command = new Verb(
            "fleet",
            "Measure one runner with very many personas: memory of each, how fast all wake, how late they are in an hourly rhythm.",
            "mana bench fleet",
            "mana bench fleet --personas 20000 --minutes 2 --json");
        foreach (var option in new Option[] { Personas, Minutes, Concurrency })
        {
            command.Add(option);
        }

        return command.Runs(globals, environment, RunAsync);
    }

    private static async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var options = new FleetBenchOptions(context.Get(Personas), context.Get(Minutes), context.Get(Concurrency));
        try
        {
            var result = await FleetBench.RunAsync(options, new TickBenchCommand.Lines(context), cancellationToken);
            if (context.Json)
            {
                await context.Environment.Out.WriteLineAsync(System.Text.Json.JsonSerializer.Serialize(result, FleetBenchJson.Default.FleetBenchResult));
            }
            else
            {
                context.Say(Markup.Escape(result.Render()));
            }

            return result.Failed == 0 ? ExitCode.Ok : ExitCode.Failed;
        }
        catch (TickBenchException e)
        {
            throw new CliException(ExitCode.Failed, e.Message);
        }
    }
}
