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
/// The way of every call: find its space, check the arguments, ask the policy gate, run, count. Whatever goes wrong is
/// a result with <c>isError</c> that the model can read; nothing of our insides is in it.
/// </summary>
/// <remarks>
/// What a writing call does is one transaction. When it carries an idempotency key, its answer is part of that
/// transaction, and a repeat is answered with it. An error that follows from the arguments and the records is an answer
/// like any other. A denial is none (the gate speaks of this moment, and nothing ran), nor is a fault of ours, a full
/// space or a call that was given up: the repeat runs.
/// </remarks>
internal sealed partial class ToolPipeline(
    SpaceAccess access,
    RecordStore records,
    SpaceQuota quota,
    KeyedAnswers answers,
    CallTurns turns,
    PolicyGate gate,
    ToolMetrics metrics,
    ToolAudit audit,
    McpSettings settings,
    DomainClock clock,
    TimeProvider time,
    ILogger<ToolPipeline> logger)
{
    private const int ShownFaults = 10;

    public async ValueTask<CallToolResult> RunAsync(
        ToolDefinition tool,
        Caller caller,
        IDictionary<string, JsonElement>? arguments,
        string? key,
        ProgressReporter? progress,
        CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var ended = new Ended(ToolOutcome.HandlerError, new CallToolResult());
        try
        {
            var own = SpaceArgument.Take(tool, arguments ?? new Dictionary<string, JsonElement>(), out var space, out var faults);
            if (faults.Count > 0)
            {
                ended = Invalid(tool, faults);
                return ended.Result;
            }

            caller = await access.EnterAsync(caller, tool, space, cancellationToken);
            var call = new Call(tool, caller, own, progress, null);
            ended = key is not null && tool.Writes && settings.HonoursKeys
                ? await RunOnceAsync(call with { Keyed = KeyedCall.Of(caller, key, tool.Name, own) }, cancellationToken)
                : await DecideAndRunAsync(call, cancellationToken);
            return ended.Result;
        }
        catch (SpaceRefusedException e)
        {
            metrics.AccessRefused(e.Reason);
            ended = e.Reason == SpaceRefusedException.UnknownSpace
                ? Invalid(tool, [e.Message])
                : new Ended(ToolOutcome.Denied, Error($"Tool {tool.Name} not allowed: {e.Reason}: {e.Message}"), $"{PolicyDecision.Deny}:{e.Reason}");
            return ended.Result;
        }
        catch (McpProtocolException)
        {
            ended = ended with { Outcome = ToolOutcome.InputInvalid };
            throw;
        }
        catch (RemovedException e)
        {
            return Error($"Tool {tool.Name} failed: {e.Message}");
        }
        catch (AuthUnavailableException e)
        {
            Log.Failed(logger, tool.Name, e);
            return Error($"Tool {tool.Name} failed: mana-auth is not available right now; try again shortly.");
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            ended = ended with { Outcome = ToolOutcome.Cancelled };
            throw;
        }
        catch (Exception e)
        {
            Log.Failed(logger, tool.Name, e);
            return Error($"Tool {tool.Name} failed: an error on our side, not in your arguments; try once more, then go on without it.");
        }
        finally
        {
            var duration = time.GetElapsedTime(started);
            metrics.ToolCalled(tool.Name, ended.Outcome, duration);
            audit.Called(tool.Name, caller, ended.Outcome, duration, ended.Decision);
        }
    }

    private async Task<Ended> RunOnceAsync(Call call, CancellationToken cancellationToken)
    {
        using var turn = await turns.EnterAsync(call.Keyed!, cancellationToken);
        if (await answers.FindAsync(call.Keyed!, cancellationToken) is { } first)
        {
            return new Ended(ToolOutcome.Replayed, first);
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
                return new Ended(ToolOutcome.Replayed, other);
            }

            throw;
        }
    }

    private async Task<Ended> DecideAndRunAsync(Call call, CancellationToken cancellationToken)
    {
        var (tool, caller) = (call.Tool, call.Caller);
        var given = tool.Input.Check(call.Arguments, out var faults);
        if (faults.Count > 0)
        {
            var invalid = Invalid(tool, faults);
            if (gate.Inspect(caller.User, tool, call.Arguments) is { } warning)
            {
                invalid = invalid with { Decision = warning.ToString() };
                AddNote(invalid.Result, warning.Reminder);
            }

            return await RememberAsync(call, invalid, cancellationToken);
        }

        var decision = await gate.JudgeAsync(caller.User, tool, call.Arguments, cancellationToken);
        if (decision.IsDenied)
        {
            return new Ended(
                ToolOutcome.Denied, Error($"Tool {tool.Name} not allowed: {decision.Reason}: {decision.Reminder}"), decision.ToString());
        }

        var judged = settings.PolicyMode == PolicyMode.Off ? ToolAudit.NotJudged : decision.ToString();
        try
        {
            return new Ended(ToolOutcome.Success, await ExecuteAsync(call, given, decision.Reminder, cancellationToken), judged);
        }
        catch (Exception e) when (e is ToolInputException or InvalidCursorException)
        {
            return await RememberAsync(call, Invalid(tool, [e.Message]) with { Decision = judged }, cancellationToken);
        }
        catch (RecordNotFoundException e)
        {
            return await RememberAsync(call, Failed(e) with { Decision = judged }, cancellationToken);
        }
        catch (SpaceFullException e)
        {
            return Failed(e) with { Decision = judged };
        }

        Ended Failed(Exception e) => new(ToolOutcome.HandlerError, Error($"Tool {tool.Name} failed: {e.Message}"));
    }

    private async Task<CallToolResult> ExecuteAsync(Call call, JsonObject given, string? reminder, CancellationToken cancellationToken)
    {
        var (tool, caller) = (call.Tool, call.Caller);
        if (!tool.Writes)
        {
            return Answer(await tool.RunAsync(given, ToolCallIn(records.In(caller.Space, caller.User)), cancellationToken), reminder);
        }

        return await records.ChangeAsync(
            caller.Space,
            caller.User,
            call.Keyed?.Key,
            async (own, session, ct) =>
            {
                var before = await quota.EnterAsync(session, caller.Space, caller.User, ct);
                var answer = Answer(await tool.RunAsync(given, ToolCallIn(own), ct), reminder);
                await quota.CheckAsync(session, caller.Space, before, ct);
                if (call.Keyed is { } keyed)
                {
                    await answers.AddAsync(session, keyed, answer, ct);
                }

                return answer;
            },
            cancellationToken);

        ToolCall ToolCallIn(SpaceRecords own) => new(caller, own, clock, call.Progress);
    }

    // What the call may have changed before it failed is undone already.
    private async Task<Ended> RememberAsync(Call call, Ended refusal, CancellationToken cancellationToken)
    {
        if (call.Keyed is { } keyed)
        {
            await answers.AddAsync(keyed, refusal.Result, cancellationToken);
        }

        return refusal;
    }

    private static CallToolResult Answer(JsonObject output, string? reminder)
    {
        var result = new CallToolResult
        {
            StructuredContent = JsonSerializer.SerializeToElement(output),
            Content = [new TextContentBlock { Text = ToolJson.Text(output) }],
        };
        AddNote(result, reminder);
        return result;
    }

    private static void AddNote(CallToolResult result, string? reminder)
    {
        if (reminder is not null)
        {
            result.Content.Add(new TextContentBlock { Text = "Note: " + reminder });
        }
    }

    private static Ended Invalid(ToolDefinition tool, IReadOnlyList<string> faults)
    {
        var more = faults.Count > ShownFaults ? $" (and {faults.Count - ShownFaults} more)" : "";
        return new Ended(ToolOutcome.InputInvalid, Error($"Invalid input for {tool.Name}: {string.Join(" ", faults.Take(ShownFaults))}{more}"));
    }

    private static CallToolResult Error(string text) => new() { IsError = true, Content = [new TextContentBlock { Text = text }] };

    private sealed record Call(
        ToolDefinition Tool, Caller Caller, IDictionary<string, JsonElement> Arguments, ProgressReporter? Progress, KeyedCall? Keyed);

    private sealed record Ended(string Outcome, CallToolResult Result, string Decision = ToolAudit.NotJudged);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "{Tool} failed")]
        public static partial void Failed(ILogger logger, string tool, Exception exception);
    }
}
