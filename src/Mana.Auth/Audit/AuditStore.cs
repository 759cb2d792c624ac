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
    // The failures since the last success, by the time of the ticks and not of their arrival: outcomes may be delivered
    // late and out of order. The index on ended_at answers both parts without reading a persona's whole past.
    private const string CountFailures =
        """
        select cast(count(*) as integer) from persona_ticks
        where persona_id = @id and outcome in (@failed, @timedOut) and ended_at > coalesce(
          (select ended_at from persona_ticks
           where persona_id = @id and outcome in (@completed, @idle) order by ended_at desc limit 1), @never)
        """;

    private const string NewestFailure =
        """
        select * from persona_ticks
        where persona_id = @id and outcome in (@failed, @timedOut) order by ended_at desc, tick_id desc limit 1
        """;

    private const string LastEnd = "select ended_at from persona_ticks where persona_id = @id order by ended_at desc limit 1";

    /// <summary>Whether there is such a persona: asked before the body is looked at.</summary>
    public Task<bool> ExistsAsync(string personaId, CancellationToken cancellationToken) =>
        database.ReadAsync(
            async (db, ct) => (await db.RowsAsync<string>("select user_id from personas where user_id = @id", ct, ("id", personaId))).Count > 0,
            cancellationToken);

    /// <summary>Stores actions and, if any is new, moves the persona's last activity; the number of new rows, or null without such a persona.</summary>
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

                var count = await db.AddNewRowsAsync(rows, ct);
                if (count > 0)
                {
                    // A repeat is no activity: it may come long after the tick.
                    persona.LastActiveAt = persona.LastActiveAt > now ? persona.LastActiveAt : now;
                    await PersonaSchedules.MoveAsync(db, persona, restFrom: now, ct);
                }

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

                return await db.AddNewRowsAsync(rows, ct);
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

                var now = clock.Now();
                tick.PersonaId = personaId;
                tick.CreatedAt = now;
                if (await db.AddNewRowsAsync([tick], ct) == 0)
                {
                    return new TickOutcomeResponse(true, false, persona.NextDueAt, persona.Failures);
                }

                // A runner whose clock is ahead must not put its personas to sleep.
                var endedAt = Earlier(tick.EndedAt, now);
                if (persona.Schedule() is { HasPlaces: true })
                {
                    // Its actions, as they came in, have moved it to the time of their arrival. Where a day has a visit, one of
                    // yesterday that is delivered late must not pass for today's.
                    persona.LastActiveAt = Earlier((await db.RowsAsync<DateTimeOffset>(LastEnd, ct, ("id", personaId)))[0], now);
                }
                else
                {
                    persona.LastActiveAt = persona.LastActiveAt > endedAt ? persona.LastActiveAt : endedAt;
                }

                persona.Failures = (await db.RowsAsync<int>(
                    CountFailures, ct,
                    ("id", personaId), ("failed", TickOutcomes.Failed), ("timedOut", TickOutcomes.TimedOut),
                    ("completed", TickOutcomes.Completed), ("idle", TickOutcomes.Idle), ("never", DateTimeOffset.MinValue)))[0];
                var failure = persona.Failures == 0
                    ? null
                    : await db.RowAsync<PersonaTickRow>(
                        NewestFailure, ct, ("id", personaId), ("failed", TickOutcomes.Failed), ("timedOut", TickOutcomes.TimedOut));
                persona.LastFailedAt = failure is null ? null : Earlier(failure.EndedAt, now);
                persona.LastError = failure is null ? null : failure.Error ?? failure.Outcome;
                await PersonaSchedules.MoveAsync(db, persona, persona.LastFailedAt, ct);
                return new TickOutcomeResponse(true, true, persona.NextDueAt, persona.Failures);
            },
            cancellationToken);
        metrics.RowsWritten("tick", response is { Recorded: true } ? 1 : 0);
        return response;
    }

    private static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;
}
