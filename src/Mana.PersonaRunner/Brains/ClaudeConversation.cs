using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Mana.PersonaRunner.Brains;

/// <summary>What an assistant message of Claude's keeps for its way back: the blocks as they came.</summary>
internal sealed record ClaudeTurn(JsonElement Content);

/// <summary>Renders the conversation: user and tool messages as one user turn, results first, as the API demands.</summary>
internal static class ClaudeConversation
{
    public static void Write(Utf8JsonWriter json, IReadOnlyList<ChatMessage> messages)
    {
        var turns = Turns(messages);
        json.WriteStartArray("messages");
        for (var i = 0; i < turns.Count; i++)
        {
            json.WriteStartObject();
            json.WriteString("role", turns[i].IsAssistant ? "assistant" : "user");
            json.WriteStartArray("content");
            if (turns[i].IsAssistant)
            {
                WriteAssistant(json, turns[i].Messages);
            }
            else
            {
                WriteUser(json, turns[i].Messages, isLast: i == turns.Count - 1);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static List<Turn> Turns(IReadOnlyList<ChatMessage> messages)
    {
        var turns = new List<Turn>();
        foreach (var message in messages)
        {
            if (message.Role == ChatRole.System || IsEmpty(message))
            {
                // The API refuses an empty message, even one that its own model made.
                continue;
            }

            var isAssistant = message.Role == ChatRole.Assistant;
            if (turns.Count == 0 || turns[^1].IsAssistant != isAssistant)
            {
                turns.Add(new Turn(isAssistant, []));
            }

            turns[^1].Messages.Add(message);
        }

        return turns;
    }

    private static bool IsEmpty(ChatMessage message) => message.RawRepresentation is ClaudeTurn turn
        ? turn.Content.EnumerateArray().All(IsEmptyText)
        : message.Contents.All(content => content is not (FunctionCallContent or FunctionResultContent)
            && (content is TextContent { Text: var text } ? string.IsNullOrWhiteSpace(text) : !Refused(content)));

    private static bool IsEmptyText(JsonElement block) =>
        block.TryGetProperty("type", out var type) && type.ValueEquals("text")
        && block.TryGetProperty("text", out var text) && string.IsNullOrWhiteSpace(text.GetString());

    // Leaving out what cannot be sent would change what the persona saw; usage and reasoning are no part of that.
    private static bool Refused(AIContent content) => content is UsageContent or TextReasoningContent
        ? false
        : throw new NotSupportedException($"The Claude brain cannot send a {content.GetType().Name}.");

    private static void WriteAssistant(Utf8JsonWriter json, List<ChatMessage> messages)
    {
        foreach (var message in messages)
        {
            if (message.RawRepresentation is ClaudeTurn turn)
            {
                foreach (var block in turn.Content.EnumerateArray().Where(block => !IsEmptyText(block)))
                {
                    block.WriteTo(json);
                }

                continue;
            }

            foreach (var content in message.Contents)
            {
                switch (content)
                {
                    case TextContent { Text: var text } when !string.IsNullOrWhiteSpace(text):
                        WriteText(json, text.TrimEnd(), cache: false);
                        break;
                    case FunctionCallContent call:
                        WriteCall(json, call);
                        break;
                }
            }
        }
    }

    private static void WriteCall(Utf8JsonWriter json, FunctionCallContent call)
    {
        json.WriteStartObject();
        json.WriteString("type", "tool_use");
        json.WriteString("id", call.CallId);
        json.WriteString("name", call.Name);
        json.WriteStartObject("input");
        foreach (var (name, value) in call.Arguments ?? new Dictionary<string, object?>())
        {
            json.WritePropertyName(name);
            Element(value).WriteTo(json);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteUser(Utf8JsonWriter json, List<ChatMessage> messages, bool isLast)
    {
        var contents = messages.SelectMany(message => message.Contents).ToList();
        var results = contents.OfType<FunctionResultContent>().ToList();
        var texts = contents.OfType<TextContent>().Where(text => !string.IsNullOrWhiteSpace(text.Text)).ToList();
        for (var i = 0; i < results.Count; i++)
        {
            WriteResult(json, results[i], cache: isLast && texts.Count == 0 && i == results.Count - 1);
        }

        for (var i = 0; i < texts.Count; i++)
        {
            WriteText(json, texts[i].Text, cache: isLast && i == texts.Count - 1);
        }
    }

    private static void WriteText(Utf8JsonWriter json, string text, bool cache)
    {
        json.WriteStartObject();
        json.WriteString("type", "text");
        json.WriteString("text", text);
        if (cache)
        {
            ClaudeRequest.WriteCacheControl(json);
        }

        json.WriteEndObject();
    }

    private static void WriteResult(Utf8JsonWriter json, FunctionResultContent result, bool cache)
    {
        var text = Text(result.Result);
        json.WriteStartObject();
        json.WriteString("type", "tool_result");
        json.WriteString("tool_use_id", result.CallId);
        if (result.Exception is { } exception)
        {
            json.WriteBoolean("is_error", true);
            text = FirstWithText(text, exception.Message) ?? "The tool failed and gave no reason.";
        }

        json.WriteString("content", text);
        if (cache)
        {
            ClaudeRequest.WriteCacheControl(json);
        }

        json.WriteEndObject();
    }

    private static string? FirstWithText(params ReadOnlySpan<string> texts)
    {
        foreach (var text in texts)
        {
            if (!string.IsNullOrWhiteSpace(text))
            {
                return text;
            }
        }

        return null;
    }

    private static string Text(object? result) => result switch
    {
        null => "",
        string text => text,
        TextContent content => content.Text,
        IEnumerable<AIContent> contents => string.Join('\n', contents.OfType<TextContent>().Select(content => content.Text)),
        JsonElement { ValueKind: JsonValueKind.String } element => element.GetString()!,
        JsonElement element => element.GetRawText(),
        _ => Element(result).GetRawText(),
    };

    private static JsonElement Element(object? value) => value switch
    {
        JsonElement element => element,
        _ => JsonSerializer.SerializeToElement(value, AIJsonUtilities.DefaultOptions.GetTypeInfo(value?.GetType() ?? typeof(object))),
    };

    private sealed record Turn(bool IsAssistant, List<ChatMessage> Messages);
}
