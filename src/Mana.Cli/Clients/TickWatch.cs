using Mana.Contracts;

namespace Mana.Cli.Clients;

/// <summary>
/// Waits until a set of ticks has ended. Events bring the news; a tick whose end was missed (a broken stream, a slow
/// reader) is asked for now and then.
/// </summary>
internal sealed class TickWatch(RunnerClient runner, TimeProvider time)
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private readonly HashSet<TickId> _ended = [];
    private readonly HashSet<TickId> _open = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Tells the watch what happened, also of ticks that it does not wait for (yet).</summary>
    public void Observe(TickEvent tickEvent)
    {
        if (tickEvent.Kind == "end")
        {
            End(tickEvent.TickId);
        }
    }

    /// <summary>Waits for these ticks.</summary>
    public async Task WaitAsync(IEnumerable<TickId> ticks, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            _open.UnionWith(ticks);
            _open.ExceptWith(_ended);
        }

        while (true)
        {
            TickId[] open;
            Task changed;
            lock (_gate)
            {
                if (_open.Count == 0)
                {
                    return;
                }

                open = [.. _open];
                changed = _changed.Task;
            }

            try
            {
                await changed.WaitAsync(PollInterval, time, cancellationToken);
                continue;
            }
            catch (TimeoutException)
            {
                // Quiet for a while: ask.
            }

            foreach (var id in open)
            {
                if (await runner.FindTickAsync(id, cancellationToken) is null or { Tick.Outcome: not null })
                {
                    End(id);
                }
            }
        }
    }

    private void End(TickId id)
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            _ended.Add(id);
            _open.Remove(id);
            changed = _changed;
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        changed.SetResult();
    }
}
