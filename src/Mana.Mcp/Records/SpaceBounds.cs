using Mana.Hosting;

namespace Mana.Mcp.Records;

/// <summary>How much a space may hold, and how long what was deleted stays.</summary>
/// <param name="MaxRecords"><c>MCP_MAX_RECORDS_PER_SPACE</c>; 100000 by default.</param>
/// <param name="MaxBytes"><c>MCP_MAX_BYTES_PER_SPACE</c>; 256 MiB by default.</param>
/// <param name="KeepDeleted"><c>MCP_KEEP_DELETED_DAYS</c>; 30 days by default.</param>
internal sealed record SpaceBounds(int MaxRecords, int MaxBytes, TimeSpan KeepDeleted)
{
    public static SpaceBounds Read(SettingsReader settings) => new(
        settings.PositiveInt("MCP_MAX_RECORDS_PER_SPACE", 100_000),
        settings.PositiveInt("MCP_MAX_BYTES_PER_SPACE", 256 * 1024 * 1024),
        TimeSpan.FromDays(settings.PositiveInt("MCP_KEEP_DELETED_DAYS", 30)));
}
