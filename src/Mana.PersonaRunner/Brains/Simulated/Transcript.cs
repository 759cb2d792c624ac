using System.Text.Json;
using System.Text.RegularExpressions;
using Mana.PersonaRunner.Platform;
using Microsoft.Extensions.AI;

namespace Mana.PersonaRunner.Brains.Simulated;

/// <summary>One tool call of the conversation, with what came back.</summary>
internal sealed class PastCall(FunctionCallContent content, SimulatedTool? tool, int turn)
{
    public string ToolName { get; } = content.Name;

    public SimulatedTool? Tool { get; } = tool;

    public string Module { get; } = tool?.Module ?? content.Name.Split('_')[0];

    public string ModuleKey => SimulatedTool.Key(Module);

    /// <summary>The number of the assistant message that made it.</summary>
    public int Turn { get; } = turn;

    public IReadOnlyDictionary<string, JsonElement> Arguments { get; } = (content.Arguments ?? new Dictionary<string, object?>())
        .Where(argument => argument.Value is JsonElement)
        .ToDictionary(argument => argument.Key, argument => (JsonElement)argument.Value!);

    public bool IsAnswered { get; private set; }

    public bool IsError { get; private set; }

    public string ResultText { get; private set; } = "";

    /// <summary>It looked for something and found nothing.</summary>
    public bool IsDeadEnd { get; private set; }

    public JsonElement? Result { get; private set; }

    public void Answer(FunctionResultContent content)
    {
        IsAnswered = true;
        (ResultText, Result) = ToolResults.Read(content.Result);
        if (content.Exception is { } exception)
        {
            IsError = true;
            ResultText = ResultText.Length > 0 ? ResultText : exception.Message;
            Result = null;
        }

        IsDeadEnd = !IsError && Tool?.Kind == ToolKind.Look && Result is { } result && ToolResults.IsEmpty(result);
    }

    /// <summary>The ids that this call named.</summary>
    public IEnumerable<string> Ids() =>
        Arguments
            .Where(argument => Tool?.Parameters.Any(parameter => parameter.IsId && parameter.Name == argument.Key) ?? RecordIds.Stem(argument.Key) is not null)
            .SelectMany(argument => argument.Value.ValueKind == JsonValueKind.Array ? argument.Value.EnumerateArray().Select(id => id.ToString()) : [argument.Value.ToString()]);
}

/// <summary>What the persona remembers of this tick: only what stands in the messages.</summary>
internal sealed class Transcript
{
    private readonly List<PastCall> _calls = [];

    public Transcript(IEnumerable<ChatMessage> messages, IReadOnlyDictionary<string, SimulatedTool> tools)
    {
        var open = new Dictionary<string, PastCall>();
        foreach (var message in messages)
        {
            if (message.Role == ChatRole.Assistant)
            {
                var calls = message.Contents.OfType<FunctionCallContent>().ToList();
                HasClosed |= calls.Count == 0;
                foreach (var content in calls)
                {
                    var call = new PastCall(content, tools.GetValueOrDefault(content.Name), Turns);
                    open[content.CallId] = call;
                    _calls.Add(call);
                }

                Turns++;
            }
            else if (message.Role == ChatRole.User && message.Text is { Length: > 0 } text)
            {
                UserTexts.Add(text);
            }

            foreach (var result in message.Contents.OfType<FunctionResultContent>())
            {
                if (open.TryGetValue(result.CallId, out var call))
                {
                    call.Answer(result);
                }
            }
        }

        // The runner's own tool is no part of the product.
        _calls.RemoveAll(call => call.ToolName == Conversation.RatingTool.Name);
        foreach (var call in _calls.Where(call => call.IsAnswered))
        {
            Learn(call);
        }
    }

    public IReadOnlyList<PastCall> Calls => _calls;

    /// <summary>How many assistant messages there are.</summary>
    public int Turns { get; }

    /// <summary>The persona already said its closing words.</summary>
    public bool HasClosed { get; }

    public List<string> UserTexts { get; } = [];

    public KnownRecords Known { get; } = new();

    public IEnumerable<PastCall> Of(string moduleKey) => _calls.Where(call => call.ModuleKey == moduleKey && call.IsAnswered);

    /// <summary>The errors that the module's last answers were, without a success between.</summary>
    public int ErrorsInARow(string moduleKey) => Of(moduleKey).Reverse().TakeWhile(call => call.IsError).Count();

    private void Learn(PastCall call)
    {
        if (call.IsError)
        {
            if (ErrorReading.Of(call).Kind == ErrorKind.NotFound)
            {
                ForgetAll(call);
            }
        }
        else if (call.Tool?.Kind == ToolKind.Remove)
        {
            ForgetAll(call);
        }
        else if (call.Result is { } result && !call.Arguments.ContainsKey(SharedSpace.Argument))
        {
            // Records of another space would not be found in the persona's own.
            Known.Learn(call.ModuleKey, result);
        }
    }

    private void ForgetAll(PastCall call)
    {
        foreach (var id in call.Ids())
        {
            Known.Forget(id);
        }
    }
}

/// <summary>Tool results in the shapes in which they travel: plain text, JSON, or a whole MCP result.</summary>
internal static partial class ToolResults
{
    public static (string Text, JsonElement? Json) Read(object? result) => result switch
    {
        null => ("", null),
        string text => (text, Parse(text)),
        JsonElement { ValueKind: JsonValueKind.String } json => Read(json.GetString()),
        JsonElement json => (json.GetRawText(), Unwrap(json)),
        TextContent content => Read(content.Text),
        IEnumerable<AIContent> contents => Read(string.Join('\n', contents.OfType<TextContent>().Select(content => content.Text))),
        _ => Read(result.ToString()),
    };

    public static bool IsEmpty(JsonElement result) => result.ValueKind switch
    {
        JsonValueKind.Array => result.GetArrayLength() == 0,
        JsonValueKind.Object => result.EnumerateObject().Where(property => property.Value.ValueKind == JsonValueKind.Array).Select(property => property.Value.GetArrayLength()).DefaultIfEmpty(1).Sum() == 0,
        _ => false,
    };

    private static JsonElement? Parse(string text)
    {
        var trimmed = text.AsSpan().Trim();
        if (trimmed.Length == 0 || trimmed[0] is not ('{' or '['))
        {
            return null;
        }

        try
        {
            return Unwrap(JsonElement.Parse(text));
        }
        catch (JsonException)
        {
            // A long result may have been cut short on its way here; the ids before the cut are still good.
            var ids = Id().Matches(text).Select(match => $"{{\"id\":{match.Groups[1].Value}}}");
            return JsonElement.Parse($"[{string.Join(',', ids)}]");
        }
    }

    private static JsonElement Unwrap(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            return json;
        }

        if (json.TryGetProperty("structuredContent", out var structured) && structured.ValueKind == JsonValueKind.Object)
        {
            return structured;
        }

        if (json.TryGetProperty("content", out var blocks)
            && blocks.ValueKind == JsonValueKind.Array
            && blocks.GetArrayLength() > 0
            && blocks[0].ValueKind == JsonValueKind.Object
            && blocks[0].TryGetProperty("text", out var text)
            && text.ValueKind == JsonValueKind.String)
        {
            return Parse(text.GetString()!) ?? json;
        }

        return json;
    }

    [GeneratedRegex("\"id\"\\s*:\\s*(\"[^\"\\\\]+\")")]
    private static partial Regex Id();
}
