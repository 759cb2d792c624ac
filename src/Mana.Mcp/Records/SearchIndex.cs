using System.Security.Cryptography;
using System.Text;
using LinqToDB.Data;
using Mana.Hosting.Storage;

namespace Mana.Mcp.Records;

/// <summary>What a record is found by.</summary>
/// <param name="Title">What a list of results calls it.</param>
/// <param name="Text">Everything that is searched, the title included.</param>
internal sealed record Searchable(string Title, string Text);

/// <summary>
/// The words of the records: SQLite's FTS5 or a tsvector of PostgreSQL, each as a plain set of terms that we make
/// ourselves, so that both find the same and nothing in a user's words is ever read as syntax.
/// </summary>
/// <remarks>
/// A term begins with the key of the space. A search therefore reads the terms of its own space only, also where it
/// looks for the beginning of a word, however many records others have. Terms: <c>{space}{word}</c>,
/// <c>{space}!{word of the title}</c>, <c>{space}:{module}</c>. Key and word never hold the marks.
/// </remarks>
internal static class SearchIndex
{
    private const string AmongTitles = "title";
    private const string AmongTexts = "text";

    private const char InTitle = '!';
    private const char OfModule = ':';

    // A tsvector holds less than a megabyte; a text of the length that fields allow stays far below.
    private const int MaxBytes = 500_000;

    private const int MaxQueryWords = 16;

    /// <summary>Stores the words of a record in place of those it had.</summary>
    /// <param name="db">The transaction of the record.</param>
    /// <param name="kind">Which database it is.</param>
    /// <param name="row">The record; its <see cref="RecordRow.Seq"/> need not be known.</param>
    /// <param name="searchable">Null when it is not to be found.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public static Task<int> WriteAsync(DataConnection db, DatabaseKind kind, RecordRow row, Searchable? searchable, CancellationToken cancellationToken)
    {
        if (searchable is null)
        {
            return RemoveAsync(db, row.Id, cancellationToken);
        }

        return db.RunAsync(
            kind == DatabaseKind.Sqlite
                ? "insert or replace into record_words (rowid, words) select seq, @words from records where id = @id"
                : """
                  insert into record_words (rowid, words) select seq, array_to_tsvector(string_to_array(@words, ' ')) from records where id = @id
                  on conflict (rowid) do update set words = excluded.words
                  """,
            cancellationToken,
            ("words", string.Join(' ', Terms(row, searchable))), ("id", row.Id));
    }

    /// <summary>Removes the words of a record.</summary>
    public static Task<int> RemoveAsync(DataConnection db, string id, CancellationToken cancellationToken) =>
        db.RunAsync("delete from record_words where rowid = (select seq from records where id = @id)", cancellationToken, ("id", id));

    /// <summary>
    /// The records of a space in which every word occurs, the last word being the beginning of one: first those that
    /// have all of them in the title, and the newest first among equals.
    /// </summary>
    /// <returns>Their numbers with the place of each; they must still be read as records of the space.</returns>
    /// <exception cref="InvalidCursorException">The place to go on behind is none of ours.</exception>
    public static async Task<IReadOnlyList<Cursor>> FindAsync(
        DataConnection db, DatabaseKind kind, string space, IReadOnlyList<string> words, string? module, int limit, Cursor? after, CancellationToken cancellationToken)
    {
        if (after is { OrderKey: not (AmongTitles or AmongTexts) })
        {
            throw new InvalidCursorException();
        }

        if (words.Count == 0)
        {
            return [];
        }

        var key = KeyOf(space);
        var (inTitle, anywhere) = (Query(InTitle.ToString(), null), Query("", module));
        var found = after is { OrderKey: AmongTexts } ? [] : await FindAsync(AmongTitles, Query(InTitle.ToString(), module), limit);
        if (found.Count < limit)
        {
            // Those with the words in the title have them in the text as well.
            found.AddRange(await FindAsync(AmongTexts, kind == DatabaseKind.Sqlite ? $"({anywhere}) NOT ({inTitle})" : $"{anywhere} & !({inTitle})", limit - found.Count));
        }

        return found;

        string Query(string mark, string? inModule)
        {
            var terms = words.Take(MaxQueryWords).Select(word => key + mark + word).ToList();
            var ofModule = inModule is null ? null : key + OfModule + inModule;
            return kind == DatabaseKind.Sqlite ? Fts5Query(terms, ofModule) : TsQuery(terms, ofModule);
        }

        async Task<List<Cursor>> FindAsync(string place, string query, int count)
        {
            var numbers = await db.RowsAsync<long>(
                kind == DatabaseKind.Sqlite
                    ? "select rowid from record_words where record_words match @query and rowid < @before order by rowid desc limit @count"
                    : "select rowid from record_words where words @@ cast(@query as tsquery) and rowid < @before order by rowid desc limit @count",
                cancellationToken,
                ("query", query), ("before", after?.OrderKey == place ? after.Value.Seq : long.MaxValue), ("count", count));
            return [.. numbers.Select(number => new Cursor(place, number))];
        }
    }

    /// <summary>The words of a query, as they are looked for; none when it has no letter or digit.</summary>
    public static IReadOnlyList<string> WordsOf(string query) => [.. SearchText.Words(query).Select(word => word.Folded)];

    // Quoted terms of letters, digits and our marks: no operator of either language can be in them.
    private static string Fts5Query(List<string> terms, string? module) =>
        string.Join(" AND ", terms.Select(term => $"\"{term}\"")) + "*" + (module is null ? "" : $" AND \"{module}\"");

    private static string TsQuery(List<string> terms, string? module) =>
        string.Join(" & ", terms.Select(term => $"'{term}'")) + ":*" + (module is null ? "" : $" & '{module}'");

    private static HashSet<string> Terms(RecordRow row, Searchable searchable)
    {
        var key = KeyOf(row.SpaceId);
        var terms = new HashSet<string>(StringComparer.Ordinal) { key + OfModule + ModuleOf(row.Collection) };
        var bytes = 0;
        Add(key + InTitle, searchable.Title);
        Add(key, searchable.Title);
        Add(key, searchable.Text);
        return terms;

        void Add(string prefix, string text)
        {
            foreach (var word in SearchText.Words(text))
            {
                AddTerm(prefix + word.Folded);
                if (word.Plain != word.Folded)
                {
                    AddTerm(prefix + word.Plain);
                }

                if (bytes > MaxBytes)
                {
                    return;
                }
            }
        }

        void AddTerm(string term) => bytes += terms.Add(term) ? Encoding.UTF8.GetByteCount(term) : 0;
    }

    /// <summary>The module of a collection: the part before the dot.</summary>
    public static string ModuleOf(string collection) => collection[..collection.IndexOf('.', StringComparison.Ordinal)];

    // Only to keep the terms of spaces apart; that a record belongs to the space is asked of the record itself.
    private static string KeyOf(string space) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(space)).AsSpan(0, 8));
}
