using System.Globalization;
using System.Text.Json;

namespace Mana.Testing;

/// <summary>A script file for <see cref="ScriptedClaude"/> is not as it should be; the message says where.</summary>
public sealed class ReplyScriptException(string message) : Exception(message);

/// <summary>Replies by the index of the request, as read from a JSON file (<see cref="Help"/> describes it).</summary>
public sealed class ReplyScript
{
    /// <summary>What a script looks like.</summary>
    public const string Help = """
        A script is a JSON object. Its members are request indexes from 0 ("3") or ranges ("3-5"); requests that break
        a rule of the API do not count. A request without an entry is answered by playing on. An entry is one of:
          { "status": 529, "type": "overloaded_error", "message": "…", "retryAfter": 2 }   an error; only status is needed
          { "text": "…", "stopReason": "refusal" }                                          a text; stopReason: end_turn
          { "tool": "rate_modules", "input": { … } }                                        one tool call
          { "content": [ … ], "stopReason": "tool_use" }                                    content blocks as they are
          { "stall": true }                                                                 headers, then silence
          { "drop": true }                                                                  the connection is cut
        """;

    private readonly List<(int From, int To, ScriptedReply Reply)> _entries = [];

    private ReplyScript()
    {
    }

    /// <summary>Reads a script.</summary>
    /// <exception cref="ReplyScriptException">It is no JSON, or an entry is unknown.</exception>
    public static ReplyScript Parse(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new ReplyScriptException("the script must be a JSON object");
            }

            var script = new ReplyScript();
            foreach (var entry in document.RootElement.EnumerateObject())
            {
                var ends = entry.Name.Split('-');
                if (ends.Length > 2 || !TryIndex(ends[0], out var from) || !TryIndex(ends[^1], out var to) || to < from)
                {
                    throw new ReplyScriptException($"\"{entry.Name}\" is no request index such as 3 or 3-5");
                }

                script._entries.Add((from, to, Reply(entry)));
            }

            return script;
        }
        catch (JsonException exception)
        {
            throw new ReplyScriptException($"the script is no JSON: {exception.Message}");
        }
    }

    internal ScriptedReply? At(int index) => _entries.FirstOrDefault(entry => entry.From <= index && index <= entry.To).Reply;

    private static bool TryIndex(string text, out int index) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out index);

    private static ScriptedReply Reply(JsonProperty entry)
    {
        var value = entry.Value;
        if (value.ValueKind != JsonValueKind.Object)
        {
            throw new ReplyScriptException($"entry {entry.Name} must be an object");
        }

        if (value.TryGetProperty("status", out var status) && status.TryGetInt32(out var code) && code is >= 400 and < 600)
        {
            return new ScriptedReply.Failure(
                code,
                Optional("type"),
                Optional("message"),
                value.TryGetProperty("retryAfter", out var seconds) ? TimeSpan.FromSeconds(seconds.GetDouble()) : null);
        }

        if (Optional("text") is { } text)
        {
            return ScriptedReply.Text(text, Optional("stopReason") ?? "end_turn");
        }

        if (Optional("tool") is { } tool)
        {
            var input = value.TryGetProperty("input", out var i) ? i.GetRawText() : "{}";
            return ScriptedReply.ToolUse($"toolu_script_{entry.Name}", tool, input);
        }

        if (value.TryGetProperty("content", out var content) && content.ValueKind == JsonValueKind.Array)
        {
            return new ScriptedReply.Message(content.Clone(), Optional("stopReason") ?? "end_turn");
        }

        if (value.TryGetProperty("stall", out _))
        {
            return new ScriptedReply.Stall();
        }

        return value.TryGetProperty("drop", out _)
            ? new ScriptedReply.Drop()
            : throw new ReplyScriptException($"entry {entry.Name} is none of: status, text, tool, content, stall, drop");

        string? Optional(string name) => value.TryGetProperty(name, out var v) && v.ValueKind == JsonValueKind.String ? v.GetString() : null;
    }
}
