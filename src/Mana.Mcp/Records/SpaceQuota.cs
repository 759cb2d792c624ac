using System.Globalization;
using LinqToDB.Data;
using LinqToDB.Mapping;
using Mana.Contracts;
using Mana.Hosting;
using Mana.Hosting.Storage;

namespace Mana.Mcp.Records;

/// <summary>
/// What a space holds, deleted records included until they are purged: triggers count along with every row, whoever
/// writes or removes it.
/// </summary>
[Table("space_usage")]
internal sealed class SpaceUsageRow
{
    [PrimaryKey, Column("space_id")]
    public required string SpaceId { get; set; }

    [Column("records")]
    public required long Records { get; set; }

    [Column("bytes")]
    public required long Bytes { get; set; }
}

/// <summary>Keeps each space within its bounds, in the transaction of the call that would leave them.</summary>
internal sealed class SpaceQuota(McpSettings settings, DomainClock clock)
{
    // Enough to make room for any one call; the rest of what is deleted is purged in its own time.
    private const int MadeRoomAtOnce = 200;

    private SpaceBounds Bounds => settings.Bounds;

    /// <summary>
    /// Says what the space holds. On PostgreSQL it also makes the writers of one space wait for each other, in one
    /// order: two calls that each write records of two kinds cannot hold each other up.
    /// </summary>
    /// <exception cref="RemovedException">The space or the author was removed a moment ago.</exception>
    public Task<SpaceUsageRow> EnterAsync(RecordSession session, SpaceId space, UserId author, CancellationToken cancellationToken) =>
        session.WriteAsync((db, ct) => EnterAsync(db, session.Kind, space, author, clock.Now(), ct), cancellationToken);

    /// <inheritdoc cref="EnterAsync(RecordSession, SpaceId, UserId, CancellationToken)"/>
    public static async Task<SpaceUsageRow> EnterAsync(
        DataConnection db, DatabaseKind kind, SpaceId space, UserId author, DateTimeOffset now, CancellationToken cancellationToken)
    {
        // The author's lock comes first, as it does for who removes an author; in one statement, for every call pays for it.
        var usage = kind == DatabaseKind.Sqlite
            ? await LockAsync(db, space, cancellationToken)
            : await LockAsync(db, "select @space, 0, 0 from (select pg_advisory_xact_lock_shared(hashtextextended(@author, 0))) as author", cancellationToken, ("space", space.Value), ("author", author.Value));
        await Removals.CheckAsync(db, space, author, now, cancellationToken);
        return usage;
    }

    /// <summary>Takes the lock of a space that its writers take, too.</summary>
    public static Task<SpaceUsageRow> LockAsync(DataConnection db, SpaceId space, CancellationToken cancellationToken) =>
        LockAsync(db, "values (@space, 0, 0)", cancellationToken, ("space", space.Value));

    /// <summary>
    /// Takes the locks of all these spaces, for who changes records in several: the triggers that count take them as well,
    /// but after the records, and a writer of the space has them the other way round. On SQLite writers never overlap.
    /// </summary>
    /// <param name="db">The transaction.</param>
    /// <param name="kind">Which database it is.</param>
    /// <param name="records">Which records will be changed, as the condition of a query.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <param name="parameters">Of the condition.</param>
    public static async Task LockAllAsync(
        DataConnection db, DatabaseKind kind, string records, CancellationToken cancellationToken, params (string Name, object? Value)[] parameters)
    {
        if (kind == DatabaseKind.PostgreSql)
        {
            await db.RunAsync(
                $"select 1 from space_usage where space_id in (select space_id from records where {records}) order by space_id for update", cancellationToken, parameters);
        }
    }

    private static async Task<SpaceUsageRow> LockAsync(
        DataConnection db, string row, CancellationToken cancellationToken, params (string Name, object? Value)[] parameters) =>
        (await db.RowAsync<SpaceUsageRow>(
            $"""
            insert into space_usage (space_id, records, bytes) {row}
            on conflict (space_id) do update set space_id = excluded.space_id
            returning *
            """,
            cancellationToken,
            parameters))!;

    /// <summary>Checks the bounds after the call has written.</summary>
    /// <exception cref="SpaceFullException">The call would leave the space with more than it may hold; nothing of it may be stored.</exception>
    public Task CheckAsync(RecordSession session, SpaceId space, SpaceUsageRow before, CancellationToken cancellationToken) =>
        session.WriteAsync(
            async (db, ct) =>
            {
                var usage = (await db.RowAsync<SpaceUsageRow>("select * from space_usage where space_id = @space", ct, ("space", space.Value)))!;
                if (!IsTooMuch(usage) || !HasGrown(usage, before))
                {
                    return true;
                }

                // What was deleted goes before anything new is refused.
                await db.RunAsync(
                    """
                    delete from records where seq in (
                        select seq from records where space_id = @space and deleted_at is not null order by deleted_at limit @limit)
                    """,
                    ct,
                    ("space", space.Value), ("limit", MadeRoomAtOnce));
                usage = (await db.RowAsync<SpaceUsageRow>("select * from space_usage where space_id = @space", ct, ("space", space.Value)))!;
                return IsTooMuch(usage) && HasGrown(usage, before) ? throw new SpaceFullException(usage, Bounds) : true;
            },
            cancellationToken);

    private bool IsTooMuch(SpaceUsageRow usage) => usage.Records > Bounds.MaxRecords || usage.Bytes > Bounds.MaxBytes;

    // A space over its bounds, because they were drawn closer, must still be allowed to shrink.
    private static bool HasGrown(SpaceUsageRow usage, SpaceUsageRow before) => usage.Records > before.Records || usage.Bytes > before.Bytes;
}

/// <summary>The space holds all it may.</summary>
internal sealed class SpaceFullException(SpaceUsageRow usage, SpaceBounds bounds) : Exception(
    usage.Records > bounds.MaxRecords
        ? string.Create(CultureInfo.InvariantCulture, $"this space is full: it may hold {bounds.MaxRecords} records. Delete what is no longer needed, or work in another space.")
        : string.Create(CultureInfo.InvariantCulture, $"this space is full: it may hold {bounds.MaxBytes} bytes. Delete or shorten what is no longer needed, or work in another space."));
