using Mana.Contracts;

namespace Mana.Benchmarks.Ticks;

/// <summary>
/// Whole ticks against real processes: runner, auth, mcp and a model that answers at once, each on its own, five model
/// calls and four tool calls a tick.
/// </summary>
public static class TickBench
{
    private const int SampledTicks = 20;

    /// <summary>Runs the benchmark.</summary>
    /// <param name="options">What to run.</param>
    /// <param name="progress">Told each step in one line.</param>
    /// <param name="cancellationToken">Stops it and its processes.</param>
    /// <exception cref="BenchException">It could not be run to its end.</exception>
    public static async Task<TickBenchResult> RunAsync(TickBenchOptions options, IProgress<string> progress, CancellationToken cancellationToken)
    {
        var time = TimeProvider.System;
        using var limit = new CancellationTokenSource(options.Limit, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            return await MeasureAsync(options, progress, time, both.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new BenchException($"The run did not end within {options.Limit.TotalMinutes:0.#} minutes.");
        }
        catch (HttpRequestException exception)
        {
            throw new BenchException($"A service did not answer: {exception.Message}");
        }
    }

    private static async Task<TickBenchResult> MeasureAsync(
        TickBenchOptions options, IProgress<string> progress, TimeProvider time, CancellationToken cancellationToken)
    {
        using var http = new HttpClient();
        await using var stack = await BenchStack.StartAsync(options, http, progress, cancellationToken);
        var driver = new TickDriver(stack, options.Concurrency, http, time);
        progress.Report($"seeding {options.PersonaCount} personas");
        var emails = await driver.SeedAsync(options.PersonaCount, cancellationToken);

        // One tick each: the sign-ins, the compiler's tiers and the caches are behind when the measure begins.
        progress.Report("warming up: one tick of each persona");
        await driver.RunAsync(emails, emails.Count, new Progress<string>(), cancellationToken);
        await driver.DrainAsync(cancellationToken);

        progress.Report($"measuring {options.Ticks} ticks");
        var allocated = await driver.AllocatedBytesAsync(cancellationToken);
        var cpu = stack.Processes.Select(process => process.CpuTime).ToList();
        var began = time.GetTimestamp();
        var ticks = await driver.RunAsync(emails, options.Ticks, progress, cancellationToken);
        var seconds = time.GetElapsedTime(began).TotalSeconds;
        await driver.DrainAsync(cancellationToken);
        var figures = stack.Processes.Zip(cpu, (process, before) => new ProcessFigures(
            process.Name, (process.CpuTime - before).TotalMilliseconds / options.Ticks, process.PeakMemoryBytes / (1024.0 * 1024))).ToList();
        var allocatedAfter = await driver.AllocatedBytesAsync(cancellationToken);

        var modelCalls = new List<int>();
        foreach (var tick in ticks.Take(SampledTicks))
        {
            modelCalls.Add((await driver.DetailAsync(tick.Id, cancellationToken)).Usage.ModelCalls);
        }

        var durations = ticks.Select(tick => (tick.EndedAt!.Value - tick.StartedAt).TotalMilliseconds).Order().ToList();
        return new TickBenchResult(
            options.Concurrency,
            emails.Count,
            ticks.Count,
            ticks.Count(tick => tick.Outcome != TickOutcomes.Completed),
            seconds,
            ticks.Count / seconds,
            Percentile(durations, 0.50),
            Percentile(durations, 0.99),
            modelCalls.Average(),
            ticks.Average(tick => tick.ToolCalls),
            driver.ShortOfWork,
            (allocatedAfter - allocated) / 1024 / options.Ticks,
            options.LatencyMs,
            Environment.ProcessorCount,
            figures);
    }

    /// <summary>Nearest rank.</summary>
    internal static double Percentile(IReadOnlyList<double> ascending, double share) =>
        ascending[Math.Clamp((int)Math.Ceiling(share * ascending.Count) - 1, 0, ascending.Count - 1)];
}
