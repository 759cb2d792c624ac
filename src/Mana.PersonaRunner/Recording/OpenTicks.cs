using System.Text.Json;
using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;
using LinqToDB.Mapping;
using Mana.Contracts;
using Mana.Hosting.Storage;

namespace Mana.PersonaRunner.Recording;

/// <summary>
/// The life of a tick's row: opened, taken by one process, let go, taken again, ended. Taking it raises the epoch, so
/// that an earlier owner, dead or only slow, can write no more.
/// </summary>
internal sealed class OpenTicks(ServiceDatabase database)
{
    private const int OpenedTogether = 100;

    // More than nodes' clocks differ: what ended later than this from now ended before a clock was set back.
    private static readonly TimeSpan ClockDifference = TimeSpan.FromMinutes(5);

    /// <summary>Opens ticks; a persona that has one already gets none.</summary>
    /// <param name="ticks">The new rows.</param>
    /// <param name="askedAt">
    /// When it was asked who is due: with very many at once the answer is old by now, and who ended a tick since then gets
    /// none. Null when the ticks are wanted in any case.
    /// </param>
    /// <param name="cancellationToken">Cancels the writing.</param>
    /// <returns>The ids of those that were opened.</returns>
    public async Task<IReadOnlySet<string>> OpenAsync(IReadOnlyList<TickRow> ticks, DateTimeOffset? askedAt, CancellationToken cancellationToken)
    {
        var opened = new HashSet<string>(StringComparer.Ordinal);
        foreach (var chunk in ticks.Chunk(OpenedTogether))
        {
            var ids = chunk.Select(tick => tick.Id).ToList();
            opened.UnionWith(await database.WriteAsync(
                async (db, ct) =>
                {
                    // Looked at after the insert: that one waits for the end of a tick which is just being written.
                    var added = await db.AddNewRowsAsync(chunk, ct);
                    var withdrawn = askedAt is { } since ? await WithdrawAsync(db, ids, since, chunk[0].StartedAt + ClockDifference, ct) : 0;
                    if (added == chunk.Length && withdrawn == 0)
                    {
                        return ids;
                    }

                    return await db.GetTable<TickRow>().Where(row => ids.Contains(row.Id)).Select(row => row.Id).ToListAsync(ct);
                },
                cancellationToken));
        }

        return opened;
    }

    /// <summary>Takes the tick for this process, whoever had it before.</summary>
    /// <returns>Null when it has ended.</returns>
    public Task<TakenTick?> TakeAsync(TickId id, string owner, DateTimeOffset now, CancellationToken cancellationToken) =>
        database.WriteAsync<TakenTick?>(
            async (db, ct) =>
            {
                // Begins where it was queued: its time counts from here.
                var taken = await db.RunAsync(
                    """
                    update ticks set epoch = epoch + 1, owner = @owner,
                      started_at = case when phase = @queued then @now else started_at end,
                      phase = case when phase = @queued then @first else phase end
                    where id = @id and ended_at is null
                    """,
                    ct,
                    ("owner", owner), ("queued", TickPhases.Queued), ("first", TickPhases.SignIn), ("now", now), ("id", id.Value));
                if (taken == 0)
                {
                    return null;
                }

                var row = (await db.RowAsync<TakenRow>("select epoch, phase, ignores_pause, persona from ticks where id = @id", ct, ("id", id.Value)))!;
                var persona = JsonSerializer.Deserialize(row.Persona, AuthJson.Default.DuePersona)!;
                return new TakenTick(id, row.Epoch, persona, row.IgnoresPause, row.Epoch == 1 ? TickJournal.Empty : await JournalAsync(db, id, row.Phase, ct));
            },
            cancellationToken);

    /// <summary>Lets go of a tick that has not ended: another process may take it at once.</summary>
    public Task ReleaseAsync(TickId id, long epoch, CancellationToken cancellationToken) =>
        database.WriteAsync(
            (db, ct) => db.RunAsync(
                "update ticks set owner = null where id = @id and epoch = @epoch and ended_at is null", ct, ("id", id.Value), ("epoch", epoch)),
            cancellationToken);

    /// <summary>
    /// The open ticks that no process of the cluster runs, the oldest first: those of owners that are gone, and those
    /// that nobody has taken since <paramref name="openedBefore"/>.
    /// </summary>
    /// <param name="owners">The processes that live.</param>
    /// <param name="openedBefore">
    /// A younger tick that has no owner is on its way to one; unless it is of a later time than this can be, and the clock
    /// has been set back since.
    /// </param>
    /// <param name="isPaused">Only those that somebody asked for in spite of a pause.</param>
    /// <param name="limit">The most that are returned.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    public Task<List<OrphanedTick>> OrphansAsync(
        IReadOnlyCollection<string> owners, DateTimeOffset openedBefore, bool isPaused, int limit, CancellationToken cancellationToken)
    {
        var ahead = openedBefore < DateTimeOffset.MaxValue ? openedBefore + ClockDifference : openedBefore;
        return database.ReadAsync(
            (db, ct) => db.GetTable<TickRow>()
                .Where(row => row.EndedAt == null && (row.Owner == null ? row.StartedAt <= openedBefore || row.StartedAt > ahead : !owners.Contains(row.Owner)))
                .Where(row => !isPaused || row.IgnoresPause)
                .OrderBy(row => row.Owner == null).ThenBy(row => row.Id)
                .Take(limit)
                .Select(row => new OrphanedTick(row.Id, row.PersonaId, row.IgnoresPause, row.Owner))
                .ToListAsync(ct),
            cancellationToken);
    }

    /// <summary>The open ticks of one owner, with their epochs.</summary>
    public async Task<IReadOnlyList<(string Id, long Epoch)>> OwnedAsync(string owner, CancellationToken cancellationToken) =>
        (await database.ReadAsync(
            (db, ct) => db.GetTable<TickRow>().Where(row => row.EndedAt == null && row.Owner == owner).Select(row => new { row.Id, row.Epoch }).ToListAsync(ct),
            cancellationToken)).ConvertAll(row => (row.Id, row.Epoch));

    /// <summary>How many ticks are open: those that wait for a slot and those that have begun.</summary>
    public Task<(int Queued, int Begun)> CountAsync(CancellationToken cancellationToken) =>
        database.ReadAsync(
            async (db, ct) =>
            {
                var open = db.GetTable<TickRow>().Where(row => row.EndedAt == null);
                return (await open.CountAsync(row => row.Phase == TickPhases.Queued, ct), await open.CountAsync(row => row.Phase != TickPhases.Queued, ct));
            },
            cancellationToken);

    /// <summary>How many ticks wait for a slot; those that a pause holds back take no place from those that it does not.</summary>
    public Task<int> CountWaitingAsync(bool inSpiteOfPause, CancellationToken cancellationToken) =>
        database.ReadAsync(
            (db, ct) => db.GetTable<TickRow>()
                .CountAsync(row => row.EndedAt == null && row.Phase == TickPhases.Queued && (!inSpiteOfPause || row.IgnoresPause), ct),
            cancellationToken);

    /// <summary>How many open ticks each owner has (null: nobody), those that have not begun apart.</summary>
    public async Task<IReadOnlyList<(string? Owner, bool IsQueued, int Count)>> CountByOwnerAsync(CancellationToken cancellationToken) =>
        (await database.ReadAsync(
            (db, ct) => db.GetTable<TickRow>()
                .Where(row => row.EndedAt == null)
                .GroupBy(row => new { row.Owner, row.Phase })
                .Select(group => new { group.Key.Owner, group.Key.Phase, Count = group.Count() })
                .ToListAsync(ct),
            cancellationToken)).ConvertAll(group => (group.Owner, group.Phase == TickPhases.Queued, group.Count));

    private static Task<int> WithdrawAsync(
        DataConnection db, List<string> ids, DateTimeOffset askedAt, DateTimeOffset latest, CancellationToken cancellationToken) =>
        db.GetTable<TickRow>()
            .Where(row => ids.Contains(row.Id)
                && db.GetTable<PersonaStateRow>().Any(state => state.PersonaId == row.PersonaId && state.LastEndedAt >= askedAt && state.LastEndedAt <= latest))
            .DeleteAsync(cancellationToken);

    private static async Task<TickJournal> JournalAsync(DataConnection db, TickId tick, string phase, CancellationToken cancellationToken)
    {
        var turns = await db.RowsAsync<TurnRow>("select * from turns where tick_id = @id order by seq", cancellationToken, ("id", tick.Value));
        var models = await db.RowsAsync<ModelCallRow>("select * from model_calls where tick_id = @id", cancellationToken, ("id", tick.Value));
        var calls = await db.RowsAsync<CallRow>("select * from calls where tick_id = @id", cancellationToken, ("id", tick.Value));
        return new TickJournal(phase, turns, models, calls);
    }
}

/// <summary>The part of a tick's row that its runner needs.</summary>
[Table("ticks")]
internal sealed class TakenRow
{
    [Column("epoch")]
    public long Epoch { get; set; }

    [Column("phase")]
    public string Phase { get; set; } = "";

    [Column("ignores_pause")]
    public bool IgnoresPause { get; set; }

    [Column("persona")]
    public string Persona { get; set; } = "";
}

/// <summary>An open tick that nobody runs.</summary>
internal sealed record OrphanedTick(string Id, string PersonaId, bool IgnoresPause, string? Owner);
