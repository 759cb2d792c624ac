using System.Text.Json;
using System.Text.Json.Nodes;
using Mana.Hosting;
using Mana.Mcp.Access;
using Mana.Mcp.Idempotency;
using Mana.Mcp.Policy;
using Mana.Mcp.Records;
using Microsoft.Extensions.Logging;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace Mana.Mcp.Tools;

/// <summary>
/// The way of every call: check the arguments, ask the policy gate, run, count. Whatever goes wrong is a result with
/// <c>isError</c> that the model can read; nothing of our insides is in it.
/// </summary>
/// <remarks>
/// What a writing call does is one transaction. When it carries an idempotency key, its answer is part of that
/// transaction, and a repeat is answered with it. An error that follows from the arguments and the records is an answer
/// like any other. A denial is none (the gate speaks of this moment, and nothing ran), nor is a fault of ours or a
/// call that was given up: the repeat runs.
/// </remarks>
internal sealed partial class ToolPipeline(
    RecordStore records,
    KeyedAnswers answers,
    CallTurns turns,
    PolicyGate gate,
    ToolMetrics metrics,
    McpSettings settings,
    DomainClock clock,
    TimeProvider time,
    ILogger<ToolPipeline> logger)
{
    private const int ShownFaults = 10;

    public async ValueTask<CallToolResult> RunAsync(
        ToolDefinition tool, Caller caller, IDictionary<string, JsonElement>? arguments, string? key, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var outcome = ToolOutcome.HandlerError;
        try
        {
            var call = new Call(tool, caller, arguments ?? new Dictionary<string, JsonElement>(), null);
            (outcome, var result) = key is not null && tool.Writes && settings.HonoursKeys
                ? await RunOnceAsync(call with { Keyed = KeyedCall.Of(caller, key, tool.Name, call.Arguments) }, cancellationToken)
                : await DecideAndRunAsync(call, cancellationToken);
            return result;
        }
        catch (McpProtocolException)
        {
            outcome = ToolOutcome.InputInvalid;
            throw;
        }
        catch (AuthUnavailableException e)
        {
            Log.Failed(logger, tool.Name, e);
            return Error($"Tool {tool.Name} failed: mana-auth is not available right now; try again shortly.");
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            Log.Failed(logger, tool.Name, e);
            return Error($"Tool {tool.Name} failed: an error on our side, not in your arguments; try once more, then go on without it.");
        }
        finally
        {
            var duration = time.GetElapsedTime(started);
            metrics.ToolCalled(tool.Name, outcome, duration);
            Log.Called(logger, tool.Name, caller, outcome, duration.TotalMilliseconds);
        }
    }

    private async Task<(string Outcome, CallToolResult Result)> RunOnceAsync(Call call, CancellationToken cancellationToken)
    {
        using var turn = await turns.EnterAsync(call.Keyed!, cancellationToken);
        if (await answers.FindAsync(call.Keyed!, cancellationToken) is { } first)
        {
            return (ToolOutcome.Replayed, first);
        }

        try
        {
            return await DecideAndRunAsync(call, cancellationToken);
        }
        catch (KeyTakenException)
        {
            // Another process was first, and what we did is undone.
            if (await answers.FindAsync(call.Keyed!, cancellationToken) is { } other)
            {
                return (ToolOutcome.Replayed, other);
            }

            throw;
        }
    }

    private async Task<(string Outcome, CallToolResult Result)> DecideAndRunAsync(Call call, CancellationToken cancellationToken)
    {
        var (tool, caller) = (call.Tool, call.Caller);
        var given = tool.Input.Check(call.Arguments, out var faults);
        if (faults.Count > 0)
        {
            return await RefuseAsync(call, ToolOutcome.InputInvalid, InvalidInput(tool, faults), cancellationToken);
        }

        var decision = gate.Judge(caller.User, tool, JsonSerializer.SerializeToElement(given));
        if (decision.IsDenied)
        {
            return (ToolOutcome.Denied, Error($"Tool {tool.Name} not allowed: {decision.Reason}: {decision.Reminder}"));
        }

        try
        {
            return (ToolOutcome.Success, await ExecuteAsync(call, given, decision.Reminder, cancellationToken));
        }
        catch (Exception e) when (e is ToolInputException or InvalidCursorException)
        {
            return await RefuseAsync(call, ToolOutcome.InputInvalid, InvalidInput(tool, [e.Message]), cancellationToken);
        }
        catch (RecordNotFoundException e)
        {
            return await RefuseAsync(call, ToolOutcome.HandlerError, $"Tool {tool.Name} failed: {e.Message}", cancellationToken);
        }
    }

    private async Task<CallToolResult> ExecuteAsync(Call call, JsonObject given, string? reminder, CancellationToken cancellationToken)
    {
        var (tool, caller) = (call.Tool, call.Caller);
        if (!tool.Writes)
        {
            return Answer(await tool.RunAsync(given, new ToolCall(caller, records.In(caller.Space, caller.User), clock), cancellationToken), reminder);
        }

        return await records.ChangeAsync(
            caller.Space,
            caller.User,
            async (own, session, ct) =>
            {
                var answer = Answer(await tool.RunAsync(given, new ToolCall(caller, own, clock), ct), reminder);
                if (call.Keyed is { } keyed)
                {
                    await answers.AddAsync(session, keyed, answer, ct);
                }

                return answer;
            },
            cancellationToken);
    }

    // What the call may have changed before it failed is undone already.
    private async Task<(string Outcome, CallToolResult Result)> RefuseAsync(
        Call call, string outcome, string text, CancellationToken cancellationToken)
    {
        var answer = Error(text);
        if (call.Keyed is { } keyed)
        {
            await answers.AddAsync(keyed, answer, cancellationToken);
        }

        return (outcome, answer);
    }

    private static CallToolResult Answer(JsonObject output, string? reminder)
    {
        var result = new CallToolResult
        {
            StructuredContent = JsonSerializer.SerializeToElement(output),
            Content = [new TextContentBlock { Text = ToolJson.Text(output) }],
        };
        if (reminder is not null)
        {
            result.Content.Add(new TextContentBlock { Text = "Note: " + reminder });
        }

        return result;
    }

    private static string InvalidInput(ToolDefinition tool, IReadOnlyList<string> faults)
    {
        var more = faults.Count > ShownFaults ? $" (and {faults.Count - ShownFaults} more)" : "";
        return $"Invalid input for {tool.Name}: {string.Join(" ", faults.Take(ShownFaults))}{more}";
    }

    private static CallToolResult Error(string text) => new() { IsError = true, Content = [new TextContentBlock { Text = text }] };

    private sealed record Call(ToolDefinition Tool, Caller Caller, IDictionary<string, JsonElement> Arguments, KeyedCall? Keyed);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Debug, Message = "{Tool} for {Caller}: {Outcome} in {Milliseconds} ms")]
        public static partial void Called(ILogger logger, string tool, Caller caller, string outcome, double milliseconds);

        [LoggerMessage(Level = LogLevel.Error, Message = "{Tool} failed")]
        public static partial void Failed(ILogger logger, string tool, Exception exception);
    }
}
