using System.Text;
using LinqToDB.Data;
using LinqToDB.Mapping;

namespace Mana.Hosting.Storage;

/// <summary>
/// Statements of fixed text, for what runs on every tick. linq2db makes the text of an expression anew at each
/// execution (measured: 35 to 110 µs and 20 to 55 KB, where SQLite itself needs 5 µs), which was most of the cost of a
/// tick. Everything else is better written as an expression.
/// </summary>
/// <remarks>Parameters are written <c>@name</c>; the text must suit both databases.</remarks>
public static class PlainSql
{
    // Far below the limits of both databases on parameters, whatever the table.
    private const int RowsPerInsert = 50;

    /// <summary>Runs a statement; the number of rows that it touched.</summary>
    public static Task<int> RunAsync(
        this DataConnection db, string sql, CancellationToken cancellationToken, params ReadOnlySpan<(string Name, object? Value)> parameters) =>
        db.ExecuteAsync(sql, cancellationToken, Convert(parameters));

    /// <summary>The rows of a query whose columns are named as those of <typeparamref name="T"/>.</summary>
    public static Task<List<T>> RowsAsync<T>(
        this DataConnection db, string sql, CancellationToken cancellationToken, params ReadOnlySpan<(string Name, object? Value)> parameters) =>
        db.QueryToListAsync<T>(sql, cancellationToken, Convert(parameters));

    /// <summary>The first row of a query, or null.</summary>
    public static async Task<T?> RowAsync<T>(
        this DataConnection db, string sql, CancellationToken cancellationToken, params (string Name, object? Value)[] parameters)
        where T : class =>
        (await db.RowsAsync<T>(sql, cancellationToken, parameters).ConfigureAwait(false)) is [var row, ..] ? row : null;

    /// <summary>Inserts a row.</summary>
    public static Task<int> AddRowAsync<T>(this DataConnection db, T row, CancellationToken cancellationToken)
        where T : class =>
        db.AddRowsAsync([row], cancellationToken);

    /// <summary>Inserts rows, many with one statement.</summary>
    public static Task<int> AddRowsAsync<T>(this DataConnection db, IReadOnlyList<T> rows, CancellationToken cancellationToken)
        where T : class =>
        InsertAsync(db, rows, "", cancellationToken);

    /// <summary>Inserts the rows that are not there yet; the number of those.</summary>
    public static Task<int> AddNewRowsAsync<T>(this DataConnection db, IReadOnlyList<T> rows, CancellationToken cancellationToken)
        where T : class =>
        InsertAsync(db, rows, " on conflict do nothing", cancellationToken);

    private static async Task<int> InsertAsync<T>(DataConnection db, IReadOnlyList<T> rows, string onConflict, CancellationToken cancellationToken)
        where T : class
    {
        var written = 0;
        foreach (var chunk in rows.Chunk(RowsPerInsert))
        {
            var parameters = new DataParameter[chunk.Length * Inserted<T>.Columns.Length];
            var sql = new StringBuilder(Inserted<T>.Head);
            var next = 0;
            foreach (var row in chunk)
            {
                sql.Append(next == 0 ? "(" : ", (");
                foreach (var column in Inserted<T>.Columns)
                {
                    var name = $"p{next}";
                    sql.Append(ReferenceEquals(column, Inserted<T>.Columns[0]) ? "@" : ", @").Append(name);
                    parameters[next++] = new DataParameter(name, column.GetProviderValue(row), column.DataType);
                }

                sql.Append(')');
            }

            written += await db.ExecuteAsync(sql.Append(onConflict).ToString(), cancellationToken, parameters).ConfigureAwait(false);
        }

        return written;
    }

    private static DataParameter[] Convert(ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        var converted = new DataParameter[parameters.Length];
        for (var i = 0; i < parameters.Length; i++)
        {
            var (name, value) = parameters[i];
            converted[i] = value is DateTimeOffset time
                ? new DataParameter(name, time.ToUnixTimeMilliseconds(), LinqToDB.DataType.Int64)
                : new DataParameter(name, value);
        }

        return converted;
    }

    /// <summary>What every insert into one table has in common.</summary>
    private static class Inserted<T>
    {
        public static readonly ColumnDescriptor[] Columns;
        public static readonly string Head;

        static Inserted()
        {
            var table = ServiceDatabase.Mapping.GetEntityDescriptor(typeof(T));
            Columns = [.. table.Columns.Where(column => !column.IsIdentity && !column.SkipOnInsert)];
            Head = $"insert into {table.Name.Name} ({string.Join(", ", Columns.Select(column => column.ColumnName))}) values ";
        }
    }
}
