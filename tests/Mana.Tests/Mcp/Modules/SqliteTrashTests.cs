namespace Mana.Tests.Mcp.Modules;

/// <summary>On SQLite.</summary>
public sealed class SqliteTrashTests : TrashSuite
{
    private protected override Task<McpUnderTest> StartAsync(params (string Key, string? Value)[] settings) => McpUnderTest.StartAsync(settings);
}
