using System.CommandLine;
using Mana.Benchmarks.Conversations;
using Mana.Cli.Output;

namespace Mana.Cli.Commands.Bench;

/// <summary><c>mana bench conversations</c>: very many conversations at once with a slow model.</summary>
internal static class ConversationsBenchCommand
{
    private static readonly Option<int> Concurrent = CountOption.Of("--concurrent", 10_000, "Conversations at once");
    private static readonly Option<int> Latency = CountOption.Of("--model-latency", 2000, "Milliseconds that the model takes for an answer");

    public static Command Create(GlobalOptions globals, CliEnvironment environment)
    {
        var command = new Verb(
            "conversations",
            "Measure very many conversations at once with a slow model: memory of each, how late the runner is to the answers, turns a second.",
            "mana bench conversations",
            "mana bench conversations --concurrent 1000 --model-latency 5000 --json");
        command.Add(Concurrent);
        command.Add(Latency);
        return command.Runs(globals, environment, RunAsync);
    }

    private static async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var options = new ConversationsBenchOptions(context.Get(Concurrent), context.Get(Latency));
        return await BenchCommand.RunAsync(
            context, progress => ConversationsBench.RunAsync(options, progress, cancellationToken),
            ConversationsBenchJson.Default.ConversationsBenchResult, result => result.Render(), result => result.Failed == 0);
    }
}
