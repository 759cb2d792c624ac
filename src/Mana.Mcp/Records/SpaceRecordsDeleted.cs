using System.Globalization;
using Mana.Hosting.Storage;

namespace Mana.Mcp.Records;

/// <content>What was deleted and is still kept.</content>
internal sealed partial class SpaceRecords
{
    private const string ById = "select * from records where id = @id and space_id = @space";

    /// <summary>
    /// The deleted records of every kind, last deleted first. What was deleted with the record that it belongs to is not
    /// among them: it comes back with that one.
    /// </summary>
    /// <param name="module">Only records of this module; null for all.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="cursor">Go on from here; null for the beginning.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The records, and where the next ones begin (null when these were the last).</returns>
    /// <exception cref="InvalidCursorException">The cursor is none of ours.</exception>
    public Task<(IReadOnlyList<RecordRow> Rows, string? NextCursor)> ListDeletedAsync(
        string? module, int limit, string? cursor, CancellationToken cancellationToken)
    {
        var (time, seq) = (long.MaxValue, long.MaxValue);
        if (cursor is not null && (Cursor.Parse(cursor) is not { } after
            || !long.TryParse(after.OrderKey, NumberStyles.None, CultureInfo.InvariantCulture, out time)
            || (seq = after.Seq) < 0))
        {
            throw new InvalidCursorException();
        }

        return session.ReadAsync<(IReadOnlyList<RecordRow> Rows, string? NextCursor)>(
            async (db, ct) =>
            {
                var rows = await db.RowsAsync<RecordRow>(
                    $"""
                    select * from records where space_id = @space and deleted_at is not null{(module is null ? "" : " and collection like @module")}
                    and (deleted_at < @time or (deleted_at = @time and seq < @seq)) and not exists (
                      select 1 from records whole where whole.id = records.parent_id and whole.space_id = records.space_id and whole.deleted_at <= records.deleted_at)
                    order by deleted_at desc, seq desc limit @limit
                    """,
                    ct,
                    [("space", space), ("time", time), ("seq", seq), ("limit", limit + 1), .. module is null ? Array.Empty<(string, object?)>() : [("module", module + ".%")]]);
                var last = rows.Count > limit ? rows[limit - 1] : null;
                return (
                    rows.Take(limit).ToList(),
                    last is null ? null : new Cursor(last.DeletedAt!.Value.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture), last.Seq).ToString());
            },
            cancellationToken);
    }

    /// <summary>One record of whatever kind, deleted or not.</summary>
    /// <exception cref="RecordNotFoundException">It is not in this space, or not any more.</exception>
    public async Task<RecordRow> GetDeletedOrLiveAsync(string id, CancellationToken cancellationToken) =>
        await session.ReadAsync((db, ct) => db.RowAsync<RecordRow>(ById, ct, ("id", id.ToLowerInvariant()), ("space", space)), cancellationToken)
        ?? throw new RecordNotFoundException("deleted record", id, "trash.list");

    /// <summary>The deleted record to which this one belongs; null when it belongs to none.</summary>
    public async Task<RecordRow?> FindDeletedWholeAsync(RecordRow part, CancellationToken cancellationToken) => part.ParentId is null
        ? null
        : await session.ReadAsync(
            (db, ct) => db.RowAsync<RecordRow>(ById + " and deleted_at is not null", ct, ("id", part.ParentId), ("space", space)), cancellationToken);

    /// <summary>A record that is there now and keeps this one from being there as well (<see cref="RecordSet{T}.Once"/>).</summary>
    public async Task<RecordRow?> FindTwinAsync(RecordRow row, IRecordSet set, CancellationToken cancellationToken)
    {
        if (set.OnceOf(row) is not { } once)
        {
            return null;
        }

        var others = await session.ReadAsync(
            (db, ct) => db.RowsAsync<RecordRow>(
                $"select * from records where space_id = @space and collection = @collection and deleted_at is null and parent_id {(row.ParentId is null ? "is null" : "= @parent")}",
                ct,
                [("space", space), ("collection", row.Collection), .. row.ParentId is null ? Array.Empty<(string, object?)>() : [("parent", row.ParentId)]]),
            cancellationToken);
        return others.Find(other => set.OnceOf(other) == once);
    }

    /// <summary>Brings a record back, with its parts that were deleted along with it.</summary>
    /// <param name="row">The record; one that is not deleted stays as it is.</param>
    /// <param name="searchable">By what a record is found.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>How many came back.</returns>
    public Task<int> RestoreAsync(RecordRow row, Func<RecordRow, Searchable?> searchable, CancellationToken cancellationToken) =>
        session.WriteAsync(
            async (db, ct) =>
            {
                if (row.DeletedAt is not { } deletedAt)
                {
                    return 0;
                }

                // A call that deletes something deletes its parts after it; those that were deleted before stay so.
                var restored = await db.RowsAsync<RecordRow>(
                    """
                    update records set deleted_at = null
                    where space_id = @space and deleted_at is not null and (id = @id or (parent_id = @id and deleted_at >= @since))
                    returning *
                    """,
                    ct,
                    ("space", space), ("id", row.Id), ("since", deletedAt));
                foreach (var one in restored)
                {
                    await SearchIndex.WriteAsync(db, session.Kind, one, searchable(one), ct);
                }

                return restored.Count;
            },
            cancellationToken);
}
