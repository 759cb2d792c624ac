using System.Runtime.CompilerServices;
using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;
using Mana.Hosting;
using Mana.Hosting.Storage;

namespace Mana.Mcp.Records;

/// <summary>
/// The records of one space: there is no way to name another one here. What was written is seen by every later read.
/// </summary>
internal sealed partial class SpaceRecords(RecordSession session, DomainClock clock, string space, string author)
{
    private const int FilteredBatch = 100;

    // Enough to find by what is meant; what holds the very text is found without a bound.
    private const int FoundByWords = 500;

    private const string Live = " where id = @id and space_id = @space and collection = @collection and deleted_at is null";

    /// <summary>Stores a new record.</summary>
    /// <param name="set">Its kind.</param>
    /// <param name="make">Makes it from its position: the number of records of this kind that the space had before, deleted ones too.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public Task<Stored<T>> CreateAsync<T>(RecordSet<T> set, Func<int, T> make, CancellationToken cancellationToken)
        where T : class =>
        session.WriteAsync(
            async (db, ct) =>
            {
                var position = await TakePositionAsync(db, set.Collection, ct);
                var now = clock.Now();
                var data = make(position);
                var row = new RecordRow
                {
                    Id = Guid.NewGuid().ToString(),
                    SpaceId = space,
                    Collection = set.Collection,
                    AuthorId = author,
                    Visibility = "space",
                    ParentId = set.Parent(data),
                    State = set.State(data),
                    OrderKey = set.OrderKey(data, now),
                    SearchText = Searched(set, data),
                    CallKey = session.CallKey,
                    Data = set.Write(data),
                    CreatedAt = now,
                    UpdatedAt = now,
                };
                await db.AddRowAsync(row, ct);
                if (set.SearchableOf(data) is { } searchable)
                {
                    await SearchIndex.WriteAsync(db, session.Kind, row, searchable, ct);
                }

                return set.Read(row);
            },
            cancellationToken);

    /// <summary>Reads one record.</summary>
    /// <exception cref="RecordNotFoundException">It is not in this space, of another kind, or deleted.</exception>
    public async Task<Stored<T>> GetAsync<T>(RecordSet<T> set, string id, CancellationToken cancellationToken)
        where T : class =>
        await session.ReadAsync((db, ct) => db.RowAsync<RecordRow>("select * from records" + Live, ct, LiveKey(set, id)), cancellationToken) is { } row
            ? set.Read(row)
            : throw NotFound(set, id);

    /// <summary>Changes one record.</summary>
    /// <exception cref="RecordNotFoundException">It is not in this space, of another kind, or deleted.</exception>
    public Task<Stored<T>> UpdateAsync<T>(RecordSet<T> set, string id, Func<T, T> change, CancellationToken cancellationToken)
        where T : class =>
        session.WriteAsync(
            async (db, ct) =>
            {
                // The first write takes the row's lock on PostgreSQL: two changes of different fields must not undo each other.
                var row = await db.RowAsync<RecordRow>(
                    $"update records set updated_at = @now{Live} returning *", ct, [("now", clock.Now()), .. LiveKey(set, id)]) ?? throw NotFound(set, id);
                var before = set.Read(row).Data;
                var data = change(before);
                row.ParentId = set.Parent(data);
                row.State = set.State(data);
                row.OrderKey = set.OrderKey(data, row.CreatedAt);
                row.SearchText = Searched(set, data);
                row.Data = set.Write(data);
                await db.RunAsync(
                    """
                    update records set parent_id = @parent, state = @state, order_key = @order, search_text = @search, data = @data
                    where seq = @seq
                    """,
                    ct,
                    ("parent", row.ParentId), ("state", row.State), ("order", row.OrderKey), ("search", row.SearchText), ("data", row.Data), ("seq", row.Seq));
                var searchable = set.SearchableOf(data);
                if (searchable != set.SearchableOf(before))
                {
                    await SearchIndex.WriteAsync(db, session.Kind, row, searchable, ct);
                }

                return set.Read(row);
            },
            cancellationToken);

    /// <summary>Deletes one record softly: it stays stored, but no tool but those of the trash sees it any more.</summary>
    /// <exception cref="RecordNotFoundException">It is not in this space, of another kind, or deleted already.</exception>
    public Task DeleteAsync<T>(RecordSet<T> set, string id, CancellationToken cancellationToken)
        where T : class =>
        session.WriteAsync(
            async (db, ct) =>
            {
                if (await db.RunAsync($"update records set deleted_at = @now{Live}", ct, [("now", clock.Now()), .. LiveKey(set, id)]) == 0)
                {
                    throw NotFound(set, id);
                }

                await SearchIndex.RemoveAsync(db, id.ToLowerInvariant(), ct);
                return true;
            },
            cancellationToken);

    /// <summary>Deletes all records of a kind that belong to another record, as softly as that one, and after it: so they come back with it.</summary>
    public Task DeletePartsAsync<T>(RecordSet<T> set, string parentId, CancellationToken cancellationToken)
        where T : class =>
        session.WriteAsync(
            async (db, ct) =>
            {
                // In two statements, however many they are: every other writer waits meanwhile.
                const string Parts = " where parent_id = @parent and space_id = @space and collection = @collection and deleted_at is null";
                (string Name, object? Value)[] which = [("parent", parentId), ("space", space), ("collection", set.Collection)];
                await db.RunAsync($"delete from record_words where rowid in (select seq from records{Parts})", ct, which);
                return await db.RunAsync($"update records set deleted_at = @now{Parts}", ct, [("now", clock.Now()), .. which]);
            },
            cancellationToken);

    /// <summary>Lists records, newest first unless the query says otherwise.</summary>
    /// <exception cref="InvalidCursorException">The cursor is none of ours.</exception>
    public async Task<RecordPage<T>> ListAsync<T>(RecordSet<T> set, RecordQuery query, CancellationToken cancellationToken)
        where T : class
    {
        var cursor = CursorOf(query);
        var rows = await ReadRowsAsync(set, query, cursor, query.Limit + 1, cancellationToken);
        return Page([.. rows.Select(row => (row, set.Read(row)))], query.Limit);
    }

    /// <summary>Lists the records that also meet a condition which the database does not know.</summary>
    /// <exception cref="InvalidCursorException">The cursor is none of ours.</exception>
    public async Task<RecordPage<T>> ListAsync<T>(RecordSet<T> set, RecordQuery query, Func<T, bool> condition, CancellationToken cancellationToken)
        where T : class
    {
        var cursor = CursorOf(query);
        var batch = query.Limit + 1;
        var found = new List<(RecordRow Row, Stored<T> Record)>();
        while (true)
        {
            var rows = await ReadRowsAsync(set, query, cursor, batch, cancellationToken);
            found.AddRange(rows.Select(row => (Row: row, Record: set.Read(row))).Where(read => condition(read.Record.Data)));
            if (rows.Count < batch || found.Count > query.Limit)
            {
                break;
            }

            // Few meet the condition: the next look is a larger one.
            cursor = new Cursor(rows[^1].OrderKey, rows[^1].Seq);
            batch = Math.Max(batch, FilteredBatch);
        }

        return Page(found, query.Limit);
    }

    /// <summary>The next number of a counter of the space: 1, 2, 3 …, without a gap as long as what uses it is never deleted.</summary>
    /// <param name="counter">Its name, in the form of a collection.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public Task<int> NextNumberAsync(string counter, CancellationToken cancellationToken) =>
        session.WriteAsync(async (db, ct) => 1 + await TakePositionAsync(db, counter, ct), cancellationToken);

    /// <summary>Reads all records that match, <see cref="RecordQuery.Limit"/> at a time, for as long as somebody asks for more.</summary>
    public async IAsyncEnumerable<Stored<T>> ReadAllAsync<T>(
        RecordSet<T> set, RecordQuery query, [EnumeratorCancellation] CancellationToken cancellationToken)
        where T : class
    {
        string? cursor = null;
        do
        {
            var page = await ListAsync(set, query with { Cursor = cursor }, cancellationToken);
            foreach (var record in page.Items)
            {
                yield return record;
            }

            cursor = page.NextCursor;
        }
        while (cursor is not null);
    }

    /// <summary>How many records match.</summary>
    public Task<int> CountAsync<T>(RecordSet<T> set, RecordQuery query, CancellationToken cancellationToken)
        where T : class =>
        session.ReadAsync(async (db, ct) => await Matching(db, set, query, null, await FindWordsAsync(db, set, query, ct)).CountAsync(ct), cancellationToken);

    // One statement on both databases, and on PostgreSQL it holds the row's lock: no two records get the same position.
    private Task<int> TakePositionAsync(DataConnection db, string collection, CancellationToken cancellationToken) =>
        db.ExecuteAsync<int>(
            """
            insert into record_counters (space_id, collection, created) values (@space, @collection, 1)
            on conflict (space_id, collection) do update set created = record_counters.created + 1
            returning created - 1
            """,
            cancellationToken,
            new DataParameter("space", space),
            new DataParameter("collection", collection));

    /// <summary>
    /// The records that the index finds for a searched text: who has no umlauts on the keyboard, or names two words that
    /// stand apart, finds them as well. None where nothing is searched, or more than words: who writes a sign means it.
    /// </summary>
    private async Task<IReadOnlyList<long>> FindWordsAsync<T>(DataConnection db, RecordSet<T> set, RecordQuery query, CancellationToken cancellationToken)
        where T : class =>
        query.Search is { Length: > 0 } search && search.All(character => char.IsLetterOrDigit(character) || char.IsWhiteSpace(character))
            ? [.. (await SearchIndex.FindAsync(db, session.Kind, space, SearchIndex.WordsOf(search), SearchIndex.ModuleOf(set.Collection), FoundByWords, null, cancellationToken)).Select(place => place.Seq)]
            : [];

    private IQueryable<RecordRow> Matching<T>(DataConnection db, RecordSet<T> set, RecordQuery query, Cursor? cursor, IReadOnlyList<long> byWords)
        where T : class
    {
        var rows = db.GetTable<RecordRow>().Where(row => row.SpaceId == space && row.Collection == set.Collection && row.DeletedAt == null);
        if (query.State is { } state)
        {
            rows = rows.Where(row => row.State == state);
        }

        if (query.ParentId is { } parent)
        {
            rows = rows.Where(row => row.ParentId == parent);
        }

        if (query.Search is { Length: > 0 } search)
        {
            var folded = Records.SearchText.Fold(search);
            rows = byWords.Count == 0
                ? rows.Where(row => row.SearchText!.Contains(folded))
                : rows.Where(row => row.SearchText!.Contains(folded) || byWords.Contains(row.Seq));
        }

        if (query.From is { } from)
        {
            rows = rows.Where(row => row.OrderKey.CompareTo(from) >= 0);
        }

        if (query.Before is { } before)
        {
            rows = rows.Where(row => row.OrderKey.CompareTo(before) < 0);
        }

        if (cursor is var (key, seq))
        {
            rows = query.IsAscending
                ? rows.Where(row => row.OrderKey.CompareTo(key) > 0 || (row.OrderKey == key && row.Seq > seq))
                : rows.Where(row => row.OrderKey.CompareTo(key) < 0 || (row.OrderKey == key && row.Seq < seq));
        }

        return rows;
    }

    private Task<List<RecordRow>> ReadRowsAsync<T>(RecordSet<T> set, RecordQuery query, Cursor? cursor, int count, CancellationToken cancellationToken)
        where T : class =>
        session.ReadAsync(
            async (db, ct) => await Ordered(Matching(db, set, query, cursor, await FindWordsAsync(db, set, query, ct)), query.IsAscending).Take(count).ToListAsync(ct),
            cancellationToken);

    private static Cursor? CursorOf(RecordQuery query) =>
        query.Cursor is null ? null : Cursor.Parse(query.Cursor) ?? throw new InvalidCursorException();

    private static RecordPage<T> Page<T>(List<(RecordRow Row, Stored<T> Record)> found, int limit) =>
        new(
            [.. found.Take(limit).Select(read => read.Record)],
            found.Count > limit ? new Cursor(found[limit - 1].Row.OrderKey, found[limit - 1].Row.Seq).ToString() : null);

    private static IQueryable<RecordRow> Ordered(IQueryable<RecordRow> rows, bool isAscending) =>
        isAscending
            ? rows.OrderBy(row => row.OrderKey).ThenBy(row => row.Seq)
            : rows.OrderByDescending(row => row.OrderKey).ThenByDescending(row => row.Seq);

    private (string Name, object? Value)[] LiveKey<T>(RecordSet<T> set, string id)
        where T : class => [("id", id.ToLowerInvariant()), ("space", space), ("collection", set.Collection)];

    private static string? Searched<T>(RecordSet<T> set, T data)
        where T : class =>
        set.Searched(data) is { } text ? Records.SearchText.Fold(text) : null;

    private static RecordNotFoundException NotFound<T>(RecordSet<T> set, string id)
        where T : class => new(set.Noun, id, set.FoundBy);
}
