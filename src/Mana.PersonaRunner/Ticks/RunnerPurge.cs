using Mana.Contracts;
using Mana.PersonaRunner.Platform;
using Mana.PersonaRunner.Recording;
using Microsoft.Extensions.Logging;

namespace Mana.PersonaRunner.Ticks;

/// <summary>Removes everything that a persona, or some ticks, left in this runner's store; visits that are under way end first.</summary>
internal sealed partial class RunnerPurge(TickPurge store, TickOperations operations, PersonaSessions sessions, ILogger<RunnerPurge> logger)
{
    /// <summary>Everything of the persona of an address: ticks with all their rows, what waits for delivery, and how it stands.</summary>
    public async Task<PurgeResponse> PersonaAsync(string email, CancellationToken cancellationToken)
    {
        sessions.Forget(email);
        var ticks = await store.OfPersonaAsync(email, cancellationToken);
        await EndAsync(ticks, cancellationToken);
        string[] personas = [.. ticks.Select(tick => tick.PersonaId).Distinct(StringComparer.Ordinal)];
        var response = await store.RemoveAsync([.. ticks.Select(tick => tick.Id)], personas, cancellationToken);
        var (deleted, remaining) = (response.Deleted.Values.Sum(), response.Remaining.Values.Sum());
        Log.Purged(logger, ticks.Count, deleted, remaining);
        return response;
    }

    /// <summary>Everything of some ticks; their personas stay as they are.</summary>
    public async Task<PurgeResponse> TicksAsync(IReadOnlyCollection<string> ids, CancellationToken cancellationToken)
    {
        await EndAsync(await store.FindAsync(ids, cancellationToken), cancellationToken);
        return await store.RemoveAsync(ids, [], cancellationToken);
    }

    // Whoever runs one of them stops: what it wrote afterwards would be refused, for the tick is gone.
    private async Task EndAsync(IEnumerable<TickRow> ticks, CancellationToken cancellationToken)
    {
        foreach (var open in ticks.Where(tick => tick.EndedAt is null))
        {
            await operations.CancelAsync(new TickId(open.Id), cancellationToken);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "A persona is purged: {Ticks} ticks, {Deleted} rows removed, {Remaining} left")]
        public static partial void Purged(ILogger logger, int ticks, long deleted, long remaining);
    }
}
