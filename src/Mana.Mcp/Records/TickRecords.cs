using LinqToDB.Data;
using Mana.Contracts;
using Mana.Hosting.Storage;

namespace Mana.Mcp.Records;

/// <summary>
/// What ticks of a runner wrote. A runner names its calls <c>tick/number</c>, and every record knows the call that made it.
/// </summary>
internal sealed class TickRecords(DataConnection db, DatabaseKind kind, IReadOnlyCollection<TickId> ticks)
{
    /// <summary>Removes the records, with all that hangs on them, and the kept answers; how many of each.</summary>
    public async Task<IReadOnlyDictionary<string, long>> RemoveAsync(CancellationToken cancellationToken)
    {
        foreach (var tick in ticks.OrderBy(tick => tick.Value, StringComparer.Ordinal))
        {
            await SpaceQuota.LockAllAsync(db, kind, Made("call_key"), cancellationToken, Range(tick));
        }

        var records = await SumAsync(
            $"""
            with recursive gone(id) as (
              select id from records where {Made("call_key")}
              union
              select part.id from records part join gone on part.parent_id = gone.id)
            delete from records where id in (select id from gone)
            """,
            cancellationToken);
        return Tables(records, await SumAsync($"delete from idempotency_keys where {Made("idempotency_key")}", cancellationToken));
    }

    /// <summary>How much there is of them.</summary>
    public async Task<IReadOnlyDictionary<string, long>> CountAsync(CancellationToken cancellationToken)
    {
        var counts = new List<long>();
        foreach (var (table, column) in new[] { ("records", "call_key"), ("idempotency_keys", "idempotency_key") })
        {
            var count = 0L;
            foreach (var tick in ticks)
            {
                count += (await db.RowsAsync<long>($"select count(*) from {table} where {Made(column)}", cancellationToken, Range(tick)))[0];
            }

            counts.Add(count);
        }

        return Tables(counts[0], counts[1]);
    }

    private async Task<long> SumAsync(string statement, CancellationToken cancellationToken)
    {
        var rows = 0L;
        foreach (var tick in ticks)
        {
            rows += await db.RunAsync(statement, cancellationToken, Range(tick));
        }

        return rows;
    }

    // A range, for an index can find it; by bytes, as the index of PostgreSQL is told to sort.
    private string Made(string column)
    {
        var text = kind == DatabaseKind.PostgreSql ? column + " collate \"C\"" : column;
        return $"{text} >= @from and {text} < @before";
    }

    // The character after the slash is the zero: everything in between begins with the slash.
    private static (string Name, object? Value)[] Range(TickId tick) => [("from", tick.Value + "/"), ("before", tick.Value + "0")];

    private static SortedDictionary<string, long> Tables(long records, long answers) =>
        new(StringComparer.Ordinal) { ["idempotency_keys"] = answers, ["records"] = records };
}
