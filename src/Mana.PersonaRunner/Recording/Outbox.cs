using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;
using Mana.Contracts;
using Mana.Hosting.Storage;

namespace Mana.PersonaRunner.Recording;

/// <summary>What waits in the outbox.</summary>
/// <param name="Rows">All rows that mana-auth has not acknowledged.</param>
/// <param name="SetAside">Those of them that are sent again only on demand.</param>
/// <param name="WaitsSince">When the oldest of the others came in; null when there is none.</param>
internal sealed record OutboxState(int Rows, int SetAside, DateTimeOffset? WaitsSince);

/// <summary>The rows that mana-auth has not acknowledged yet; they outlive a restart.</summary>
internal sealed class Outbox(ServiceDatabase database)
{
    /// <summary>The longest that a row waits for its next attempt.</summary>
    public static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);

    /// <summary>Whether the row's next attempt is still to come. One that is further away than any comes from a clock that has been set back since.</summary>
    public static bool Rests(OutboxRow row, DateTimeOffset now) => row.NextAttemptAt > now && row.NextAttemptAt <= now + LongestPause;

    /// <summary>The personas whose first row is due, those that waited longest first.</summary>
    public Task<List<string>> DuePersonasAsync(DateTimeOffset now, CancellationToken cancellationToken) =>
        database.ReadAsync(
            (db, ct) => Heads(db)
                .Where(row => row.NextAttemptAt <= now || row.NextAttemptAt > now + LongestPause)
                .OrderBy(row => row.NextAttemptAt)
                .Select(row => row.PersonaId)
                .Take(100)
                .ToListAsync(ct),
            cancellationToken);

    /// <summary>When the next persona may be tried; null when none waits.</summary>
    public Task<DateTimeOffset?> NextAttemptAsync(CancellationToken cancellationToken) =>
        database.ReadAsync(
            (db, ct) => Heads(db).Select(row => (DateTimeOffset?)row.NextAttemptAt).MinAsync(ct),
            cancellationToken);

    /// <summary>A persona's rows in the order in which they must arrive.</summary>
    public Task<List<OutboxRow>> OfAsync(UserId persona, CancellationToken cancellationToken) =>
        database.ReadAsync(
            (db, ct) => db.RowsAsync<OutboxRow>(
                "select * from outbox where persona_id = @persona and set_aside = @no order by seq limit 200", ct, ("persona", persona.Value), ("no", false)),
            cancellationToken);

    public Task AcknowledgedAsync(IReadOnlyList<string> ids, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async (db, ct) =>
            {
                foreach (var id in ids)
                {
                    await db.RunAsync("delete from outbox where id = @id", ct, ("id", id));
                }
            },
            cancellationToken);

    /// <summary>Notes a failed attempt; a row that is set aside stays so, whatever a slower attempt ended with.</summary>
    public Task FailedAsync(string id, int attempts, string error, DateTimeOffset nextAttemptAt, bool setAside, CancellationToken cancellationToken) =>
        database.WriteAsync(
            (db, ct) => db.GetTable<OutboxRow>()
                .Where(row => row.Id == id && !row.SetAside)
                .Set(row => row.Attempts, attempts)
                .Set(row => row.LastError, error)
                .Set(row => row.NextAttemptAt, nextAttemptAt)
                .Set(row => row.SetAside, setAside)
                .UpdateAsync(ct),
            cancellationToken);

    /// <summary>Has all that is left of a tick sent again now, also what was set aside.</summary>
    /// <returns>How many rows.</returns>
    public Task<int> RetryAsync(TickId tick, DateTimeOffset now, CancellationToken cancellationToken) =>
        database.WriteAsync(
            (db, ct) => db.GetTable<OutboxRow>()
                .Where(row => row.TickId == tick.Value)
                .Set(row => row.Attempts, 0)
                .Set(row => row.NextAttemptAt, now)
                .Set(row => row.SetAside, false)
                .UpdateAsync(ct),
            cancellationToken);

    /// <summary>Lets the persona's later rows pass those of a tick: they are kept, and sent again only on demand.</summary>
    /// <returns>How many rows.</returns>
    public Task<int> SetAsideAsync(TickId tick, CancellationToken cancellationToken) =>
        database.WriteAsync(
            (db, ct) => db.GetTable<OutboxRow>().Where(row => row.TickId == tick.Value && !row.SetAside).Set(row => row.SetAside, true).UpdateAsync(ct),
            cancellationToken);

    /// <summary>
    /// Takes or keeps the right to send the persona's rows. On SQLite there is one node, which has it anyway. A node
    /// that dies or hangs loses it by the database's clock.
    /// </summary>
    /// <returns>False while another node has it.</returns>
    public Task<bool> LeaseAsync(UserId persona, string node, TimeSpan time, CancellationToken cancellationToken) =>
        database.Kind == DatabaseKind.Sqlite
            ? Task.FromResult(true)
            : database.WriteAsync(
                async (db, ct) => await db.RunAsync(
                    """
                    insert into outbox_leases (persona_id, node, until) values (@persona, @node, clock_timestamp() + @seconds * interval '1 second')
                    on conflict (persona_id) do update set node = excluded.node, until = excluded.until
                      where outbox_leases.node = excluded.node or outbox_leases.until < clock_timestamp()
                    """,
                    ct,
                    ("persona", persona.Value), ("node", node), ("seconds", time.TotalSeconds)) > 0,
                cancellationToken);

    /// <summary>Gives the right back.</summary>
    public Task ReleaseAsync(UserId persona, string node, CancellationToken cancellationToken) =>
        database.Kind == DatabaseKind.Sqlite
            ? Task.CompletedTask
            : database.WriteAsync(
                (db, ct) => db.RunAsync("delete from outbox_leases where persona_id = @persona and node = @node", ct, ("persona", persona.Value), ("node", node)),
                cancellationToken);

    public Task<OutboxState> StateAsync(CancellationToken cancellationToken) =>
        database.ReadAsync(
            async (db, ct) =>
            {
                var parts = await db.GetTable<OutboxRow>()
                    .GroupBy(row => row.SetAside)
                    .Select(part => new { IsSetAside = part.Key, Rows = part.Count(), Since = part.Min(row => row.CreatedAt) })
                    .ToListAsync(ct);
                var waiting = parts.Find(part => !part.IsSetAside);
                return new OutboxState(parts.Sum(part => part.Rows), parts.Find(part => part.IsSetAside)?.Rows ?? 0, waiting?.Since);
            },
            cancellationToken);

    /// <summary>The personas whose last outcome mana-auth may not know yet: what it says of their being due is old.</summary>
    public async Task<IReadOnlySet<string>> UndeliveredPersonasAsync(CancellationToken cancellationToken) =>
        (await database.ReadAsync(
            (db, ct) => db.GetTable<OutboxRow>().Where(row => !row.SetAside).Select(row => row.PersonaId).Distinct().ToListAsync(ct),
            cancellationToken)).ToHashSet(StringComparer.Ordinal);

    /// <summary>
    /// Each persona's first row, which alone says when to try: the later ones wait for it, whatever their own time, and
    /// would otherwise look due for ever while mana-auth is away.
    /// </summary>
    private static IQueryable<OutboxRow> Heads(DataConnection db)
    {
        var waiting = db.GetTable<OutboxRow>().Where(row => !row.SetAside);
        return waiting.Where(row => waiting.GroupBy(other => other.PersonaId).Select(rows => rows.Min(other => other.Seq)).Contains(row.Seq));
    }
}
