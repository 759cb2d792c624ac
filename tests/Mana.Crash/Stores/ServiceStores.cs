using System.Data.Common;
using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Mana.Crash.Stores;

/// <summary>The databases of the three services, read from outside.</summary>
/// <param name="open">A new connection by the name of the service.</param>
internal sealed class ServiceStores(Func<string, DbConnection> open)
{
    public static ServiceStores OnSqlite(string directory) => new(
        service => new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Path.Combine(directory, service + ".db"), Pooling = false }.ConnectionString));

    public async Task<List<T>> ListAsync<T>(string service, string statement, Func<DbDataReader, T> read, CancellationToken cancellationToken)
    {
        await using var connection = open(service);
        await connection.OpenAsync(cancellationToken);
        return await ListAsync(connection, statement, read, cancellationToken);
    }

    /// <summary>Reads the runner's store as it is at one moment.</summary>
    public async Task<T> RunnerAsync<T>(Func<DbConnection, Task<T>> read, CancellationToken cancellationToken)
    {
        await using var connection = open("runner");
        await connection.OpenAsync(cancellationToken);
        await using var transaction = connection is SqliteConnection sqlite
            ? sqlite.BeginTransaction(deferred: true)
            : await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, cancellationToken);
        return await read(connection);
    }

    public static async Task<List<T>> ListAsync<T>(DbConnection connection, string statement, Func<DbDataReader, T> read, CancellationToken cancellationToken)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = statement;
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<T>();
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(read(reader));
        }

        return rows;
    }
}

/// <summary>Columns of either database.</summary>
internal static class Columns
{
    public static string Text(this DbDataReader row, int column) => row.GetString(column);

    public static string? OptionalText(this DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    public static long Number(this DbDataReader row, int column) => Convert.ToInt64(row.GetValue(column), CultureInfo.InvariantCulture);

    public static long? OptionalNumber(this DbDataReader row, int column) => row.IsDBNull(column) ? null : row.Number(column);
}
