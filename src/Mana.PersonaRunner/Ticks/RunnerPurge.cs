using Mana.Contracts;
using Mana.Hosting.Storage;
using Mana.PersonaRunner.Platform;
using Mana.PersonaRunner.Recording;
using Microsoft.Extensions.Logging;

namespace Mana.PersonaRunner.Ticks;

/// <summary>Removes everything that a persona, or some ticks, left in this runner's store, and counts what is left.</summary>
internal sealed partial class RunnerPurge(ServiceDatabase database, TickOperations operations, PersonaSessions sessions, ILogger<RunnerPurge> logger)
{
    /// <summary>Everything of the persona of an address: ticks with all their rows, what waits for delivery, and how it stands.</summary>
    public async Task<PurgeResponse> PersonaAsync(string email, CancellationToken cancellationToken)
    {
        sessions.Forget(email);
        var ticks = await database.ReadAsync((db, ct) => db.RowsAsync<TickRow>("select * from ticks where email = @email", ct, ("email", email)), cancellationToken);
        var response = await RemoveAsync(ticks, [.. ticks.Select(tick => tick.PersonaId).Distinct(StringComparer.Ordinal)], [], cancellationToken);
        var (deleted, remaining) = (response.Deleted.Values.Sum(), response.Remaining.Values.Sum());
        Log.Purged(logger, ticks.Count, deleted, remaining);
        return response;
    }

    /// <summary>Everything of some ticks; their personas stay as they are.</summary>
    public async Task<PurgeResponse> TicksAsync(IReadOnlyCollection<string> ids, CancellationToken cancellationToken)
    {
        var ticks = new List<TickRow>();
        foreach (var id in ids)
        {
            if (await database.ReadAsync((db, ct) => db.RowAsync<TickRow>("select * from ticks where id = @id", ct, ("id", id)), cancellationToken) is { } tick)
            {
                ticks.Add(tick);
            }
        }

        return await RemoveAsync(ticks, [], ids, cancellationToken);
    }

    private async Task<PurgeResponse> RemoveAsync(
        List<TickRow> ticks, IReadOnlyList<string> personas, IReadOnlyCollection<string> tickIds, CancellationToken cancellationToken)
    {
        // Whoever runs one of them stops: what it wrote afterwards would be refused, for the tick is gone.
        foreach (var open in ticks.Where(tick => tick.EndedAt is null))
        {
            await operations.CancelAsync(new TickId(open.Id), cancellationToken);
        }

        string[] ids = [.. ticks.Select(tick => tick.Id).Union(tickIds, StringComparer.Ordinal)];
        var purge = new CountedPurge()
            .Of("turns", "tick_id", ids)
            .Of("calls", "tick_id", ids)
            .Of("ratings", "tick_id", ids)
            .Of("model_calls", "tick_id", ids)
            .Of("outbox", "tick_id", ids)
            .Of("ticks", "id", ids)
            .Of("persona_states", "persona_id", personas);
        if (database.Kind == DatabaseKind.PostgreSql)
        {
            purge.Of("outbox_leases", "persona_id", personas);
        }

        await database.WriteAsync((db, ct) => purge.RunAsync(db, () => Task.CompletedTask, ct), cancellationToken);
        return new PurgeResponse(purge.Remaining.Values.All(count => count == 0), purge.Deleted, purge.Remaining);
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "A persona is purged: {Ticks} ticks, {Deleted} rows removed, {Remaining} left")]
        public static partial void Purged(ILogger logger, int ticks, long deleted, long remaining);
    }
}
