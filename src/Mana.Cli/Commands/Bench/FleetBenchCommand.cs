using System.CommandLine;
using Mana.Benchmarks.Fleet;
using Mana.Cli.Output;

namespace Mana.Cli.Commands.Bench;

/// <summary><c>mana bench fleet</c>: one runner with very many personas.</summary>
internal static class FleetBenchCommand
{
    private static readonly Option<int> Personas = CountOption.Of("--personas", 100_000, "Personas of the runner");
    private static readonly Option<int> Minutes = CountOption.Of("--minutes", 3, "How long the hourly rhythm is watched");
    private static readonly Option<int> Concurrency = CountOption.Of("--concurrency", 32, "Visits side by side");

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
        return await BenchCommand.RunAsync(
            context, progress => FleetBench.RunAsync(options, progress, cancellationToken),
            FleetBenchJson.Default.FleetBenchResult, result => result.Render(), result => result.Failed == 0);
    }
}
