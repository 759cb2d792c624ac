using System.Runtime.CompilerServices;

namespace Mana.Mcp.Records;

/// <summary>Reading more records than a list shows: to add them up, or to choose by what only their content tells.</summary>
internal static class RecordReading
{
    private const int ReadAtOnce = 500;

    /// <summary>All matching records, newest first; they are read page by page, and the limit of the query does not matter.</summary>
    public static async IAsyncEnumerable<Stored<T>> AllAsync<T>(
        this SpaceRecords records, RecordSet<T> set, RecordQuery query, [EnumeratorCancellation] CancellationToken cancellationToken)
        where T : class
    {
        var next = query with { Limit = ReadAtOnce };
        while (true)
        {
            var page = await records.ListAsync(set, next, cancellationToken);
            foreach (var record in page.Items)
            {
                yield return record;
            }

            if (page.NextCursor is null)
            {
                yield break;
            }

            next = next with { Cursor = page.NextCursor };
        }
    }

    /// <summary>Lists records by what only their content tells; newest first, with the limit of the query and from its cursor on.</summary>
    /// <param name="records">The space.</param>
    /// <param name="set">Their kind.</param>
    /// <param name="query">What the store can filter by.</param>
    /// <param name="see">What the reader is shown of a record.</param>
    /// <param name="isWanted">Whether what is shown is wanted.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public static async Task<RecordPage<T>> SelectAsync<T>(
        this SpaceRecords records,
        RecordSet<T> set,
        RecordQuery query,
        Func<Stored<T>, Stored<T>> see,
        Func<Stored<T>, bool> isWanted,
        CancellationToken cancellationToken)
        where T : class
    {
        var shown = new List<Stored<T>>();
        await foreach (var record in records.AllAsync(set, query, cancellationToken))
        {
            var seen = see(record);
            if (!isWanted(seen))
            {
                continue;
            }

            if (shown.Count == query.Limit)
            {
                return new RecordPage<T>(shown, new Cursor(set.OrderKey(shown[^1].Data, shown[^1].CreatedAt), shown[^1].Seq).ToString());
            }

            shown.Add(seen);
        }

        return new RecordPage<T>(shown, null);
    }
}
