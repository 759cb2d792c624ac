using Mana.Benchmarks.Light;
using Mana.Benchmarks.Ticks;

namespace Mana.Benchmarks.Fleet;

/// <summary>One runner with very many personas: what each costs, how fast all wake, how late they are in an hourly rhythm.</summary>
public static class FleetBench
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Stall = TimeSpan.FromMinutes(2);

    /// <summary>Runs the benchmark.</summary>
    /// <param name="options">What to run.</param>
    /// <param name="progress">Told each step in one line.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="BenchException">It could not be run to its end.</exception>
    public static async Task<FleetBenchResult> RunAsync(FleetBenchOptions options, IProgress<string> progress, CancellationToken cancellationToken)
    {
        var time = TimeProvider.System;
        using var auth = new LightAuth(options.Personas, time);
        await using var runner = await LightRunner.StartAsync(auth, options.Concurrency, brain: null, cancellationToken);
        var before = ProcessLoad.Memory();

        progress.Report($"all {options.Personas} personas are due at once");
        runner.Tools.AreOffered = false;
        var now = time.GetUtcNow();
        auth.Schedule(_ => now);
        var cpu = ProcessLoad.Cpu;
        var began = time.GetTimestamp();
        var opened = TimeSpan.Zero;
        var peak = await ProcessLoad.PeakResidentMbAsync(WakeAsync(), time);
        var wake = time.GetElapsedTime(began);
        var cpuOfVisit = (ProcessLoad.Cpu - cpu).TotalMilliseconds / options.Personas;
        var starts = auth.TakeVisits().Select(visit => visit.Started).ToList();
        var after = ProcessLoad.Memory();

        progress.Report($"each is due once an hour; watching for {options.Minutes} minutes");
        runner.Tools.AreOffered = true;
        now = time.GetUtcNow();
        auth.Schedule(persona => now + (Hour * persona / options.Personas));
        var rhythm = await RhythmAsync(auth, options.Minutes, time, cancellationToken);
        return new FleetBenchResult(
            options.Personas,
            options.Concurrency,
            Environment.ProcessorCount,
            before,
            after,
            peak,
            opened.TotalSeconds,
            wake.TotalSeconds,
            starts.Count / Math.Max(0.001, (starts.Max() - starts.Min()).TotalSeconds),
            cpuOfVisit,
            rhythm,
            auth.Failed);

        async Task WakeAsync()
        {
            // The runner's own clock may beat meanwhile: whoever has an open tick gets no second.
            await runner.Rounds.BeatAsync(_ => { }, cancellationToken);
            opened = time.GetElapsedTime(began);
            var (seen, since) = (0, time.GetTimestamp());
            while (auth.Ended < options.Personas)
            {
                await Task.Delay(Poll, time, cancellationToken);
                if (auth.Ended != seen)
                {
                    (seen, since) = (auth.Ended, time.GetTimestamp());
                }
                else if (time.GetElapsedTime(since) > Stall)
                {
                    throw new BenchException($"{seen} of {options.Personas} visits ended, and then none for {Stall.TotalMinutes:0} minutes.");
                }
            }
        }
    }

    private static async Task<RhythmFigures> RhythmAsync(LightAuth auth, int minutes, TimeProvider time, CancellationToken cancellationToken)
    {
        var cpu = ProcessLoad.Cpu;
        await Task.Delay(TimeSpan.FromMinutes(minutes), time, cancellationToken);
        var used = (ProcessLoad.Cpu - cpu).TotalMilliseconds;
        var visits = auth.TakeVisits();
        if (visits.Count == 0)
        {
            throw new BenchException("Nobody came: the clock's beat comes once a minute, so watch for longer.");
        }

        var late = visits.Select(visit => (visit.Started - visit.Due).TotalSeconds).Order().ToList();
        var queued = visits.Select(visit => (visit.Started - visit.Served).TotalSeconds).Order().ToList();
        return new RhythmFigures(
            minutes,
            visits.Count,
            used / (TimeSpan.FromMinutes(minutes).TotalMilliseconds * Environment.ProcessorCount),
            used / visits.Count,
            TickBench.Percentile(late, 0.5),
            TickBench.Percentile(late, 0.99),
            TickBench.Percentile(queued, 0.5),
            TickBench.Percentile(queued, 0.99));
    }
}
