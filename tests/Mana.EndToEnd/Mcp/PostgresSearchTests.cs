using System.Collections.Concurrent;
using System.Globalization;
using Mana.Tests.Mcp;
using Mana.Tests.Mcp.Modules;
using Npgsql;

namespace Mana.EndToEnd.Mcp;

/// <summary>The search on PostgreSQL.</summary>
public sealed class PostgresSearchTests(PostgresFixture postgres) : SearchSuite
{
    private readonly ConcurrentDictionary<McpUnderTest, string> _connections = new();

    private protected override async Task<McpUnderTest> StartAsync()
    {
        var cluster = await postgres.ClusterAsync();
        var database = await cluster.CreateDatabaseAsync(Cancellation);
        var mcp = await McpUnderTest.StartAsync(("POLICY_MODE", "off"), ("DATABASE_URL", database));
        _connections[mcp] = cluster.ConnectionString(database, "mana_mcp");
        return mcp;
    }

    private protected override async Task RunAsync(McpUnderTest mcp, string statement)
    {
        await using var connection = await OpenAsync(mcp);
        await using var command = new NpgsqlCommand(statement, connection);
        await command.ExecuteNonQueryAsync(Cancellation);
    }

    private protected override async Task<long> CountAsync(McpUnderTest mcp, string from)
    {
        await using var connection = await OpenAsync(mcp);
        await using var command = new NpgsqlCommand($"select count(*) from {from}", connection);
        return Convert.ToInt64(await command.ExecuteScalarAsync(Cancellation), CultureInfo.InvariantCulture);
    }

    private async Task<NpgsqlConnection> OpenAsync(McpUnderTest mcp)
    {
        var connection = new NpgsqlConnection(_connections[mcp]);
        await connection.OpenAsync(Cancellation);
        return connection;
    }
}
