using System.CommandLine;
using Mana.Benchmarks.Ports;
using Mana.Cli.Output;

namespace Mana.Cli.Commands.Bench;

/// <summary><c>mana bench ports</c>: a very large port schema.</summary>
internal static class PortsBenchCommand
{
    /// <summary>More would leave the numbers that ports have.</summary>
    private const int MostServices = 60_000;

    private static readonly Option<int> Services = CountOption.Of("--services", 10_000, "Services in the schema");

    public static Command Create(GlobalOptions globals, CliEnvironment environment)
    {
        var command = new Verb("ports", "Measure how long a very large port schema takes to be read and checked.", "mana bench ports", "mana bench ports --services 50000 --json");
        command.Add(Services);
        return command.Runs(globals, environment, RunAsync);
    }

    private static Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken) =>
        context.Get(Services) > MostServices
            ? throw new CliException(ExitCode.Usage, $"--services goes up to {MostServices}; there are no more port numbers")
            : BenchCommand.RunAsync(
                context, _ => PortsBench.RunAsync(context.Get(Services), BenchCommand.Mana, cancellationToken),
                PortsBenchJson.Default.PortsBenchResult, result => result.Render());
}
