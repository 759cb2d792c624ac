using System.Buffers;
using System.Text.Json;
using Mana.PersonaRunner.Brains;
using Mana.PersonaRunner.Platform;
using Mana.PersonaRunner.Recording;
using Mana.PersonaRunner.Ticks;
using Microsoft.Extensions.AI;

namespace Mana.PersonaRunner.Conversation;

/// <summary>How the acting ended.</summary>
/// <param name="Closing">The persona's last words; empty when it never closed.</param>
/// <param name="Note">Why it stopped, when it did not close by itself.</param>
internal sealed record ActOutcome(string Closing, string? Note);

/// <summary>
/// The model and the tools in turns, written by hand: every call is stored before it is sent and every model call
/// answered exactly once, whatever happens, so that the history stays valid and the audit complete.
/// </summary>
internal sealed class ToolLoop(
    PersonaConversation conversation, IPersonaTools tools, TickRecorder recorder, Prompts prompts, int maxTurns, TimeProvider time)
{
    private const int MaxParallelCalls = 4;
    private const int MaxCalls = 40;
    private const int MaxOutputLength = 20_000;
    private const int MaxBrokenCallsInARow = 3;
    private const int MaxNameLength = 128;

    private static readonly JsonSerializerOptions Readable = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private int _brokenCallsInARow;
    private PlatformException? _lastBreak;

    /// <summary>Runs until the persona closes its visit or a limit is reached.</summary>
    /// <exception cref="PlatformException">The server could not be reached several times in a row.</exception>
    /// <exception cref="BrainException">The model failed for good.</exception>
    public async Task<ActOutcome> RunAsync(CancellationToken cancellationToken)
    {
        for (var turn = 1; turn <= maxTurns; turn++)
        {
            var response = await conversation.AskAsync("act", ChatToolMode.Auto, cancellationToken);
            var calls = response.Messages.SelectMany(message => message.Contents).OfType<FunctionCallContent>().ToList();
            if (response.FinishReason == ChatFinishReason.ContentFilter)
            {
                // What stands before a refusal may be half a call: nothing of it is carried out, but all of it answered.
                if (calls.Count > 0)
                {
                    conversation.Answer(calls.Select(call => Failed(call, "This call was not made.")));
                }

                return new ActOutcome(response.Text.Trim(), "the model refused to go on");
            }

            if (calls.Count == 0)
            {
                return new ActOutcome(
                    response.Text.Trim(), response.FinishReason == ChatFinishReason.Length ? "the model's closing words were cut off" : null);
            }

            // An answer that was cut off may hold half a call: nothing of it is carried out.
            conversation.Answer(response.FinishReason == ChatFinishReason.Length
                ? [.. calls.Select(call => Failed(call, "Your answer was cut off because it was too long. Send shorter arguments."))]
                : await RunAsync(turn, calls, cancellationToken));
            if (_brokenCallsInARow >= MaxBrokenCallsInARow)
            {
                throw _lastBreak!;
            }
        }

        return new ActOutcome("", $"stopped after {maxTurns} turns");
    }

    private async Task<FunctionResultContent[]> RunAsync(int turn, List<FunctionCallContent> calls, CancellationToken cancellationToken)
    {
        // Stored together and in the model's order before the first is sent; sent side by side.
        using var slots = new SemaphoreSlim(MaxParallelCalls);
        var starts = calls.ConvertAll(call => Prepare(turn, call, slots, cancellationToken));
        await recorder.FlushAsync(cancellationToken);
        return await Task.WhenAll(starts.Select(start => start()));
    }

    /// <summary>Notes the call, where it is one for the server, and returns how to carry it out.</summary>
    private Func<Task<FunctionResultContent>> Prepare(int turn, FunctionCallContent call, SemaphoreSlim slots, CancellationToken cancellationToken)
    {
        if (call.Name == RatingTool.Name)
        {
            return () => Task.FromResult(Failed(call, prompts.RatedTooEarly));
        }

        if (recorder.Calls.Count >= MaxCalls)
        {
            return () => Task.FromResult(Failed(call, $"This visit has used its {MaxCalls} calls; close it now."));
        }

        var tool = conversation.Names.ToMcp(call.Name);
        var name = tool ?? PlainText.Cut(PlainText.Clean(call.Name), MaxNameLength);
        var recorded = recorder.Call(turn, call.CallId, name, tool is not null, Input(call));
        if (recorded.Restored is { } output)
        {
            return () => Task.FromResult(Answer(call, recorded.Result!, output));
        }

        if (recorded.IsInDoubt)
        {
            if (!MayBeRepeated(recorded))
            {
                return () => LeaveInDoubtAsync(call, recorded);
            }

            recorder.Repeat(recorded);
        }

        return () => RunAsync(call, recorded, slots, cancellationToken);
    }

    /// <summary>Whether a call of unknown outcome can be made again without the danger of doing it twice.</summary>
    private bool MayBeRepeated(RecordedCall call) =>
        !call.IsKnown || tools.HonoursKeys || tools.Tools.Any(tool => tool.Name == call.Tool && tool.IsReadOnly);

    private async Task<FunctionResultContent> LeaveInDoubtAsync(FunctionCallContent call, RecordedCall recorded)
    {
        await recorder.ResultAsync(recorded, CallResults.InDoubt, prompts.OutcomeUnknown, TimeSpan.Zero, CancellationToken.None);
        return Failed(call, prompts.OutcomeUnknown);
    }

    private static FunctionResultContent Answer(FunctionCallContent call, string result, string text) =>
        result == CallResults.Ok ? new FunctionResultContent(call.CallId, text) : Failed(call, text);

    private async Task<FunctionResultContent> RunAsync(FunctionCallContent call, RecordedCall recorded, SemaphoreSlim slots, CancellationToken cancellationToken)
    {
        await slots.WaitAsync(cancellationToken);
        try
        {
            var start = time.GetTimestamp();
            var (result, output) = await CallAsync(call, recorded, cancellationToken);
            var text = Bounded(PlainText.Clean(output));

            // Not cancellable: what the tool did is known now, also when the time is up.
            await recorder.ResultAsync(recorded, result, text, time.GetElapsedTime(start), CancellationToken.None);
            return Answer(call, result, text);
        }
        finally
        {
            slots.Release();
        }
    }

    private async Task<(string Result, string Text)> CallAsync(FunctionCallContent call, RecordedCall recorded, CancellationToken cancellationToken)
    {
        if (!recorded.IsKnown)
        {
            return (CallResults.Error, $"There is no tool {recorded.Tool}. Use one of the tools that you were given.");
        }

        if (call.Exception is not null)
        {
            return (CallResults.Error, "The arguments were not valid JSON; send them again.");
        }

        try
        {
            var arguments = call.Arguments is { } given ? new Dictionary<string, object?>(given, StringComparer.Ordinal) : [];
            var result = await SendAsync(recorded, arguments, cancellationToken);
            Interlocked.Exchange(ref _brokenCallsInARow, 0);
            return (result.IsError ? CallResults.Error : CallResults.Ok, result.Text);
        }
        catch (Exception e) when (e is PlatformException or InvalidOperationException or ArgumentException)
        {
            if (e is not PlatformException && !CanBeSent(call))
            {
                // A lone surrogate, for instance: it can be read from JSON but not be written again.
                return (CallResults.Error, "The arguments hold text that is not valid Unicode; send them again without it.");
            }

            var broken = e as PlatformException ?? new PlatformException(TickStages.Mcp, $"the MCP client failed ({e.GetType().Name})", e);
            _lastBreak = broken;
            Interlocked.Increment(ref _brokenCallsInARow);
            var text = "The app did not answer: " + broken.Message;
            return MayBeRepeated(recorded) || IsRefusal(broken) ? (CallResults.Error, text) : (CallResults.InDoubt, $"{text}. {prompts.OutcomeUnknown}");
        }
    }

    /// <summary>Sends the call; where the answer was lost on the way and a repetition is safe, it is asked for once more.</summary>
    private async Task<ToolResult> SendAsync(RecordedCall call, Dictionary<string, object?> arguments, CancellationToken cancellationToken)
    {
        var key = $"{recorder.Id}/{call.Seq}";
        try
        {
            return await tools.CallAsync(call.Tool, arguments, key, cancellationToken);
        }
        catch (PlatformException e) when (!IsRefusal(e) && tools.HonoursKeys && !cancellationToken.IsCancellationRequested)
        {
            return await tools.CallAsync(call.Tool, arguments, key, cancellationToken);
        }
    }

    /// <summary>The server answered and said no, or not now: the call was not carried out.</summary>
    private static bool IsRefusal(PlatformException e) => e.StatusCode is (>= 400 and < 500 and not 408) or 503;

    private static FunctionResultContent Failed(FunctionCallContent call, string text) =>
        new(call.CallId, text) { Exception = new ToolCallException(text) };

    private static string Bounded(string text)
    {
        if (text.Length <= MaxOutputLength)
        {
            return text;
        }

        var end = PlainText.Boundary(text, MaxOutputLength);
        return $"{text[..end]}\n[cut: {text.Length - end} more characters]";
    }

    private static bool CanBeSent(FunctionCallContent call)
    {
        try
        {
            foreach (var element in (call.Arguments?.Values ?? []).OfType<JsonElement>())
            {
                JsonSerializer.SerializeToUtf8Bytes(element, AIJsonUtilities.DefaultOptions.GetTypeInfo(typeof(JsonElement)));
            }

            return true;
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            return false;
        }
    }

    private static JsonElement Input(FunctionCallContent call)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            foreach (var (name, value) in call.Arguments ?? new Dictionary<string, object?>())
            {
                json.WritePropertyName(name);
                if (value is JsonElement element)
                {
                    WriteReadable(json, element);
                }
                else
                {
                    JsonSerializer.Serialize(json, value, AIJsonUtilities.DefaultOptions);
                }
            }

            json.WriteEndObject();
        }

        return JsonElement.Parse(buffer.WrittenSpan);
    }

    private static void WriteReadable(Utf8JsonWriter json, JsonElement element)
    {
        string readable;
        try
        {
            // Umlauts as umlauts, whatever escapes the model's side used: people read this.
            readable = JsonSerializer.Serialize(element, Readable);
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            // Text that is not valid Unicode is kept as the model sent it.
            readable = element.GetRawText();
        }

        json.WriteRawValue(readable, skipInputValidation: true);
    }
}

/// <summary>Marks a tool result as an error on its way to the model; the message is what the model reads.</summary>
internal sealed class ToolCallException(string message) : Exception(message);
