using System.Data.Common;
using System.Globalization;
using Mana.Hosting;
using Mana.Hosting.Storage;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Configuration;
using Npgsql;

namespace Mana.Benchmarks;

/// <summary>The database of a service, written past the service: what would take hours call by call.</summary>
internal class DatabaseRows
{
    private readonly DatabaseSettings _database;

    /// <param name="settings">As the service has them.</param>
    /// <param name="service">Its short name: <c>auth</c>, <c>mcp</c>.</param>
    /// <exception cref="BenchException">The settings name no database.</exception>
    protected DatabaseRows(IEnumerable<KeyValuePair<string, string?>> settings, string service)
    {
        var reader = new SettingsReader(new ConfigurationBuilder().AddInMemoryCollection(settings).Build());
        _database = DatabaseSettings.Read(reader, service);
        if (reader.Errors.Count > 0)
        {
            throw new BenchException(string.Join('\n', reader.Errors));
        }
    }

    public DatabaseKind Kind => _database.Kind;

    protected async Task<DbConnection> OpenAsync(CancellationToken cancellationToken)
    {
        DbConnection connection = Kind == DatabaseKind.Sqlite ? new SqliteConnection(_database.ConnectionString) : new NpgsqlConnection(_database.ConnectionString);
        try
        {
            await connection.OpenAsync(cancellationToken);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    protected static async Task RunAsync(DbConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.CommandTimeout = 0;
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    protected static async Task<long> ScalarAsync(DbConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToInt64(await command.ExecuteScalarAsync(cancellationToken), CultureInfo.InvariantCulture);
    }
}
