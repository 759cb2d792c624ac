using System.Globalization;
using System.Text;

namespace Mana.Benchmarks.Ticks;

/// <summary>The result as a table for a terminal or a note.</summary>
public static class TickBenchReport
{
    /// <summary>Renders the result.</summary>
    public static string Render(TickBenchResult result)
    {
        var text = new StringBuilder();
        Line($"{result.Ticks} ticks, {result.Concurrency} side by side, {result.Personas} personas, model latency {result.LatencyMs} ms, {result.Cores} cores");
        Line($"{result.TicksPerSecond,10:0.0} ticks/s   ({result.Seconds:0.0} s)");
        Line($"{result.P50Ms,10:0} ms p50      {result.P99Ms:0} ms p99");
        Line($"{result.ModelCallsPerTick,10:0.0} model calls and {result.ToolCallsPerTick:0.0} tool calls a tick");
        Line(result.RunnerKbAllocatedPerTick is { } allocated ? (FormattableString)$"{allocated,10:0} KB allocated a tick (runner)" : $"         ? KB allocated a tick (the runner's /metrics does not tell)");
        Line($"");
        Line($"{"process",-16} {"CPU ms/tick",12} {"peak MB",9}");
        foreach (var process in result.Processes)
        {
            Line($"{process.Name,-16} {process.CpuMsPerTick,12:0.00} {process.PeakMemoryMb,9:0}");
        }

        Line($"{"together",-16} {result.Processes.Sum(process => process.CpuMsPerTick),12:0.00} {result.Processes.Sum(process => process.PeakMemoryMb),9:0}");
        if (result.ShortOfWork > 0.05)
        {
            Line($"");
            Line($"In {result.ShortOfWork:P0} of the looks the runner had free slots: more personas would show more ticks/s.");
        }

        if (result.FailedTicks > 0)
        {
            Line($"");
            Line($"{result.FailedTicks} ticks did not complete: these figures are not to be used.");
        }

        return text.ToString();

        void Line(FormattableString line) => text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
    }
}
