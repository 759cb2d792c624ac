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
    }
}
