using Mana.Tests.Mcp;
using Mana.Tests.Mcp.Modules;

namespace Mana.EndToEnd.Mcp;

/// <summary>Bringing back what was deleted, on PostgreSQL.</summary>
public sealed class PostgresTrashTests(PostgresFixture postgres) : TrashSuite
{
    private protected override async Task<McpUnderTest> StartAsync(params (string Key, string? Value)[] settings)
    {
        var database = await (await postgres.ClusterAsync()).CreateDatabaseAsync(TestContext.Current.CancellationToken);
        return await McpUnderTest.StartAsync([.. settings, ("DATABASE_URL", database)]);
    }
}
