using Mana.Contracts;
using Mana.Hosting.Storage;

namespace Mana.PersonaRunner.Recording;

/// <summary>Removes ticks with everything that is noted of them, and counts what is left.</summary>
internal sealed class TickPurge(ServiceDatabase database)
{
    /// <summary>All ticks of a persona.</summary>
    public Task<List<TickRow>> OfPersonaAsync(string email, CancellationToken cancellationToken) =>
        database.ReadAsync((db, ct) => db.RowsAsync<TickRow>("select * from ticks where email = @email", ct, ("email", email)), cancellationToken);

    /// <summary>Those of the ticks that are there.</summary>
    public Task<List<TickRow>> FindAsync(IReadOnlyCollection<string> ids, CancellationToken cancellationToken) =>
        database.ReadAsync(
            async (db, ct) =>
            {
                var ticks = new List<TickRow>();
                foreach (var id in ids)
                {
                    ticks.AddRange(await db.RowsAsync<TickRow>("select * from ticks where id = @id", ct, ("id", id)));
                }

                return ticks;
            },
            cancellationToken);

    /// <summary>Removes the ticks, and how the personas stand.</summary>
    public async Task<PurgeResponse> RemoveAsync(
        IReadOnlyCollection<string> ticks, IReadOnlyCollection<string> personas, CancellationToken cancellationToken)
    {
        var purge = new CountedPurge()
            .Of("turns", "tick_id", ticks)
            .Of("calls", "tick_id", ticks)
            .Of("ratings", "tick_id", ticks)
            .Of("model_calls", "tick_id", ticks)
            .Of("outbox", "tick_id", ticks)
            .Of("ticks", "id", ticks)
            .Of("persona_states", "persona_id", personas);
        if (database.Kind == DatabaseKind.PostgreSql)
        {
            purge.Of("outbox_leases", "persona_id", personas);
        }

        await database.WriteAsync((db, ct) => purge.RunAsync(db, () => Task.CompletedTask, ct), cancellationToken);
        return new PurgeResponse(purge.Remaining.Values.All(count => count == 0), purge.Deleted, purge.Remaining);
    }
}
