using Mana.Hosting;
using Mana.Mcp.Access;
using Mana.Mcp.Records;

namespace Mana.Mcp.Tools;

/// <summary>What a tool may know and use while it runs: the caller, the caller's records, and the time.</summary>
internal sealed class ToolCall(Caller caller, SpaceRecords records, DomainClock clock)
{
    public Caller Caller { get; } = caller;

    /// <summary>The records of the caller's active space; another space cannot be reached from here.</summary>
    public SpaceRecords Records { get; } = records;

    public DateTimeOffset Now { get; } = clock.Now();

    /// <summary>Now, where the caller lives (UTC when unknown).</summary>
    public DateTimeOffset LocalNow => TimeZoneInfo.ConvertTime(Now, Caller.TimeZone);

    /// <summary>Today's date, where the caller lives.</summary>
    public DateOnly Today => DateOnly.FromDateTime(LocalNow.DateTime);
}

/// <summary>The arguments fit the schema but not the world; the message tells the model what to change.</summary>
internal sealed class ToolInputException(string message) : Exception(message);
