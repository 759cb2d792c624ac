using System.Linq.Expressions;
using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;
using Mana.Auth.Personas;
using Mana.Auth.Storage;
using Mana.Contracts;
using Mana.Hosting;
using Mana.Hosting.Storage;

namespace Mana.Auth.Audit;

/// <summary>
/// Stores what personas did and thought. Every batch is one transaction and may be sent again: rows that are there
/// already stay as they are and are not counted.
/// </summary>
internal sealed class AuditStore(ServiceDatabase database, DomainClock clock, AuthMetrics metrics)
{
    private static readonly BulkCopyOptions Insert = new() { BulkCopyType = BulkCopyType.MultipleRows, UseParameters = true, MaxBatchSize = 50 };

    /// <summary>Whether there is such a persona: asked before the body is looked at.</summary>
    public Task<bool> ExistsAsync(string personaId, CancellationToken cancellationToken) =>
        database.ReadAsync((db, ct) => db.GetTable<PersonaRow>().AnyAsync(persona => persona.UserId == personaId, ct), cancellationToken);

    /// <summary>Stores actions and moves the persona's last activity; the number of new rows, or null without such a persona.</summary>
    public async Task<int?> AddActionsAsync(string personaId, IReadOnlyList<PersonaActionRow> rows, CancellationToken cancellationToken)
    {
        var written = await database.WriteAsync<int?>(
            async (db, ct) =>
            {
                if (await PersonaSchedules.LockAsync(db, personaId, ct) is not { } persona)
                {
                    return null;
                }

                var now = clock.Now();
                foreach (var row in rows)
                {
                    row.PersonaId = personaId;
                    row.CreatedAt = now;
                }

                var ids = rows.Select(row => row.Id).ToList();
                var count = await InsertNewAsync(db, rows, row => row.Id, row => row.PersonaId == personaId && ids.Contains(row.Id), ct);
                await PersonaSchedules.MoveAsync(db, persona, now, ct);
                return count;
            },
            cancellationToken);
        metrics.RowsWritten("action", written ?? 0);
        return written;
    }

    /// <summary>Stores ratings; the number of new rows, or null without such a persona.</summary>
    public async Task<int?> AddFeedbackAsync(string personaId, IReadOnlyList<PersonaFeedbackRow> rows, CancellationToken cancellationToken)
    {
        var written = await database.WriteAsync<int?>(
            async (db, ct) =>
            {
                if (await PersonaSchedules.LockAsync(db, personaId, ct) is null)
                {
                    return null;
                }

                var now = clock.Now();
                foreach (var row in rows)
                {
                    row.PersonaId = personaId;
                    row.CreatedAt = now;
                }

                var ids = rows.Select(row => row.Id).ToList();
                return await InsertNewAsync(db, rows, row => row.Id, row => row.PersonaId == personaId && ids.Contains(row.Id), ct);
            },
            cancellationToken);
        metrics.RowsWritten("feedback", written ?? 0);
        return written;
    }

    /// <summary>Stores how a tick ended, moves the last activity (an idle tick counts too) and counts failures in a row.</summary>
    public async Task<TickOutcomeResponse?> AddOutcomeAsync(string personaId, PersonaTickRow tick, CancellationToken cancellationToken)
    {
        var response = await database.WriteAsync<TickOutcomeResponse?>(
            async (db, ct) =>
            {
                if (await PersonaSchedules.LockAsync(db, personaId, ct) is not { } persona)
                {
                    return null;
                }

                var ticks = db.GetTable<PersonaTickRow>().Where(row => row.PersonaId == personaId);
                if (await ticks.AnyAsync(row => row.TickId == tick.TickId, ct))
                {
                    return new TickOutcomeResponse(true, false, persona.NextDueAt, persona.Failures);
                }

                var now = clock.Now();
                tick.PersonaId = personaId;
                tick.CreatedAt = now;
                await db.InsertAsync(tick, token: ct);

                // By the time of the ticks, not of their arrival: outcomes may be delivered late and out of order.
                var success = await ticks
                    .Where(row => row.Outcome == TickOutcomes.Completed || row.Outcome == TickOutcomes.Idle)
                    .Select(row => (DateTimeOffset?)row.EndedAt)
                    .MaxAsync(ct);
                persona.Failures = await ticks.CountAsync(
                    row => (row.Outcome == TickOutcomes.Failed || row.Outcome == TickOutcomes.TimedOut) && (success == null || row.EndedAt > success), ct);

                // A runner whose clock is ahead must not put its personas to sleep.
                var endedAt = tick.EndedAt < now ? tick.EndedAt : now;
                await PersonaSchedules.MoveAsync(db, persona, persona.LastActiveAt > endedAt ? persona.LastActiveAt.Value : endedAt, ct);
                return new TickOutcomeResponse(true, true, persona.NextDueAt, persona.Failures);
            },
            cancellationToken);
        metrics.RowsWritten("tick", response is { Recorded: true } ? 1 : 0);
        return response;
    }

    private static async Task<int> InsertNewAsync<T>(
        DataConnection db, IReadOnlyList<T> rows, Expression<Func<T, string>> id, Expression<Func<T, bool>> sameId, CancellationToken cancellationToken)
        where T : class
    {
        var known = (await db.GetTable<T>().Where(sameId).Select(id).ToListAsync(cancellationToken)).ToHashSet(StringComparer.Ordinal);
        var idOf = id.Compile();
        var fresh = rows.Where(row => known.Add(idOf(row))).ToList();
        if (fresh.Count > 0)
        {
            await db.GetTable<T>().BulkCopyAsync(Insert, fresh, cancellationToken);
        }

        return fresh.Count;
    }
}
