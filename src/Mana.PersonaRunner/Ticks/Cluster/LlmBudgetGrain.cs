using Mana.PersonaRunner.Recording;
using Orleans.Placement;

namespace Mana.PersonaRunner.Ticks.Cluster;

/// <summary>The model budget of the cluster. The key is the brain's name: its nodes share one key of the provider.</summary>
internal interface ILlmBudgetGrain : IGrainWithStringKey
{
    /// <summary>
    /// How long an answer may take. It is less than a new budget waits for its nodes: one whose message died with the
    /// old one speaks up before the new one grants anything.
    /// </summary>
    const string ResponseTime = "00:00:02";

    /// <summary>Asks for the right to send one request.</summary>
    [ResponseTimeout(ResponseTime)]
    ValueTask<LlmReply> Acquire(LlmReport report, LlmAsk ask);

    /// <summary>Says where the node stands; every second, and when the provider refused a call.</summary>
    [ResponseTimeout(ResponseTime)]
    ValueTask<LlmReply> Report(LlmReport report);

    /// <summary>Pauses or resumes; nothing is granted in a pause once this has returned.</summary>
    [ResponseTimeout(ResponseTime)]
    ValueTask Set(PauseState pause);
}

/// <summary>
/// One <see cref="LlmBudget"/>. It stores nothing: after a crash it begins anew on another node, from what the nodes tell
/// and from the stored pause.
/// </summary>
[PreferLocalPlacement]
internal sealed class LlmBudgetGrain(TimeProvider time, ISiloStatusOracle silos, TickStore store, RunnerSettings settings) : Grain, ILlmBudgetGrain
{
    private LlmBudget? _budget;

    private LlmBudget Budget => _budget ?? throw new InvalidOperationException("The budget is asked before it is active.");

    // One monotonic clock: a wall clock that is set back would stop every call.
    private TimeSpan Now => time.GetElapsedTime(0);

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        var pause = await PauseSwitch.StoredAsync(store, cancellationToken);
        _budget = new LlmBudget(settings.LlmLimits, Random.Shared.NextInt64(1, long.MaxValue), settings.Cluster.IsShared, ActiveNodes, Now);
        _budget.Set(pause);
    }

    public ValueTask<LlmReply> Acquire(LlmReport report, LlmAsk ask) => new(Budget.Acquire(report, ask, Now));

    public ValueTask<LlmReply> Report(LlmReport report) => new(Budget.Report(report, Now));

    public ValueTask Set(PauseState pause)
    {
        Budget.Set(pause);
        return ValueTask.CompletedTask;
    }

    private List<string> ActiveNodes() => [.. silos.GetApproximateSiloStatuses(onlyActive: true).Keys.Select(silo => silo.ToParsableString())];
}
