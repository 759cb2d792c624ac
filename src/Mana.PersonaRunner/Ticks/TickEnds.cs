using Mana.Contracts;
using Mana.PersonaRunner.Dashboard;
using Mana.PersonaRunner.Recording;

namespace Mana.PersonaRunner.Ticks;

/// <summary>Waits for ticks to end, wherever in the cluster they run.</summary>
internal sealed class TickEnds(TickReader reader, TickFeed feed, TimeProvider time)
{
    // The feed tells of ticks at once; the store is asked for those of nodes whose word did not come through.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>How each of the ticks ended, in their order.</summary>
    public async Task<IReadOnlyList<TickResult>> WaitAsync(IReadOnlyList<TickId> ticks, CancellationToken cancellationToken)
    {
        using var watch = feed.Subscribe();
        var results = new Dictionary<string, TickResult>(StringComparer.Ordinal);
        while (true)
        {
            foreach (var tick in ticks.Where(tick => !results.ContainsKey(tick.Value)))
            {
                if (await reader.EndOfAsync(tick, cancellationToken) is { } row)
                {
                    results[tick.Value] = new TickResult(row.Outcome!, row.Stage, row.Error);
                }
            }

            if (results.Count == ticks.Count)
            {
                return [.. ticks.Select(tick => results[tick.Value])];
            }

            await NextEndAsync(watch, cancellationToken);
        }
    }

    private async Task NextEndAsync(TickFeed.Watch watch, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            while ((await watch.Events.ReadAsync(either.Token)).Kind != "end")
            {
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Time to ask the store.
        }
    }
}
