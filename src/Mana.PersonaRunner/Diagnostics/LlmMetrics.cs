using System.Diagnostics.Metrics;
using Mana.PersonaRunner.Ticks.Cluster;

namespace Mana.PersonaRunner.Diagnostics;

/// <summary>The meters of the model budget as this node sees it.</summary>
internal sealed class LlmMetrics
{
    private static readonly double[] WaitBuckets = [0.001, 0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 300];

    private readonly Counter<long> _permits;
    private readonly Counter<long> _throttled;
    private readonly Histogram<double> _wait;
    private LlmLimits _limits = LlmLimits.None;

    public LlmMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("mana.persona_runner");
        _permits = meter.CreateCounter<long>("mana_persona_runner_model_permits", description: "Permits for a model request: granted, or parked by a pause.");
        _throttled = meter.CreateCounter<long>("mana_persona_runner_model_throttled", description: "Model requests refused as too many (429, 529).");
        _wait = meter.CreateHistogram<double>(
            "mana_persona_runner_model_wait", "s", "Wait for a permit.", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = WaitBuckets });
        meter.CreateObservableGauge("mana_persona_runner_model_limit", Observe, description: "Limits that hold now: configured or learned.");
    }

    public void Granted(TimeSpan wait)
    {
        _permits.Add(1, new KeyValuePair<string, object?>("result", "granted"));
        _wait.Record(wait.TotalSeconds);
    }

    public void Parked() => _permits.Add(1, new KeyValuePair<string, object?>("result", "parked"));

    public void Throttled() => _throttled.Add(1);

    public void Limits(LlmLimits limits) => Volatile.Write(ref _limits, limits);

    private IEnumerable<Measurement<long>> Observe()
    {
        var limits = Volatile.Read(ref _limits);
        return new[]
        {
            (Kind: "concurrency", Limit: limits.Concurrency),
            (Kind: "requests_per_minute", Limit: limits.RequestsPerMinute),
            (Kind: "input_tokens_per_minute", Limit: limits.InputTokensPerMinute),
            (Kind: "output_tokens_per_minute", Limit: limits.OutputTokensPerMinute),
        }.Where(one => one.Limit is not null).Select(one => new Measurement<long>(one.Limit!.Value, new KeyValuePair<string, object?>("kind", one.Kind)));
    }
}
