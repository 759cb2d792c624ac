using LinqToDB;
using LinqToDB.Async;
using Mana.Hosting.Storage;
using Mana.Mcp.Records;
using Mana.Mcp.Tools;
using Microsoft.Extensions.DependencyInjection;

namespace Mana.Tests.Mcp;

/// <summary>What only tests of the service's insides may ask.</summary>
internal static class McpTools
{
    extension(McpUnderTest mcp)
    {
        /// <summary>The tools as the host has them.</summary>
        public IReadOnlyList<ToolDefinition> Tools => mcp.Host.Services.GetRequiredService<ToolCatalog>().Tools;

        /// <summary>How many records of a kind are there that are not deleted, whichever space they are in.</summary>
        public Task<int> CountAsync(string collection) => mcp.Host.Services.GetRequiredService<ServiceDatabase>().ReadAsync(
            (db, cancellationToken) => db.GetTable<RecordRow>().CountAsync(row => row.Collection == collection && row.DeletedAt == null, cancellationToken),
            TestContext.Current.CancellationToken);
    }
}
