using Mana.Hosting;
using Mana.Mcp.Access;
using Mana.Mcp.Records;

namespace Mana.Mcp.Tools;

/// <summary>What a tool may know and use while it runs: the caller, the caller's records, and the time.</summary>
internal sealed class ToolCall(Caller caller, SpaceRecords records, DomainClock clock, ProgressReporter? progress = null)
{
    public Caller Caller { get; } = caller;

    /// <summary>The records of the caller's active space; another space cannot be reached from here.</summary>
    public SpaceRecords Records { get; } = records;

    public DateTimeOffset Now { get; } = clock.Now();

    /// <summary>Now, where the caller lives (UTC when unknown).</summary>
    public DateTimeOffset LocalNow => TimeZoneInfo.ConvertTime(Now, Caller.TimeZone);

    /// <summary>Today's date, where the caller lives.</summary>
    public DateOnly Today => DateOnly.FromDateTime(LocalNow.DateTime);

    /// <summary>
    /// Tells a client that asked for it how far the call is; it costs nothing where nobody asked. For tools that take
    /// longer than a moment.
    /// </summary>
    /// <param name="done">How much is done; each time more than before.</param>
    /// <param name="total">How much there is to do, where that is known.</param>
    /// <param name="message">What is being done, in a few words.</param>
    public void ReportProgress(double done, double? total = null, string? message = null) => progress?.Report(done, total, message);
}

/// <summary>The arguments fit the schema but not the world; the message tells the model what to change.</summary>
internal sealed class ToolInputException(string message) : Exception(message);
