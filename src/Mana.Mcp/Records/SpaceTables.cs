using LinqToDB.Data;
using Mana.Hosting.Storage;

namespace Mana.Mcp.Records;

/// <summary>
/// Every table that holds rows of spaces, found in the database itself by its column <c>space_id</c>: a table that comes
/// later is emptied and counted with the others.
/// </summary>
internal static class SpaceTables
{
    private const string OnSqlite =
        """
        select tables.name from sqlite_master tables join pragma_table_info(tables.name) columns
        where tables.type = 'table' and columns.name = 'space_id' order by tables.name
        """;

    private const string OnPostgreSql =
        """
        select columns.table_name from information_schema.columns join information_schema.tables using (table_schema, table_name)
        where table_schema = current_schema() and table_type = 'BASE TABLE' and column_name = 'space_id' order by table_name
        """;

    /// <summary>Removes all rows of a space; the number of those that were records.</summary>
    public static async Task<int> RemoveAsync(DataConnection db, DatabaseKind kind, string space, CancellationToken cancellationToken)
    {
        var records = 0;

        // Usage last: the rows of the records count themselves out of it.
        foreach (var table in (await NamesAsync(db, kind, cancellationToken)).OrderBy(name => name == "space_usage"))
        {
            var removed = await db.RunAsync($"delete from {table} where space_id = @space", cancellationToken, ("space", space));
            records += table == "records" ? removed : 0;
        }

        return records;
    }

    /// <summary>How many rows each table has of a space; tables without any are left out.</summary>
    public static async Task<IReadOnlyDictionary<string, long>> CountAsync(
        DataConnection db, DatabaseKind kind, string space, CancellationToken cancellationToken)
    {
        var counts = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (var table in await NamesAsync(db, kind, cancellationToken))
        {
            var rows = await db.ExecuteAsync<long>(
                $"select count(*) from {table} where space_id = @space", cancellationToken, new DataParameter("space", space));
            if (rows > 0)
            {
                counts.Add(table, rows);
            }
        }

        return counts;
    }

    private static Task<List<string>> NamesAsync(DataConnection db, DatabaseKind kind, CancellationToken cancellationToken) =>
        db.RowsAsync<string>(kind == DatabaseKind.Sqlite ? OnSqlite : OnPostgreSql, cancellationToken);
}
