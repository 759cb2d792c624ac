using System.CommandLine;
using Mana.Benchmarks.Ticks;
using Mana.Cli.Output;

namespace Mana.Cli.Commands.Bench;

/// <summary><c>mana bench tick</c>: whole ticks, each service in a process of its own, against a scripted model.</summary>
internal static class TickBenchCommand
{
    /// <summary>Where the launcher says that it built the scripted model.</summary>
    private const string ScriptedClaudeKey = "SCRIPTED_CLAUDE";

    private static readonly Option<int> Concurrency = CountOption.Of("--concurrency", 32, "Ticks side by side");
    private static readonly Option<int> Ticks = CountOption.Of("--ticks", 2000, "Measured ticks");
    private static readonly Option<int> Latency = new("--latency-ms") { Description = "What the scripted model waits before each answer", HelpName = "N" };
    private static readonly Option<string?> ScriptedClaude = new("--scripted-claude")
    {
        Description = $"The scripted-claude program ({ScriptedClaudeKey}; ./mana builds and names it)",
        HelpName = "PATH",
    };

    public static Command Create(GlobalOptions globals, CliEnvironment environment)
    {
        var command = new Verb(
            "tick",
            "Measure whole ticks: 5 model calls and 4 tool calls each, runner, auth, mcp and the scripted model as separate processes on loopback.",
            "mana bench tick",
            "mana bench tick --concurrency 32 --ticks 2000 --json");
        foreach (var option in new Option[] { Concurrency, Ticks, Latency, ScriptedClaude })
        {
            command.Add(option);
        }

        return command.Runs(globals, environment, RunAsync);
    }

    private static async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var scripted = context.Get(ScriptedClaude) ?? context.Environment.Variable(ScriptedClaudeKey)
            ?? throw new CliException(ExitCode.Usage, "the scripted model is missing; run this as ./mana bench tick in a clone of the sources, or name it with --scripted-claude");
        if (!File.Exists(scripted))
        {
            throw new CliException(ExitCode.Usage, $"there is no {scripted}; name the scripted-claude program with --scripted-claude");
        }

        var options = new TickBenchOptions(BenchCommand.Mana, Path.GetFullPath(scripted))
        {
            Concurrency = context.Get(Concurrency),
            Ticks = context.Get(Ticks),
            LatencyMs = context.Get(Latency),
        };
        return await BenchCommand.RunAsync(
            context, progress => TickBench.RunAsync(options, progress, cancellationToken),
            TickBenchJson.Default.TickBenchResult, TickBenchReport.Render, result => result.FailedTicks == 0);
    }
}
