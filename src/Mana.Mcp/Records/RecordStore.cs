using Mana.Contracts;
using Mana.Hosting;
using Mana.Hosting.Storage;
using Mana.Mcp.Storage;

namespace Mana.Mcp.Records;

/// <summary>The records of all spaces. Tools never see it: they are handed the <see cref="SpaceRecords"/> of their caller.</summary>
internal sealed class RecordStore(ServiceDatabase database, DomainClock clock)
{
    /// <summary>The records of one space, to be read.</summary>
    public SpaceRecords In(SpaceId space, UserId author) => In(space, author, new RecordSession(database, null));

    /// <summary>
    /// Runs work that may change the records of one space on behalf of one author, in one transaction: all of it is
    /// stored, or nothing.
    /// </summary>
    /// <param name="space">The space.</param>
    /// <param name="author">The author.</param>
    /// <param name="callKey">The idempotency key of the call; null where it has none.</param>
    /// <param name="work">
    /// Must await nothing but the records and the session, which is the transaction: on SQLite every other writer waits for it.
    /// </param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public Task<T> ChangeAsync<T>(
        SpaceId space, UserId author, string? callKey, Func<SpaceRecords, RecordSession, CancellationToken, Task<T>> work, CancellationToken cancellationToken) =>
        database.WriteAsync(
            (db, ct) =>
            {
                var session = new RecordSession(database, db, callKey);
                return work(In(space, author, session), session, ct);
            },
            cancellationToken);

    /// <summary>Removes every row of a space, deleted records and kept answers too, and counts what is left of it.</summary>
    public Task<SpaceRemoval> RemoveSpaceAsync(SpaceId space, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async (db, ct) =>
            {
                await SpaceQuota.LockAsync(db, space, ct);
                await Removals.NoteAsync(db, space.Value, clock.Now(), ct);
                var deleted = await OwnedTables.OfSpace.RemoveAsync(db, database.Kind, space.Value, ct);
                var left = (await OwnedTables.OfSpace.CountAsync(db, database.Kind, space.Value, ct)).Values.Sum();
                return new SpaceRemoval(left == 0, (int)deleted["records"], left);
            },
            cancellationToken);

    /// <summary>Removes what a user wrote, in whatever space, and counts what is left.</summary>
    public Task<PurgeResponse> RemoveAuthorAsync(UserId author, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async (db, ct) =>
            {
                if (database.Kind == DatabaseKind.PostgreSql)
                {
                    // After every call of the author that was let in already, and before any other, which finds the note.
                    await db.RunAsync("select pg_advisory_xact_lock(hashtextextended(@author, 0))", ct, ("author", author.Value));
                    await SpaceQuota.LockAllAsync(db, database.Kind, "author_id = @author", ct, ("author", author.Value));
                    await SharedCallRates.ForgetAsync(db, author, ct);
                }

                await Removals.NoteAsync(db, author.Value, clock.Now(), ct);
                var deleted = await OwnedTables.OfAuthor.RemoveAsync(db, database.Kind, author.Value, ct);
                var left = await OwnedTables.OfAuthor.CountAsync(db, database.Kind, author.Value, ct);
                return new PurgeResponse(left.Values.Sum() == 0, deleted, left);
            },
            cancellationToken);

    /// <summary>
    /// Removes what ticks made: the records of calls whose idempotency key begins with a tick's id and a slash, with what
    /// hangs on them, and the answers that are kept of these calls. What they changed in other records stays changed.
    /// </summary>
    public Task<PurgeResponse> RemoveTicksAsync(IReadOnlyCollection<TickId> ticks, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async (db, ct) =>
            {
                var written = new TickRecords(db, database.Kind, ticks);
                var deleted = await written.RemoveAsync(ct);
                var left = await written.CountAsync(ct);
                return new PurgeResponse(left.Values.Sum() == 0, deleted, left);
            },
            cancellationToken);

    private SpaceRecords In(SpaceId space, UserId author, RecordSession session) => new(session, clock, space.Value, author.Value);
}
