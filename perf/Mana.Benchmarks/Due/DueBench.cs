using System.Net.Http.Json;
using System.Text.Json;
using Mana.Benchmarks.Ticks;
using Mana.Contracts;

namespace Mana.Benchmarks.Due;

/// <summary>
/// How long mana-auth takes to say who is due, and to note the end of a tick, when it has very many personas: the real
/// service in a process of its own, asked over HTTP as the runner asks.
/// </summary>
public static class DueBench
{
    // 100,000 hourly personas are 28 a second.
    private const int OneBeat = 28;
    private const int Page = 500;
    private const int WarmUp = 50;
    private const string DuePath = "/api/v1/internal/personas/due?limit=500";
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    /// <summary>Runs the benchmark.</summary>
    /// <param name="options">What to run.</param>
    /// <param name="progress">Told each step in one line.</param>
    /// <param name="cancellationToken">Stops it and its process.</param>
    /// <exception cref="BenchException">It could not be run to its end.</exception>
    public static async Task<DueBenchResult> RunAsync(DueBenchOptions options, IProgress<string> progress, CancellationToken cancellationToken)
    {
        if (options.Personas < Page)
        {
            throw new BenchException($"At least {Page} personas are needed: that is a page.");
        }

        using var limit = new CancellationTokenSource(Limit, TimeProvider.System);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            await using var auth = await AuthProcess.StartAsync(options, both.Token);
            return await MeasureAsync(options, auth, progress, both.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new BenchException($"The run did not end within {Limit.TotalMinutes:0} minutes.");
        }
        catch (HttpRequestException exception)
        {
            throw new BenchException($"mana-auth did not answer: {exception.Message}");
        }
    }

    private static async Task<DueBenchResult> MeasureAsync(
        DueBenchOptions options, AuthProcess auth, IProgress<string> progress, CancellationToken cancellationToken)
    {
        var time = TimeProvider.System;
        progress.Report($"writing {options.Personas} personas");
        await auth.Rows.FillAsync(options.Personas, time.GetUtcNow(), cancellationToken);

        var figures = new List<CallFigures>();
        await DueAsync("due: nobody", 0);
        await auth.Rows.MakeDueAsync(OneBeat, time.GetUtcNow(), cancellationToken);
        await DueAsync("due: a second's worth of hourly personas", OneBeat);
        await auth.Rows.MakeDueAsync(options.Personas, time.GetUtcNow(), cancellationToken);
        await DueAsync("due: first page of everybody", Page);

        progress.Report("outcome of a tick");
        figures.Add(await MeasureAsync("outcome of a tick (failed, rests)", options.Calls, 1, async number =>
        {
            var endedAt = time.GetUtcNow();
            var outcome = new TickOutcomeRequest(
                new TickId($"bench-{number}"), TickOutcomes.Failed, endedAt, endedAt, "bench", 0, "model: bench");
            using var answer = await auth.Client.PostAsJsonAsync(
                $"/api/v1/internal/personas/{PersonaRows.Id(number % options.Personas)}/ticks", outcome, AuthJson.Default.TickOutcomeRequest, cancellationToken);
            answer.EnsureSuccessStatusCode();
            return 1;
        }));
        return new DueBenchResult(auth.Rows.Kind.ToString(), options.Personas, figures);

        async Task DueAsync(string call, int rows)
        {
            progress.Report(call);
            figures.Add(await MeasureAsync(call, options.Calls, rows, async _ =>
            {
                var bytes = await auth.Client.GetByteArrayAsync(DuePath, cancellationToken);
                using var answer = JsonDocument.Parse(bytes);
                return answer.RootElement.GetProperty("personas").GetArrayLength();
            }));
        }
    }

    private static async Task<CallFigures> MeasureAsync(string name, int calls, int rows, Func<int, Task<int>> call)
    {
        var times = new List<double>(calls);
        for (var number = 0; number < WarmUp + calls; number++)
        {
            var began = TimeProvider.System.GetTimestamp();
            var found = await call(number);
            var elapsed = TimeProvider.System.GetElapsedTime(began).TotalMilliseconds;
            if (found != rows)
            {
                throw new BenchException($"{name}: {found} personas in the answer, expected {rows}.");
            }

            if (number >= WarmUp)
            {
                times.Add(elapsed);
            }
        }

        times.Sort();
        return new CallFigures(name, calls, rows, TickBench.Percentile(times, 0.50), TickBench.Percentile(times, 0.99));
    }
}
