using System.Text.Json.Serialization;

namespace Mana.Benchmarks.Ticks;

/// <summary>What one run measured.</summary>
/// <param name="Concurrency">Ticks side by side.</param>
/// <param name="Personas">Personas that ticked in turn.</param>
/// <param name="Ticks">Measured ticks; the warm-up is not among them.</param>
/// <param name="FailedTicks">Ticks whose outcome was not <c>completed</c>; anything but 0 spoils the figures.</param>
/// <param name="Seconds">From the first measured tick's order until the last one's end.</param>
/// <param name="TicksPerSecond">Ticks by seconds.</param>
/// <param name="P50Ms">Median of end minus start as the runner records them.</param>
/// <param name="P99Ms">99th percentile of the same.</param>
/// <param name="ModelCallsPerTick">From the usage of some ticks; five by plan.</param>
/// <param name="ToolCallsPerTick">Average; four by plan.</param>
/// <param name="ShortOfWork">The share of looks at which the runner had fewer ticks than slots; much above 0, more personas are needed.</param>
/// <param name="RunnerKbAllocatedPerTick">Managed memory allocated by the runner; null when it does not tell.</param>
/// <param name="LatencyMs">What the model waited before each answer.</param>
/// <param name="Cores">Processors that the machine offers.</param>
/// <param name="Processes">Runner, auth, mcp, model.</param>
public sealed record TickBenchResult(
    int Concurrency,
    int Personas,
    int Ticks,
    int FailedTicks,
    double Seconds,
    double TicksPerSecond,
    double P50Ms,
    double P99Ms,
    double ModelCallsPerTick,
    double ToolCallsPerTick,
    double ShortOfWork,
    double? RunnerKbAllocatedPerTick,
    int LatencyMs,
    int Cores,
    IReadOnlyList<ProcessFigures> Processes);

/// <summary>One process of the run.</summary>
/// <param name="Name">runner, auth, mcp or scripted-claude.</param>
/// <param name="CpuMsPerTick">User and system time of the measured part, by tick.</param>
/// <param name="PeakMemoryMb">Highest resident set since its start.</param>
public sealed record ProcessFigures(string Name, double CpuMsPerTick, double PeakMemoryMb);

/// <summary>JSON of <c>mana bench tick --json</c>.</summary>
[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(TickBenchResult))]
public sealed partial class TickBenchJson : JsonSerializerContext;
