using Mana.Benchmarks.Light;
using Mana.Benchmarks.Ticks;
using Mana.PersonaRunner.Brains;
using Mana.PersonaRunner.Brains.Simulated;

namespace Mana.Benchmarks.Conversations;

/// <summary>Very many conversations at once with a slow model: what each holds, and how late the runner is to each answer.</summary>
public static class ConversationsBench
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Stall = TimeSpan.FromMinutes(2);

    /// <summary>Runs the benchmark.</summary>
    /// <param name="options">What to run.</param>
    /// <param name="progress">Told each step in one line.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="BenchException">It could not be run to its end.</exception>
    public static async Task<ConversationsBenchResult> RunAsync(
        ConversationsBenchOptions options, IProgress<string> progress, CancellationToken cancellationToken)
    {
        var time = TimeProvider.System;
        using var auth = new LightAuth(options.Concurrent, time);
        var model = new SlowModel(new SimulatedChatClient(), TimeSpan.FromMilliseconds(options.LatencyMs), time);
        await using var runner = await LightRunner.StartAsync(auth, options.Concurrent, new Brain(Brain.Simulated, null, model), cancellationToken);
        var before = ProcessLoad.Memory();

        progress.Report($"{options.Concurrent} conversations begin");
        var now = time.GetUtcNow();
        auth.Schedule(_ => now);
        var (cpu, pauses, allocated, began) = (ProcessLoad.Cpu, GC.GetTotalPauseDuration(), GC.GetTotalAllocatedBytes(), time.GetTimestamp());
        await runner.Rounds.BeatAsync(_ => { }, cancellationToken);

        // Everybody has begun, and on average two answers of about seven are there: the middle.
        await UntilAsync(() => model.Begun >= options.Concurrent && model.Answers >= 2 * options.Concurrent);
        progress.Report($"all have begun after {time.GetElapsedTime(began).TotalSeconds:0.0} s; {auth.Ended} have ended by then");
        var during = ProcessLoad.Memory();
        await UntilAsync(() => auth.Ended >= options.Concurrent);
        var took = time.GetElapsedTime(began);
        var used = (ProcessLoad.Cpu - cpu).TotalMilliseconds;
        var (answers, turns) = (model.AnswerLateness, model.TurnLateness);
        return new ConversationsBenchResult(
            options.Concurrent,
            options.LatencyMs,
            Environment.ProcessorCount,
            before,
            during,
            model.Answers,
            took.TotalSeconds,
            TickBench.Percentile(answers, 0.5),
            TickBench.Percentile(answers, 0.99),
            TickBench.Percentile(turns, 0.5),
            TickBench.Percentile(turns, 0.99),
            used / model.Answers,
            model.Thinking.TotalMilliseconds / model.Answers,
            used / (took.TotalMilliseconds * Environment.ProcessorCount),
            (GC.GetTotalPauseDuration() - pauses) / took,
            (GC.GetTotalAllocatedBytes() - allocated) / 1024.0 / model.Answers,
            auth.Failed);

        async Task UntilAsync(Func<bool> isReached)
        {
            var (seen, since) = ((0, 0), time.GetTimestamp());
            while (!isReached())
            {
                await Task.Delay(Poll, time, cancellationToken);
                if ((model.Answers, auth.Ended) != seen)
                {
                    (seen, since) = ((model.Answers, auth.Ended), time.GetTimestamp());
                }
                else if (time.GetElapsedTime(since) > Stall)
                {
                    throw new BenchException($"{seen.Item1} answers were given and {seen.Item2} visits ended, and then nothing for {Stall.TotalMinutes:0} minutes.");
                }
            }
        }
    }
}
