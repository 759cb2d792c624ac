using System.Globalization;
using System.Text;
using System.Text.Json.Serialization;
using Mana.Benchmarks.Light;

namespace Mana.Benchmarks.Conversations;

/// <summary>What <see cref="ConversationsBench"/> runs.</summary>
/// <param name="Concurrent">Conversations at once.</param>
/// <param name="LatencyMs">What the model waits before each answer.</param>
public sealed record ConversationsBenchOptions(int Concurrent, int LatencyMs);

/// <summary>What one run measured.</summary>
/// <param name="Concurrent">Conversations at once.</param>
/// <param name="LatencyMs">What the model waited.</param>
/// <param name="Cores">Processors that the machine offers.</param>
/// <param name="Before">With the runner started.</param>
/// <param name="During">With all conversations in their middle.</param>
/// <param name="Turns">Answers of the model.</param>
/// <param name="Seconds">From the beat until the last visit had ended and was delivered.</param>
/// <param name="AnswerLateP50Ms">Median of how late an answer was taken.</param>
/// <param name="AnswerLateP99Ms">99th percentile.</param>
/// <param name="TurnLateP50Ms">Median of how late the next request was, tools and journal included.</param>
/// <param name="TurnLateP99Ms">99th percentile.</param>
/// <param name="CpuMsPerTurn">Processor time of everything in this process.</param>
/// <param name="ThinkingMsPerTurn">The simulated brain's part of it.</param>
/// <param name="CpuShare">Of all processors of the machine, by this process.</param>
/// <param name="GcPauseShare">Of the time.</param>
/// <param name="KbAllocatedPerTurn">Managed memory.</param>
/// <param name="Failed">Visits that failed; anything but 0 spoils the figures.</param>
public sealed record ConversationsBenchResult(
    int Concurrent,
    int LatencyMs,
    int Cores,
    MemoryFigures Before,
    MemoryFigures During,
    int Turns,
    double Seconds,
    double AnswerLateP50Ms,
    double AnswerLateP99Ms,
    double TurnLateP50Ms,
    double TurnLateP99Ms,
    double CpuMsPerTurn,
    double ThinkingMsPerTurn,
    double CpuShare,
    double GcPauseShare,
    double KbAllocatedPerTurn,
    int Failed)
{
    /// <summary>The result as a table for a terminal or a note.</summary>
    public string Render()
    {
        var text = new StringBuilder();
        Line($"{Concurrent} conversations at once, a model that answers after {LatencyMs} ms, one runner, {Cores} cores");
        Line($"real:  runner host, SQLite store with journal and outbox, Orleans silo, sessions, conversation, simulated brain");
        Line($"light: mana-auth (from memory), the tools (answer at once, no MCP) and the network to the model (a timer), in the same process");
        Line($"");
        Line($"{(During.HeapMb - Before.HeapMb) * 1024 / Concurrent,10:0.0} KB heap and {(During.ResidentMb - Before.ResidentMb) * 1024 / Concurrent:0.0} KB RSS a conversation ({Before.HeapMb:0} → {During.HeapMb:0} MB heap, {Before.ResidentMb:0} → {During.ResidentMb:0} MB RSS)");
        Line($"{Turns / Seconds,10:0} turns/s   ({Turns} in {Seconds:0.0} s; the model alone would allow {Concurrent * 1000.0 / LatencyMs:0})");
        Line($"{AnswerLateP50Ms,10:0} ms p50, {AnswerLateP99Ms:0} ms p99 late: an answer is taken");
        Line($"{TurnLateP50Ms,10:0} ms p50, {TurnLateP99Ms:0} ms p99 late: the next request is sent, with journal and tool calls");
        Line($"{CpuMsPerTurn,10:0.00} CPU ms a turn, {ThinkingMsPerTurn:0.00} of them the simulated brain; {CpuShare:P0} of the machine; {KbAllocatedPerTurn:0} KB allocated a turn; {GcPauseShare:P1} of the time in pauses of the collector");
        if (Failed > 0)
        {
            Line($"");
            Line($"{Failed} visits failed: these figures are not to be used.");
        }

        return text.ToString();

        void Line(FormattableString line) => text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
    }
}

/// <summary>JSON of <c>mana bench conversations --json</c>.</summary>
[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ConversationsBenchResult))]
public sealed partial class ConversationsBenchJson : JsonSerializerContext;
