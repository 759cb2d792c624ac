using System.Diagnostics.Metrics;
using Mana.Contracts;
using Mana.Hosting;
using Mana.PersonaRunner.Recording;

namespace Mana.PersonaRunner.Diagnostics;

/// <summary>
/// The runner's meters. The plan's three names (<c>persona_ticks_total</c>, <c>persona_tool_calls_total</c>,
/// <c>persona_errors_total</c>) stand beside the ones with the service's prefix.
/// </summary>
internal sealed class RunnerMetrics
{
    private static readonly double[] TickBuckets = [0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600];

    private readonly Counter<long> _ticks;
    private readonly Counter<long> _toolCalls;
    private readonly Counter<long> _errors;
    private readonly Counter<long> _ratings;
    private readonly Counter<long> _tokens;
    private readonly Counter<long> _missing;
    private readonly Counter<long> _repeated;
    private readonly Histogram<double> _duration;
    private int _inFlight;
    private int _due;
    private OutboxState _outbox = new(0, 0, null);
    private double _lastTick;

    public RunnerMetrics(IMeterFactory meters, DomainClock clock)
    {
        var meter = meters.Create("mana.persona_runner");
        _ticks = meter.CreateCounter<long>("persona_ticks", description: "Finished ticks by outcome.");
        _toolCalls = meter.CreateCounter<long>("persona_tool_calls", description: "MCP tool calls by module, tool and result.");
        _errors = meter.CreateCounter<long>("persona_errors", description: "Failures by stage.");
        _ratings = meter.CreateCounter<long>("mana_persona_runner_ratings", description: "Ratings by module and value.");
        _missing = meter.CreateCounter<long>("mana_persona_runner_ratings_missing", description: "Modules that were used but not rated.");
        _repeated = meter.CreateCounter<long>("mana_persona_runner_repeated", description: "Requests made again because an interruption left their outcome unknown.");
        _tokens = meter.CreateCounter<long>("mana_persona_runner_tokens", description: "Model tokens by direction.");
        _duration = meter.CreateHistogram<double>(
            "mana_persona_runner_run_duration", "s", "Duration of a tick.", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = TickBuckets });
        meter.CreateObservableGauge("mana_persona_runner_in_flight", () => Volatile.Read(ref _inFlight), description: "Ticks that run now.");
        meter.CreateObservableGauge("mana_persona_runner_due", () => Volatile.Read(ref _due), description: "Personas that were due at the last beat; those behind a full queue are not counted.");
        meter.CreateObservableGauge("mana_persona_runner_undelivered", () => Volatile.Read(ref _outbox).Rows, description: "Batches that mana-auth has not acknowledged.");
        meter.CreateObservableGauge("mana_persona_runner_set_aside", () => Volatile.Read(ref _outbox).SetAside, description: "Those of them that are sent again only on demand.");
        meter.CreateObservableGauge(
            "mana_persona_runner_undelivered_age", () => Volatile.Read(ref _outbox).WaitsSince is { } since ? (clock.GetUtcNow() - since).TotalSeconds : 0, "s",
            "How long the oldest batch that is still sent has waited; 0 when none waits.");
        meter.CreateObservableGauge("mana_persona_runner_last_tick_timestamp", () => Volatile.Read(ref _lastTick), "s", "When the last tick ended, Unix seconds.");
    }

    public int InFlight => Volatile.Read(ref _inFlight);

    public void Started() => Interlocked.Increment(ref _inFlight);

    public void Ended(string outcome, TimeSpan duration, DateTimeOffset at)
    {
        Interlocked.Decrement(ref _inFlight);
        Volatile.Write(ref _lastTick, at.ToUnixTimeMilliseconds() / 1000.0);
        _ticks.Add(1, new KeyValuePair<string, object?>("outcome", outcome));
        _duration.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("outcome", outcome));
    }

    /// <param name="module">The module; a tool that the server does not know counts as <c>unknown</c>, so that a model cannot make labels.</param>
    /// <param name="tool">The MCP name, or <c>unknown</c>.</param>
    /// <param name="result">ok or error.</param>
    public void ToolCall(string module, string tool, string result) => _toolCalls.Add(
        1,
        new KeyValuePair<string, object?>("module", module),
        new KeyValuePair<string, object?>("tool", tool),
        new KeyValuePair<string, object?>("result", result));

    public void Error(string stage) => _errors.Add(1, new KeyValuePair<string, object?>("stage", stage));

    public void Rating(string module, int rating) => _ratings.Add(
        1, new KeyValuePair<string, object?>("module", module), new KeyValuePair<string, object?>("rating", rating));

    public void MissingRatings(int count)
    {
        if (count > 0)
        {
            _missing.Add(count);
        }
    }

    public void Tokens(TickUsage usage)
    {
        Count("input", usage.InputTokens);
        Count("output", usage.OutputTokens);
        Count("cache_read", usage.CacheReadTokens);
        Count("cache_write", usage.CacheWriteTokens);

        void Count(string direction, long tokens)
        {
            if (tokens > 0)
            {
                _tokens.Add(tokens, new KeyValuePair<string, object?>("direction", direction));
            }
        }
    }

    /// <summary>A model call that was under way when a process ended, and whose answer is lost.</summary>
    public void ModelCallRepeated() => _repeated.Add(1, new KeyValuePair<string, object?>("kind", "model"));

    /// <summary>A tool call that was under way when a process ended.</summary>
    public void ToolCallRepeated() => _repeated.Add(1, new KeyValuePair<string, object?>("kind", "tool"));

    public void Due(int count) => Volatile.Write(ref _due, count);

    public void Undelivered(OutboxState outbox) => Volatile.Write(ref _outbox, outbox);
}
