using System.CommandLine;
using Mana.Benchmarks.Ports;
using Mana.Cli.Output;
using Spectre.Console;

namespace Mana.Cli.Commands.Bench;

/// <summary><c>mana bench ports</c>: a very large port schema.</summary>
internal static class PortsBenchCommand
{
    /// <summary>More would leave the numbers that ports have.</summary>
    private const int MostServices = 60_000;

    private static readonly Option<int> Services = TickBenchCommand.Positive("--services", 10_000, "Services in the schema");

    public static Command Create(GlobalOptions globals, CliEnvironment environment)
    {
        var command = new Verb("ports", "Measure how long a very large port schema takes to be read and checked.", "mana bench ports", "mana bench ports --services 50000 --json");
        command.Add(Services);
        return command.Runs(globals, environment, (context, cancellationToken) => Task.FromResult(Run(context, cancellationToken)));
    }

    private static ExitCode Run(CommandContext context, CancellationToken cancellationToken)
    {
        if (context.Get(Services) > MostServices)
        {
            throw new CliException(ExitCode.Usage, $"--services goes up to {MostServices}; there are no more port numbers");
        }

        var result = PortsBench.Run(context.Get(Services), cancellationToken);
        if (context.Json)
        {
            context.Environment.Out.WriteLine(System.Text.Json.JsonSerializer.Serialize(result, PortsBenchJson.Default.PortsBenchResult));
        }
        else
        {
            context.Say(Markup.Escape(result.Render()));
        }

        return ExitCode.Ok;
    }
}
