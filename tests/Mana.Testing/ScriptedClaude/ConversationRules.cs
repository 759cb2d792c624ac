using System.Text.Json;
using System.Text.RegularExpressions;

namespace Mana.Testing;

/// <summary>What the API demands of the conversation: roles, blocks, and every call answered in the next message.</summary>
internal static partial class ConversationRules
{
    private static readonly HashSet<string> MessageFields = ["role", "content"];
    private static readonly HashSet<string> TextFields = ["type", "text", "cache_control", "citations"];
    private static readonly HashSet<string> ToolUseFields = ["type", "id", "name", "input", "cache_control", "caller", "toolset_name"];
    private static readonly HashSet<string> ToolResultFields = ["type", "tool_use_id", "content", "is_error", "cache_control", "toolset_name"];

    public static void Check(JsonElement messages, bool hasTools)
    {
        if (messages.GetArrayLength() == 0)
        {
            throw ApiError.Invalid("messages: at least one message is required");
        }

        var turns = new List<Turn>();
        var index = 0;
        var last = messages.GetArrayLength() - 1;
        foreach (var message in messages.EnumerateArray())
        {
            var (role, blocks) = CheckMessage(message, index, index == last);
            if (turns.Count > 0 && turns[^1].Role == role)
            {
                // Consecutive messages of one role are one turn to the API.
                turns[^1].Blocks.AddRange(blocks);
            }
            else
            {
                turns.Add(new Turn(role, index, blocks));
            }

            index++;
        }

        if (turns[0].Role != "user")
        {
            throw ApiError.Invalid("messages: first message must use the \"user\" role");
        }

        CheckPairs(turns, hasTools);
        if (turns[^1] is { Role: "assistant", Blocks: [.., { } final] } && final.Type == "text" && char.IsWhiteSpace(final.Text[^1]))
        {
            throw ApiError.Invalid("messages: final assistant content cannot end with trailing whitespace");
        }
    }

    public static void CheckTextBlock(JsonElement block, string path, string owner)
    {
        if (block.ValueKind != JsonValueKind.Object || !block.TryGetProperty("type", out var type) || !type.ValueEquals("text"))
        {
            throw ApiError.Invalid($"{path}: Input tag should be 'text'");
        }

        if (!block.TryGetProperty("text", out var text) || text.ValueKind != JsonValueKind.String)
        {
            throw ApiError.Invalid($"{path}.text.text: Field required");
        }

        RequestRules.RefuseExtras(block, TextFields, $"{path}.text.");
        if (text.GetString()!.Length == 0)
        {
            throw ApiError.Invalid($"{owner}: text content blocks must be non-empty");
        }

        if (string.IsNullOrWhiteSpace(text.GetString()))
        {
            throw ApiError.Invalid($"{owner}: text content blocks must contain non-whitespace text");
        }
    }

    private static (string Role, List<Block> Blocks) CheckMessage(JsonElement message, int index, bool isLast)
    {
        var path = $"messages.{index}";
        if (message.ValueKind != JsonValueKind.Object)
        {
            throw ApiError.Invalid($"{path}: Input should be a valid dictionary or object to extract fields from");
        }

        RequestRules.RefuseExtras(message, MessageFields, $"{path}.");
        var role = message.TryGetProperty("role", out var r) && r.ValueKind == JsonValueKind.String ? r.GetString()! : "";
        if (role is not ("user" or "assistant"))
        {
            throw ApiError.Invalid($"{path}.role: Input should be 'user' or 'assistant'");
        }

        if (!message.TryGetProperty("content", out var content))
        {
            throw ApiError.Invalid($"{path}.content: Field required");
        }

        var mayBeEmpty = isLast && role == "assistant";
        switch (content.ValueKind)
        {
            case JsonValueKind.String when content.GetString() is { } text:
                if (text.Length == 0 && !mayBeEmpty)
                {
                    throw ApiError.Invalid($"{path}: all messages must have non-empty content except for the optional final assistant message");
                }

                return (role, text.Length == 0 ? [] : [new Block(path, "text", "", text)]);
            case JsonValueKind.Array:
                if (content.GetArrayLength() == 0 && !mayBeEmpty)
                {
                    throw ApiError.Invalid($"{path}: all messages must have non-empty content except for the optional final assistant message");
                }

                return (role, [.. content.EnumerateArray().Select((block, i) => CheckBlock(block, $"{path}.content.{i}", role))]);
            default:
                throw ApiError.Invalid($"{path}.content: Input should be a valid string or list");
        }
    }

    private static Block CheckBlock(JsonElement block, string path, string role)
    {
        var type = block.ValueKind == JsonValueKind.Object && block.TryGetProperty("type", out var t) && t.ValueKind == JsonValueKind.String ? t.GetString()! : "";
        switch (type)
        {
            case "text":
                CheckTextBlock(block, path, "messages");
                return new Block(path, type, "", block.GetProperty("text").GetString()!);
            case "tool_use":
                if (role != "assistant")
                {
                    throw ApiError.Invalid($"{path}: `tool_use` blocks can only be in `assistant` messages");
                }

                RequestRules.RefuseExtras(block, ToolUseFields, $"{path}.tool_use.");
                Matches(block, "name", CalledName(), "^[a-zA-Z0-9_-]{1,200}$", $"{path}.tool_use");
                if (!block.TryGetProperty("input", out var input) || input.ValueKind != JsonValueKind.Object)
                {
                    throw ApiError.Invalid($"{path}.tool_use.input: Input should be a valid dictionary");
                }

                return new Block(path, type, Matches(block, "id", CallId(), "^[a-zA-Z0-9_-]+$", $"{path}.tool_use"), "");
            case "tool_result":
                if (role != "user")
                {
                    throw ApiError.Invalid($"{path}: `tool_result` blocks can only be in `user` messages");
                }

                RequestRules.RefuseExtras(block, ToolResultFields, $"{path}.tool_result.");
                CheckResultContent(block, path);
                return new Block(path, type, Matches(block, "tool_use_id", CallId(), "^[a-zA-Z0-9_-]+$", $"{path}.tool_result"), "");
            case "image" or "document" or "search_result" or "thinking" or "redacted_thinking":
                return new Block(path, type, "", "");
            default:
                throw ApiError.Invalid($"{path}: Input tag '{type}' found using 'type' does not match any of the expected tags: "
                    + "'document', 'image', 'redacted_thinking', 'search_result', 'text', 'thinking', 'tool_result', 'tool_use'");
        }
    }

    private static void CheckResultContent(JsonElement block, string path)
    {
        var isError = block.TryGetProperty("is_error", out var e) && e.ValueKind == JsonValueKind.True;
        if (block.TryGetProperty("is_error", out e) && e.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
        {
            throw ApiError.Invalid($"{path}.tool_result.is_error: Input should be a valid boolean");
        }

        var isEmpty = true;
        if (block.TryGetProperty("content", out var content))
        {
            if (content.ValueKind is not (JsonValueKind.String or JsonValueKind.Array))
            {
                throw ApiError.Invalid($"{path}.tool_result.content: Input should be a valid string or list");
            }

            if (content.ValueKind == JsonValueKind.Array)
            {
                var index = 0;
                foreach (var part in content.EnumerateArray().Where(p => p.ValueKind != JsonValueKind.Object || !p.TryGetProperty("type", out var t) || t.ValueEquals("text")))
                {
                    CheckTextBlock(part, $"{path}.tool_result.content.{index++}", "messages");
                }
            }

            isEmpty = content.ValueKind == JsonValueKind.String ? content.GetString()!.Length == 0 : content.GetArrayLength() == 0;
        }

        if (isError && isEmpty)
        {
            throw ApiError.Invalid($"{path}.tool_result: content cannot be empty if `is_error` is true");
        }
    }

    private static string Matches(JsonElement block, string field, Regex pattern, string shown, string path)
    {
        if (!block.TryGetProperty(field, out var value) || value.ValueKind != JsonValueKind.String)
        {
            throw ApiError.Invalid($"{path}.{field}: Field required");
        }

        return pattern.IsMatch(value.GetString()!) ? value.GetString()! : throw ApiError.Invalid($"{path}.{field}: String should match pattern '{shown}'");
    }

    private static void CheckPairs(List<Turn> turns, bool hasTools)
    {
        var everCalled = new HashSet<string>(StringComparer.Ordinal);
        IReadOnlyList<string> open = [];
        foreach (var turn in turns)
        {
            if (!hasTools && turn.Blocks.Any(block => block.Type is "tool_use" or "tool_result"))
            {
                throw ApiError.Invalid("Requests which include `tool_use` or `tool_result` blocks must define tools");
            }

            if (turn.Role == "user")
            {
                CheckAnswers(turn, open, turns);
                open = [];
                continue;
            }

            var calls = turn.Blocks.Where(block => block.Type == "tool_use").ToList();
            if (calls.FirstOrDefault(call => !everCalled.Add(call.Id)) is { Path: { } path })
            {
                throw ApiError.Invalid($"{path}: `tool_use` ids must be unique");
            }

            open = [.. calls.Select(call => call.Id)];
        }

        if (open.Count > 0)
        {
            throw Unanswered(turns[^1], open);
        }
    }

    private static void CheckAnswers(Turn turn, IReadOnlyList<string> open, List<Turn> turns)
    {
        var previous = turns.IndexOf(turn) - 1;
        var answered = new HashSet<string>(StringComparer.Ordinal);
        foreach (var result in turn.Blocks.Where(block => block.Type == "tool_result"))
        {
            if (!open.Contains(result.Id))
            {
                throw ApiError.Invalid($"{result.Path}: unexpected `tool_use_id` found in `tool_result` blocks: {result.Id}. "
                    + "Each `tool_result` block must have a corresponding `tool_use` block in the previous message.");
            }

            if (!answered.Add(result.Id))
            {
                throw ApiError.Invalid($"{result.Path}: each tool_use must have a single result. Found multiple `tool_result` blocks with id: {result.Id}");
            }
        }

        // The results come first: a text before them breaks the pair as a missing result does.
        var first = turn.Blocks.TakeWhile(block => block.Type == "tool_result").Select(block => block.Id);
        var missing = open.Except(first).ToList();
        if (missing.Count > 0)
        {
            throw Unanswered(turns[previous], missing);
        }
    }

    private static ApiError Unanswered(Turn turn, IReadOnlyList<string> ids) => ApiError.Invalid(
        $"messages.{turn.Index}: `tool_use` ids were found without `tool_result` blocks immediately after: {string.Join(", ", ids)}. "
        + "Each `tool_use` block must have a corresponding `tool_result` block in the next message.");

    private sealed record Turn(string Role, int Index, List<Block> Blocks);

    private readonly record struct Block(string Path, string Type, string Id, string Text);

    [GeneratedRegex(@"^[a-zA-Z0-9_-]{1,200}\z")]
    private static partial Regex CalledName();

    [GeneratedRegex(@"^[a-zA-Z0-9_-]+\z")]
    private static partial Regex CallId();
}
