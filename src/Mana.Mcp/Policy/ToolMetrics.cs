using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Mana.Mcp.Policy;

/// <summary>How a tool call ended, as the metrics name it.</summary>
internal static class ToolOutcome
{
    public const string Success = "success";
    public const string HandlerError = "handler-error";
    public const string InputInvalid = "input-invalid";
    public const string UnknownTool = "unknown-tool";
    public const string Denied = "denied";

    /// <summary>The client gave the call up; what it had changed is undone.</summary>
    public const string Cancelled = "cancelled";

    /// <summary>Answered from memory: no tool ran, so it counts by itself.</summary>
    public const string Replayed = "replayed";
}

/// <summary>Counts tool calls and policy decisions. Every label comes from a closed set: the name of an unknown tool is never one.</summary>
internal sealed class ToolMetrics
{
    private static readonly KeyValuePair<string, object?> Service = new("service", McpHost.Service);

    private readonly Counter<long> _decisions;
    private readonly Counter<long> _invocations;
    private readonly Counter<long> _refusals;
    private readonly Counter<long> _replays;
    private readonly Histogram<double> _duration;

    public ToolMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("mana.mcp");
        _decisions = meter.CreateCounter<long>("mana_mcp_policy_decisions", description: "Decisions of the policy gate.");
        _invocations = meter.CreateCounter<long>("mana_mcp_tool_invocations", description: "Tool calls by outcome.");
        _refusals = meter.CreateCounter<long>("mana_mcp_access_refusals", description: "Requests and calls refused before the policy gate, by reason.");
        _replays = meter.CreateCounter<long>("mcp_idempotent_replays", description: "Calls answered with the first answer to their idempotency key.");
        _duration = meter.CreateHistogram(
            "mana_mcp_tool_duration",
            "s",
            "Time from the validated call to its result.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] });
        ObserveProcess(meter);
    }

    public void PolicyDecided(PolicyDecision decision, PolicyMode mode) =>
        _decisions.Add(1, Service, new("decision", decision.Kind), new("reason", decision.Reason), new("mode", mode.Name()));

    /// <param name="reason">One of <see cref="AccessRefusal"/> or of <see cref="Access.SpaceRefusedException"/>.</param>
    public void AccessRefused(string reason) => _refusals.Add(1, Service, new("reason", reason));

    public void ToolCalled(string tool, string outcome, TimeSpan duration)
    {
        if (outcome == ToolOutcome.Replayed)
        {
            _replays.Add(1, Service, new("tool", tool));
            return;
        }

        var tags = new TagList { Service, { "tool", tool }, { "outcome", outcome } };
        _invocations.Add(1, tags);
        _duration.Record(duration.TotalSeconds, tags);
    }

    // The names that dashboards of the predecessor ask for; the runtime's own series stand beside them.
    private static void ObserveProcess(Meter meter)
    {
        using var process = Process.GetCurrentProcess();
        var startedAt = new DateTimeOffset(process.StartTime).ToUnixTimeMilliseconds() / 1000.0;
        meter.CreateObservableCounter(
            "mana_mcp_process_cpu", () => new Measurement<double>(Environment.CpuUsage.TotalTime.TotalSeconds, Service), "s", "CPU time of the process.");
        meter.CreateObservableGauge(
            "mana_mcp_process_resident_memory", () => new Measurement<long>(Environment.WorkingSet, Service), "By", "Physical memory of the process.");
        meter.CreateObservableGauge(
            "mana_mcp_process_start_time", () => new Measurement<double>(startedAt, Service), "s", "When the process started, Unix seconds.");
    }

    public void UnknownToolCalled() => _invocations.Add(1, Service, new("tool", "unknown"), new("outcome", ToolOutcome.UnknownTool));
}
