using LinqToDB.Data;
using Mana.Hosting.Storage;

namespace Mana.Mcp.Records;

/// <summary>
/// Every table that holds rows of an owner, found in the database itself by the name of a column: a table that comes later
/// is emptied and counted with the others.
/// </summary>
internal sealed class OwnedTables
{
    /// <summary>What belongs to a space.</summary>
    public static readonly OwnedTables OfSpace = new("space_id");

    /// <summary>What a user wrote, in whatever space.</summary>
    public static readonly OwnedTables OfAuthor = new("author_id");

    private const string OnSqlite =
        """
        select tables.name from sqlite_master tables join pragma_table_info(tables.name) columns
        where tables.type = 'table' and columns.name = @column order by tables.name
        """;

    private const string OnPostgreSql =
        """
        select columns.table_name from information_schema.columns join information_schema.tables using (table_schema, table_name)
        where table_schema = current_schema() and table_type = 'BASE TABLE' and column_name = @column order by table_name
        """;

    private readonly string _column;

    private OwnedTables(string column) => _column = column;

    /// <summary>Removes all rows of an owner; how many of each table that could hold some.</summary>
    public async Task<IReadOnlyDictionary<string, long>> RemoveAsync(DataConnection db, DatabaseKind kind, string owner, CancellationToken cancellationToken)
    {
        var removed = new SortedDictionary<string, long>(StringComparer.Ordinal);

        // Usage last: the rows of the records count themselves out of it.
        foreach (var table in (await NamesAsync(db, kind, cancellationToken)).OrderBy(name => name == "space_usage"))
        {
            removed[table] = await db.RunAsync($"delete from {table} where {_column} = @owner", cancellationToken, ("owner", owner));
        }

        return removed;
    }

    /// <summary>How many rows each table has of an owner.</summary>
    public async Task<IReadOnlyDictionary<string, long>> CountAsync(DataConnection db, DatabaseKind kind, string owner, CancellationToken cancellationToken)
    {
        var counts = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (var table in await NamesAsync(db, kind, cancellationToken))
        {
            counts[table] = await db.ExecuteAsync<long>(
                $"select count(*) from {table} where {_column} = @owner", cancellationToken, new DataParameter("owner", owner));
        }

        return counts;
    }

    private Task<List<string>> NamesAsync(DataConnection db, DatabaseKind kind, CancellationToken cancellationToken) =>
        db.RowsAsync<string>(kind == DatabaseKind.Sqlite ? OnSqlite : OnPostgreSql, cancellationToken, ("column", _column));
}
