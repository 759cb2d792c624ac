using System.CommandLine;
using Mana.Benchmarks.Conversations;
using Mana.Benchmarks.Ticks;
using Mana.Cli.Output;
using Spectre.Console;

namespace Mana.Cli.Commands.Bench;

/// <summary><c>mana bench conversations</c>: very many conversations at once with a slow model.</summary>
internal static class ConversationsBenchCommand
{
    private static readonly Option<int> Concurrent = TickBenchCommand.Positive("--concurrent", 10_000, "Conversations at once");
    private static readonly Option<int> Latency = TickBenchCommand.Positive("--model-latency", 2000, "Milliseconds that the model takes for an answer");

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
        try
        {
            var result = await ConversationsBench.RunAsync(
                new ConversationsBenchOptions(context.Get(Concurrent), context.Get(Latency)), new TickBenchCommand.Lines(context), cancellationToken);
            if (context.Json)
            {
                await context.Environment.Out.WriteLineAsync(
                    System.Text.Json.JsonSerializer.Serialize(result, ConversationsBenchJson.Default.ConversationsBenchResult));
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
