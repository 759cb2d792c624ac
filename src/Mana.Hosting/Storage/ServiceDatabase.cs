using System.Data.Common;
using System.Reflection;
using LinqToDB;
using LinqToDB.Data;
using LinqToDB.DataProvider;
using LinqToDB.DataProvider.PostgreSQL;
using LinqToDB.DataProvider.SQLite;
using LinqToDB.Mapping;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Mana.Hosting.Storage;

/// <summary>
/// The one database of a service: opened, migrated and (on SQLite) locked against a second process. Reads run side
/// by side; writes go through <see cref="WriteAsync{T}"/>, which on SQLite is one queue that commits many callers'
/// work with one disk sync.
/// </summary>
/// <remarks>
/// Times are stored as UTC milliseconds (64-bit integers) on both providers, so that they compare in SQL; the mapping
/// schema converts <see cref="DateTimeOffset"/> both ways.
/// </remarks>
public sealed class ServiceDatabase : IAsyncDisposable
{
    internal static readonly MappingSchema Mapping = CreateMapping();

    private readonly IDataProvider _provider;
    private readonly DataOptions _options = new DataOptions().UseMappingSchema(Mapping);
    private readonly DatabaseSettings _settings;
    private readonly FileStream? _lock;
    private readonly SqliteWriteQueue? _writes;

    private ServiceDatabase(DatabaseSettings settings, FileStream? fileLock)
    {
        _settings = settings;
        _lock = fileLock;
        if (settings.Kind == DatabaseKind.Sqlite)
        {
            _provider = SQLiteTools.GetDataProvider(SQLiteProvider.Microsoft);
            _writes = new SqliteWriteQueue(this);
        }
        else
        {
            _provider = PostgreSQLTools.GetDataProvider(PostgreSQLVersion.v15);
        }
    }

    /// <summary>Which provider this is.</summary>
    public DatabaseKind Kind => _settings.Kind;

    /// <summary>Opens the database, creates it where missing and brings its tables up to date.</summary>
    /// <param name="settings">Where it is.</param>
    /// <param name="migrations">The assembly whose embedded <c>….Migrations.Sqlite.*.sql</c> or <c>….Migrations.PostgreSql.*.sql</c> are applied in name order.</param>
    /// <param name="exclusive">False for a tool that works beside the running service.</param>
    /// <exception cref="ConfigurationException">Another process holds the file, the disk is full or read-only, or the server cannot be reached.</exception>
    public static ServiceDatabase Open(DatabaseSettings settings, Assembly migrations, bool exclusive = true)
    {
        FileStream? fileLock = null;
        if (settings.File is { } file)
        {
            var directory = Path.GetDirectoryName(file)!;
            DataDirectory.Ensure(directory);
            fileLock = exclusive ? Lock(file) : null;

            // SQLite gives its -wal and -shm files the mode of the database.
            DataDirectory.EnsureFile(file);
        }

        var database = new ServiceDatabase(settings, fileLock);
        try
        {
            Migrations.Apply(settings, migrations);
            return database;
        }
        catch (NpgsqlException e)
        {
            throw new ConfigurationException($"The database in {DatabaseSettings.UrlKey} cannot be used: {e.Message}");
        }
        catch
        {
            fileLock?.Dispose();
            throw;
        }
    }

    /// <summary>Runs a query on a connection of its own.</summary>
    public async Task<T> ReadAsync<T>(Func<DataConnection, CancellationToken, Task<T>> query, CancellationToken cancellationToken)
    {
        await using var connection = await ConnectAsync(cancellationToken).ConfigureAwait(false);
        return await query(connection, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Runs the work in a transaction: all of it is stored, or none. When the task completes, the data is on disk.
    /// </summary>
    /// <remarks>
    /// On SQLite the work shares a connection and a transaction with other callers' and must await nothing but the
    /// connection's own calls; an exception undoes this caller's part only.
    /// </remarks>
    public async Task<T> WriteAsync<T>(Func<DataConnection, CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        if (_writes is not null)
        {
            return await _writes.EnqueueAsync(work, cancellationToken).ConfigureAwait(false);
        }

        await using var connection = await ConnectAsync(cancellationToken).ConfigureAwait(false);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        var result = await work(connection, cancellationToken).ConfigureAwait(false);
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        return result;
    }

    /// <inheritdoc cref="WriteAsync{T}"/>
    public Task WriteAsync(Func<DataConnection, CancellationToken, Task> work, CancellationToken cancellationToken) =>
        WriteAsync(
            async (connection, token) =>
            {
                await work(connection, token).ConfigureAwait(false);
                return true;
            },
            cancellationToken);

    /// <summary>
    /// Asks the database for a constant: what <c>/health</c> stands on. After a write that the disk refused it writes as
    /// well, for a full disk can be read like any other.
    /// </summary>
    /// <exception cref="IOException">The SQLite file is gone; connections that are open would go on writing into nothing.</exception>
    public async Task ProbeAsync(CancellationToken cancellationToken)
    {
        if (_settings.File is { } file && !File.Exists(file))
        {
            throw new IOException($"The database file {Path.GetFileName(file)} is gone.");
        }

        await ReadAsync((db, ct) => db.ExecuteAsync("select 1", ct), cancellationToken).ConfigureAwait(false);
        if (_writes?.IsFaulty == true)
        {
            await WriteAsync((db, ct) => db.ExecuteAsync("pragma user_version = 0", ct), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_writes is not null)
        {
            await _writes.DisposeAsync().ConfigureAwait(false);
            ClearPool();
        }
        else
        {
            // The server allows few connections: those of a stopped service must not keep places.
            await using var connection = new NpgsqlConnection(_settings.ConnectionString);
            NpgsqlConnection.ClearPool(connection);
        }

        _lock?.Dispose();
    }

    internal async Task<DataConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        DbConnection connection = _settings.Kind == DatabaseKind.Sqlite
            ? new SqliteConnection(_settings.ConnectionString)
            : new NpgsqlConnection(_settings.ConnectionString);
        try
        {
            await connection.OpenAsync(cancellationToken).ConfigureAwait(false);
            if (connection is SqliteConnection)
            {
                SqlitePragmas.Apply(connection, _settings.IsThrowAway);
            }

            return new DataConnection(_options.UseConnection(_provider, connection, disposeConnection: true));
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>
    /// Undoes an open SQLite transaction whose commit failed. The pool would keep the connection as it is, and the next
    /// writer could not begin.
    /// </summary>
    internal async Task AbandonAsync(DataConnection connection)
    {
        try
        {
            await connection.ExecuteAsync("rollback").ConfigureAwait(false);
        }
        catch (SqliteException)
        {
            // SQLite has rolled back by itself (disk full), or cannot any more: let nobody have this connection again.
            ClearPool();
        }
    }

    private void ClearPool()
    {
        using var connection = new SqliteConnection(_settings.ConnectionString);
        SqliteConnection.ClearPool(connection);
    }

    private static FileStream Lock(string file) =>
        DataDirectory.TryLock(file + ".lock") ?? throw new ConfigurationException(
            $"{Path.GetDirectoryName(file)} is in use by another running instance; stop it, or choose another directory with --data (MANA_DATA).");

    private static MappingSchema CreateMapping()
    {
        var schema = new MappingSchema("mana");
        schema.AddScalarType(typeof(DateTimeOffset), LinqToDB.DataType.Int64);
        schema.SetConverter<DateTimeOffset, DataParameter>(time => new DataParameter(null, time.ToUnixTimeMilliseconds(), LinqToDB.DataType.Int64));
        schema.SetConverter<long, DateTimeOffset>(DateTimeOffset.FromUnixTimeMilliseconds);
        schema.SetValueToSqlConverter(typeof(DateTimeOffset), (sql, _, value) => sql.Append(((DateTimeOffset)value).ToUnixTimeMilliseconds()));
        return schema;
    }
}
