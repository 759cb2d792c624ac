using LinqToDB;
using LinqToDB.Async;
using Mana.Hosting.Storage;

namespace Mana.Mcp.Records;

/// <content>Records whose kind does not matter: to search all of them, and to point at one.</content>
internal sealed partial class SpaceRecords
{
    /// <summary>One record of whatever kind.</summary>
    /// <exception cref="RecordNotFoundException">It is not in this space, or deleted.</exception>
    public async Task<RecordRow> GetAnyAsync(string id, CancellationToken cancellationToken) =>
        await FindAnyAsync([id.ToLowerInvariant()], 1, cancellationToken) is [var row]
            ? row
            : throw new RecordNotFoundException("record", id, "search.everything or the list tool of its module");

    /// <summary>The records of whatever kind that have these ids and are not deleted: at most so many, in the order of the ids.</summary>
    public Task<IReadOnlyList<RecordRow>> FindAnyAsync(IReadOnlyList<string> ids, int limit, CancellationToken cancellationToken) =>
        session.ReadAsync<IReadOnlyList<RecordRow>>(
            async (db, ct) =>
            {
                var found = new List<RecordRow>();
                foreach (var some in ids.Chunk(FilteredBatch))
                {
                    var rows = await db.GetTable<RecordRow>().Where(row => some.Contains(row.Id)).ToDictionaryAsync(row => row.Id, ct);
                    found.AddRange(some.Select(id => rows.GetValueOrDefault(id)).OfType<RecordRow>().Where(row => row.SpaceId == space && row.DeletedAt is null));
                    if (found.Count >= limit)
                    {
                        break;
                    }
                }

                return [.. found.Take(limit)];
            },
            cancellationToken);

    /// <summary>The records of every kind, the last one that came first.</summary>
    /// <param name="before">Only those that came before this number.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public Task<IReadOnlyList<RecordRow>> ListAnyAsync(long before, int limit, CancellationToken cancellationToken) =>
        session.ReadAsync<IReadOnlyList<RecordRow>>(
            async (db, ct) => await db.RowsAsync<RecordRow>(
                "select * from records where space_id = @space and deleted_at is null and seq < @before order by seq desc limit @limit",
                ct,
                ("space", space), ("before", before), ("limit", limit)),
            cancellationToken);

    /// <summary>
    /// Finds records of every kind in which all these words occur (<see cref="SearchIndex.FindAsync"/>): the best first.
    /// </summary>
    /// <param name="words">From <see cref="SearchIndex.WordsOf"/>.</param>
    /// <param name="module">Only records of this module.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="cursor">Go on from here; null for the beginning.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The records, and where the next ones begin (null when these were the last).</returns>
    /// <exception cref="InvalidCursorException">The cursor is none of ours.</exception>
    public Task<(IReadOnlyList<RecordRow> Rows, string? NextCursor)> SearchAsync(
        IReadOnlyList<string> words, string? module, int limit, string? cursor, CancellationToken cancellationToken) =>
        session.ReadAsync<(IReadOnlyList<RecordRow> Rows, string? NextCursor)>(
            async (db, ct) =>
            {
                var after = cursor is null ? (Cursor?)null : Cursor.Parse(cursor) ?? throw new InvalidCursorException();
                var places = await SearchIndex.FindAsync(db, session.Kind, space, words, module, limit + 1, after, ct);
                var found = places.Take(limit).Select(place => place.Seq).ToList();

                // By number alone: with the space in the query, SQLite would rather read the whole space.
                var rows = await db.GetTable<RecordRow>().Where(row => found.Contains(row.Seq)).ToDictionaryAsync(row => row.Seq, ct);
                return (
                    [.. found.Select(seq => rows.GetValueOrDefault(seq)).OfType<RecordRow>().Where(row => row.SpaceId == space && row.DeletedAt is null)],
                    places.Count > limit ? places[limit - 1].ToString() : null);
            },
            cancellationToken);
}
