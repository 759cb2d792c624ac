using System.Globalization;
using System.Text;
using System.Text.Json.Serialization;
using Mana.Benchmarks.Light;

namespace Mana.Benchmarks.Fleet;

/// <summary>What <see cref="FleetBench"/> runs.</summary>
/// <param name="Personas">How many the runner serves.</param>
/// <param name="Minutes">How long the hourly rhythm is watched.</param>
/// <param name="Concurrency">Ticks side by side.</param>
public sealed record FleetBenchOptions(int Personas, int Minutes, int Concurrency);

/// <summary>What one run measured.</summary>
/// <param name="Personas">How many.</param>
/// <param name="Concurrency">Ticks side by side.</param>
/// <param name="Cores">Processors that the machine offers.</param>
/// <param name="Before">With the runner started and nobody ever due.</param>
/// <param name="After">With everybody known: each has come once.</param>
/// <param name="PeakResidentMb">The highest while all were due at once.</param>
/// <param name="OpenSeconds">From the beat until the last of them had a tick open: no more are opened than may wait.</param>
/// <param name="WakeSeconds">From the beat to the end of the last visit.</param>
/// <param name="StartsPerSecond">Visits begun by the second, from the first to the last.</param>
/// <param name="CpuMsPerVisit">Processor time of such a visit, sign-in and delivery included.</param>
/// <param name="Rhythm">The hourly rhythm.</param>
/// <param name="Failed">Visits that failed; anything but 0 spoils the figures.</param>
public sealed record FleetBenchResult(
    int Personas,
    int Concurrency,
    int Cores,
    MemoryFigures Before,
    MemoryFigures After,
    double PeakResidentMb,
    double OpenSeconds,
    double WakeSeconds,
    double StartsPerSecond,
    double CpuMsPerVisit,
    RhythmFigures Rhythm,
    int Failed)
{
    /// <summary>The result as a table for a terminal or a note.</summary>
    public string Render()
    {
        var text = new StringBuilder();
        Line($"{Personas} personas, one runner, {Concurrency} visits side by side, {Cores} cores");
        Line($"real:  runner host, SQLite store with journal and outbox, Orleans silo, clock, sessions, simulated brain");
        Line($"light: mana-auth (wire contract from memory, no password is hashed) and the tools (no MCP), in the same process");
        Line($"");
        Line($"memory              {"heap MB",9} {"RSS MB",8}");
        Line($"  nobody known      {Before.HeapMb,9:0} {Before.ResidentMb,8:0}");
        Line($"  everybody known   {After.HeapMb,9:0} {After.ResidentMb,8:0}   {(After.HeapMb - Before.HeapMb) * 1024 / Personas:0.0} KB heap and {(After.ResidentMb - Before.ResidentMb) * 1024 / Personas:0.0} KB RSS a persona");
        Line($"  all due at once   {"",9} {PeakResidentMb,8:0}   peak");
        Line($"");
        Line($"everybody due at once, visits without tools");
        Line($"  {OpenSeconds,8:0.0} s until the last of them was let in ({Personas / OpenSeconds:0}/s); the others stay due meanwhile");
        Line($"  {StartsPerSecond,8:0} visits begun a second; {WakeSeconds:0.0} s until the last had ended; {CpuMsPerVisit:0.00} CPU ms each");
        Line($"");
        Line($"each due once an hour ({Personas / 3600.0:0.0} a second), visits with tools, {Rhythm.Minutes} minutes");
        Line($"  {Rhythm.Visits,8} visits ended, {Rhythm.CpuShare:P0} of the machine, {Rhythm.CpuMsPerVisit:0.0} CPU ms each");
        Line($"  {Rhythm.LateP50Seconds,8:0.0} s p50, {Rhythm.LateP99Seconds:0.0} s p99 after the due time (a beat comes every 60 s)");
        Line($"  {Rhythm.QueuedP50Seconds,8:0.0} s p50, {Rhythm.QueuedP99Seconds:0.0} s p99 after the beat that found them");
        if (Failed > 0)
        {
            Line($"");
            Line($"{Failed} visits failed: these figures are not to be used.");
        }

        return text.ToString();

        void Line(FormattableString line) => text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
    }
}

/// <summary>The hourly rhythm.</summary>
/// <param name="Minutes">How long it was watched.</param>
/// <param name="Visits">Visits that ended meanwhile.</param>
/// <param name="CpuShare">Of all processors of the machine, by this process.</param>
/// <param name="CpuMsPerVisit">Processor time of a visit with tools.</param>
/// <param name="LateP50Seconds">Median of start minus due time.</param>
/// <param name="LateP99Seconds">99th percentile of the same.</param>
/// <param name="QueuedP50Seconds">Median of start minus the beat that found the persona due.</param>
/// <param name="QueuedP99Seconds">99th percentile of the same.</param>
public sealed record RhythmFigures(
    int Minutes,
    int Visits,
    double CpuShare,
    double CpuMsPerVisit,
    double LateP50Seconds,
    double LateP99Seconds,
    double QueuedP50Seconds,
    double QueuedP99Seconds);

/// <summary>JSON of <c>mana bench fleet --json</c>.</summary>
[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(FleetBenchResult))]
public sealed partial class FleetBenchJson : JsonSerializerContext;
