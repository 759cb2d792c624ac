using System.Text.Json;
using Mana.Hosting;
using Mana.Mcp.Access;
using Mana.Mcp.Policy;
using Mana.Mcp.Records;
using Microsoft.Extensions.Logging;
using ModelContextProtocol.Protocol;

namespace Mana.Mcp.Tools;

/// <summary>
/// The way of every call: check the arguments, ask the policy gate, run, count. Whatever goes wrong is a result with
/// <c>isError</c> that the model can read; nothing of our insides is in it.
/// </summary>
internal sealed partial class ToolPipeline(
    RecordStore records, PolicyGate gate, ToolMetrics metrics, DomainClock clock, TimeProvider time, ILogger<ToolPipeline> logger)
{
    private const int ShownFaults = 10;

    public async ValueTask<CallToolResult> RunAsync(
        ToolDefinition tool, Caller caller, IDictionary<string, JsonElement>? arguments, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var outcome = ToolOutcome.HandlerError;
        try
        {
            (outcome, var result) = await DecideAndRunAsync(tool, caller, arguments ?? new Dictionary<string, JsonElement>(), cancellationToken);
            return result;
        }
        finally
        {
            var duration = time.GetElapsedTime(started);
            metrics.ToolCalled(tool.Name, outcome, duration);
            Log.Called(logger, tool.Name, caller, outcome, duration.TotalMilliseconds);
        }
    }

    private async Task<(string Outcome, CallToolResult Result)> DecideAndRunAsync(
        ToolDefinition tool, Caller caller, IDictionary<string, JsonElement> arguments, CancellationToken cancellationToken)
    {
        var given = tool.Input.Check(arguments, out var faults);
        if (faults.Count > 0)
        {
            return (ToolOutcome.InputInvalid, Error(InvalidInput(tool, faults)));
        }

        var decision = gate.Judge(caller.User, tool, JsonSerializer.SerializeToElement(given));
        if (decision.IsDenied)
        {
            return (ToolOutcome.Denied, Error($"Tool {tool.Name} not allowed: {decision.Reason}: {decision.Reminder}"));
        }

        try
        {
            var call = new ToolCall(caller, records.In(caller.Space, caller.User), clock);
            var output = await tool.RunAsync(given, call, cancellationToken);
            var result = new CallToolResult
            {
                StructuredContent = JsonSerializer.SerializeToElement(output),
                Content = [new TextContentBlock { Text = ToolJson.Text(output) }],
            };
            if (decision.Reminder is { } reminder)
            {
                result.Content.Add(new TextContentBlock { Text = "Note: " + reminder });
            }

            return (ToolOutcome.Success, result);
        }
        catch (Exception e) when (e is ToolInputException or InvalidCursorException)
        {
            return (ToolOutcome.InputInvalid, Error(InvalidInput(tool, [e.Message])));
        }
        catch (RecordNotFoundException e)
        {
            return (ToolOutcome.HandlerError, Error($"Tool {tool.Name} failed: {e.Message}"));
        }
        catch (AuthUnavailableException e)
        {
            Log.Failed(logger, tool.Name, e);
            return (ToolOutcome.HandlerError, Error($"Tool {tool.Name} failed: mana-auth is not available right now; try again shortly."));
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            Log.Failed(logger, tool.Name, e);
            return (ToolOutcome.HandlerError, Error($"Tool {tool.Name} failed: an error on our side, not in your arguments; try once more, then go on without it."));
        }
    }

    private static string InvalidInput(ToolDefinition tool, IReadOnlyList<string> faults)
    {
        var more = faults.Count > ShownFaults ? $" (and {faults.Count - ShownFaults} more)" : "";
        return $"Invalid input for {tool.Name}: {string.Join(" ", faults.Take(ShownFaults))}{more}";
    }

    private static CallToolResult Error(string text) => new() { IsError = true, Content = [new TextContentBlock { Text = text }] };

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Debug, Message = "{Tool} for {Caller}: {Outcome} in {Milliseconds} ms")]
        public static partial void Called(ILogger logger, string tool, Caller caller, string outcome, double milliseconds);

        [LoggerMessage(Level = LogLevel.Error, Message = "{Tool} failed")]
        public static partial void Failed(ILogger logger, string tool, Exception exception);
    }
}
