using System.CommandLine;
using Mana.Benchmarks.Ticks;
using Mana.Cli.Output;
using Spectre.Console;

namespace Mana.Cli.Commands.Bench;

/// <summary><c>mana bench tick</c>: whole ticks, each service in a process of its own, against a scripted model.</summary>
internal static class TickBenchCommand
{
    /// <summary>Where the launcher says that it built the scripted model.</summary>
    private const string ScriptedClaudeKey = "SCRIPTED_CLAUDE";

    private static readonly Option<int> Concurrency = Positive("--concurrency", 32, "Ticks side by side");
    private static readonly Option<int> Ticks = Positive("--ticks", 2000, "Measured ticks");
    private static readonly Option<int> Latency = new("--latency-ms") { Description = "What the scripted model waits before each answer", HelpName = "N" };
    private static readonly Option<string?> ScriptedClaude = new("--scripted-claude")
    {
        Description = $"The scripted-claude program ({ScriptedClaudeKey}; ./mana builds and names it)",
        HelpName = "PATH",
    };

    /// <summary>The executable that this process runs.</summary>
    internal static string Mana => Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "mana.exe" : "mana");

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

        var options = new TickBenchOptions(Mana, Path.GetFullPath(scripted))
        {
            Concurrency = context.Get(Concurrency),
            Ticks = context.Get(Ticks),
            LatencyMs = context.Get(Latency),
        };
        try
        {
            var result = await TickBench.RunAsync(options, new Lines(context), cancellationToken);
            if (context.Json)
            {
                await context.Environment.Out.WriteLineAsync(System.Text.Json.JsonSerializer.Serialize(result, TickBenchJson.Default.TickBenchResult));
            }
            else
            {
                context.Say(Markup.Escape(TickBenchReport.Render(result)));
            }

            return result.FailedTicks == 0 ? ExitCode.Ok : ExitCode.Failed;
        }
        catch (TickBenchException e)
        {
            throw new CliException(ExitCode.Failed, e.Message);
        }
    }

    internal static Option<int> Positive(string name, int fallback, string description) => new(name)
    {
        Description = description,
        HelpName = "N",
        DefaultValueFactory = _ => fallback,
        Validators =
        {
            result =>
            {
                if (result.GetValueOrDefault<int>() < 1)
                {
                    result.AddError($"{name} must be at least 1");
                }
            },
        },
    };

    // Progress<T> would post to the thread pool and mix up the lines.
    internal sealed class Lines(CommandContext context) : IProgress<string>
    {
        public void Report(string value) => context.Warn(value);
    }
}
