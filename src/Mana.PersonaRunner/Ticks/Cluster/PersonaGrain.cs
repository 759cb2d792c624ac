using Mana.Contracts;
using Orleans.Concurrency;
using Orleans.Placement;

namespace Mana.PersonaRunner.Ticks.Cluster;

/// <summary>A persona, addressable from every node. Its key is the persona's user id.</summary>
[Alias("mana.persona")]
internal interface IPersonaGrain : IGrainWithStringKey
{
    /// <summary>Runs the tick on this persona's node; returns at once. A repetition changes nothing.</summary>
    [OneWay, Alias("run")]
    Task RunAsync(string tick, bool ignoresPause);

    /// <summary>Stops the tick at once, if it runs.</summary>
    [AlwaysInterleave, Alias("cancel")]
    Task CancelAsync(string tick);
}

/// <summary>
/// Runs a persona's ticks one after the other. The work goes on in a timer of the grain, for a call would time out and
/// would hold up the next; the timer keeps the grain from being collected meanwhile.
/// </summary>
/// <remarks>Random placement, because the default would keep all personas on the clock's node.</remarks>
[RandomPlacement, CollectionAgeLimit(Minutes = 2)]
internal sealed class PersonaGrain(TickRunner runner, RunnerSettings settings) : Grain, IPersonaGrain
{
    private readonly Queue<(TickId Tick, bool IgnoresPause)> _waiting = new();
    private IGrainTimer? _timer;
    private TickId? _running;

    public Task RunAsync(string tick, bool ignoresPause)
    {
        var id = new TickId(tick);
        if (_running == id || _waiting.Any(waiting => waiting.Tick == id))
        {
            return Task.CompletedTask;
        }

        _waiting.Enqueue((id, ignoresPause));
        _timer ??= this.RegisterGrainTimer(
            WorkAsync, new GrainTimerCreationOptions { DueTime = TimeSpan.Zero, Period = Timeout.InfiniteTimeSpan, Interleave = true, KeepAlive = true });
        return Task.CompletedTask;
    }

    public Task CancelAsync(string tick)
    {
        runner.Cancel(new TickId(tick));
        return Task.CompletedTask;
    }

    private async Task WorkAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (_waiting.TryDequeue(out var next))
            {
                _running = next.Tick;

                // Off the grain's turn: a visit is free to use the thread pool.
                await Task.Run(() => runner.RunAsync(next.Tick, next.IgnoresPause), CancellationToken.None);
                _running = null;
            }
        }
        finally
        {
            _running = null;
            _timer?.Dispose();
            _timer = null;
            if (settings.Cluster.IsShared)
            {
                // The next tick is placed anew: a node that joined later would get nothing otherwise.
                DeactivateOnIdle();
            }
        }
    }
}
