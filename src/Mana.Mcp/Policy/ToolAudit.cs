using Mana.Mcp.Access;
using Microsoft.Extensions.Logging;

namespace Mana.Mcp.Policy;

/// <summary>
/// The audit log: one event for each call of a tool and each read of a resource, with who, where, what came of it and
/// what the gate said. Arguments and results are never in it, nor is a name that a caller made up.
/// </summary>
internal sealed partial class ToolAudit(ILogger<ToolAudit> logger)
{
    /// <summary>The tool in an event about one that does not exist.</summary>
    public const string UnknownTool = "unknown";

    /// <summary>The gate was not asked: the call was refused before, or answered from memory.</summary>
    public const string NotJudged = "none";

    public void Called(string tool, Caller caller, string outcome, TimeSpan duration, string decision) =>
        Log.Called(logger, tool, caller.User.Value, caller.Space.Value, outcome, duration.TotalMilliseconds, decision);

    private static partial class Log
    {
        [LoggerMessage(
            EventId = 1,
            EventName = "ToolCall",
            Level = LogLevel.Information,
            Message = "{Tool} for {User} in {Space}: {Outcome} in {DurationMs:0.0} ms, decision {Decision}")]
        public static partial void Called(
            ILogger logger, string tool, string user, string space, string outcome, double durationMs, string decision);
    }
}
