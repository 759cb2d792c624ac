using LinqToDB.Data;

namespace Mana.Hosting.Storage;

/// <summary>
/// Counts what a purge is to remove before and after it, within its transaction: the proof that nothing is left. What is
/// counted is fixed beforehand, so that rows cannot hide behind others that are gone.
/// </summary>
public sealed class CountedPurge
{
    private readonly List<(string Table, string Where, (string Name, object? Value)[] Parameters)> _counted = [];
    private readonly Dictionary<string, long> _before = new(StringComparer.Ordinal);

    /// <summary>How many rows there were, by table; in the order in which the tables were named.</summary>
    public IReadOnlyDictionary<string, long> Deleted { get; private set; } = new Dictionary<string, long>();

    /// <summary>How many are left.</summary>
    public IReadOnlyDictionary<string, long> Remaining { get; private set; } = new Dictionary<string, long>();

    /// <summary>Adds rows of a table whose column is one of the values; several for one table must not overlap.</summary>
    public CountedPurge Of(string table, string column, params IReadOnlyCollection<string> values)
    {
        foreach (var chunk in values.Chunk(200))
        {
            var names = string.Join(", ", Enumerable.Range(0, chunk.Length).Select(i => $"@v{i}"));
            _counted.Add((table, $"{column} in ({names})", [.. chunk.Select((value, i) => ($"v{i}", (object?)value))]));
        }

        if (values.Count == 0)
        {
            _counted.Add((table, "1 = 0", []));
        }

        return this;
    }

    /// <summary>Counts, removes what was named, in the order in which it was named, and counts again.</summary>
    /// <param name="db">In a transaction.</param>
    /// <param name="also">What else is to be done between the counts.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    public async Task RunAsync(DataConnection db, Func<Task> also, CancellationToken cancellationToken)
    {
        await CountAsync(db, _before, cancellationToken).ConfigureAwait(false);
        await also().ConfigureAwait(false);
        foreach (var (table, where, parameters) in _counted)
        {
            await db.RunAsync($"delete from {table} where {where}", cancellationToken, parameters).ConfigureAwait(false);
        }

        var after = new Dictionary<string, long>(StringComparer.Ordinal);
        await CountAsync(db, after, cancellationToken).ConfigureAwait(false);
        Remaining = after;
        Deleted = _before.ToDictionary(pair => pair.Key, pair => pair.Value - after[pair.Key], StringComparer.Ordinal);
    }

    private async Task CountAsync(DataConnection db, Dictionary<string, long> counts, CancellationToken cancellationToken)
    {
        foreach (var (table, where, parameters) in _counted)
        {
            var rows = await db.RowsAsync<long>($"select count(*) from {table} where {where}", cancellationToken, parameters).ConfigureAwait(false);
            counts[table] = counts.GetValueOrDefault(table) + rows[0];
        }
    }
}
