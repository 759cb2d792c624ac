using System.Data.Common;
using System.Globalization;

namespace Mana.Tests.Mcp.Idempotency;

/// <summary>mana-mcp on a database into which the test can look, and which it can hold up and break.</summary>
/// <param name="Mcp">The service.</param>
/// <param name="Open">Makes a connection of the test's own.</param>
/// <param name="HoldWrites">Statements after which no write of the service can go on until they are rolled back.</param>
/// <param name="RefuseKeys">A statement after which no idempotency key can be stored.</param>
/// <param name="AllowKeys">Its opposite.</param>
internal sealed record StoreUnderTest(
    McpUnderTest Mcp, Func<DbConnection> Open, string HoldWrites, string RefuseKeys, string AllowKeys) : IAsyncDisposable
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public Task<long> RecordsAsync() => CountAsync("select count(*) from records");

    public Task<long> KeysAsync() => CountAsync("select count(*) from idempotency_keys");

    public async Task<long> CountAsync(string query)
    {
        await using var connection = Open();
        await connection.OpenAsync(Cancellation);
        await using var command = connection.CreateCommand();
        command.CommandText = query;
        return Convert.ToInt64(await command.ExecuteScalarAsync(Cancellation), CultureInfo.InvariantCulture);
    }

    public async Task RunAsync(string statement)
    {
        await using var connection = Open();
        await connection.OpenAsync(Cancellation);
        await RunAsync(connection, statement);
    }

    /// <summary>Lets no write through until the result is disposed of.</summary>
    public async Task<IAsyncDisposable> HoldWritesAsync()
    {
        var connection = Open();
        await connection.OpenAsync(Cancellation);
        await RunAsync(connection, HoldWrites);
        return new Hold(connection);
    }

    public ValueTask DisposeAsync() => Mcp.DisposeAsync();

    private static async Task RunAsync(DbConnection connection, string statement)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = statement;
        await command.ExecuteNonQueryAsync(Cancellation);
    }

    private sealed class Hold(DbConnection connection) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await RunAsync(connection, "rollback");
            await connection.DisposeAsync();
        }
    }
}
