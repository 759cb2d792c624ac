using System.Text.Json;
using System.Text.Json.Nodes;

namespace Mana.Testing;

/// <summary>One answer of <see cref="ScriptedClaude"/> that a test or a script asks for.</summary>
public abstract record ScriptedReply
{
    private ScriptedReply()
    {
    }

    /// <summary>A message of the model.</summary>
    /// <param name="Content">The array of content blocks; goes out with its numbers written as they are here.</param>
    /// <param name="StopReason">end_turn, tool_use, max_tokens, refusal, …</param>
    public sealed record Message(JsonElement Content, string StopReason) : ScriptedReply;

    /// <summary>An error with the API's body.</summary>
    /// <param name="Status">The HTTP status.</param>
    /// <param name="Type">The error type; null for the status's own.</param>
    /// <param name="Reason">The error message.</param>
    /// <param name="RetryAfter">Sent as <c>retry-after</c> in seconds.</param>
    public sealed record Failure(int Status, string? Type = null, string? Reason = null, TimeSpan? RetryAfter = null) : ScriptedReply;

    /// <summary>Status 200, the first bytes of a body, and then nothing until the client goes away.</summary>
    public sealed record Stall : ScriptedReply;

    /// <summary>The connection is cut: before the headers, or in the middle of the body.</summary>
    public sealed record Drop(bool AfterHeaders = false) : ScriptedReply;

    /// <summary>Any status with any body, as a proxy in between might send it.</summary>
    public sealed record Raw(int Status, string Body, string ContentType = "application/json") : ScriptedReply;

    /// <summary>A message from the JSON of its content blocks.</summary>
    public static ScriptedReply Blocks(string contentJson, string stopReason)
    {
        using var document = JsonDocument.Parse(contentJson);
        return new Message(document.RootElement.Clone(), stopReason);
    }

    /// <summary>A message of one text block.</summary>
    public static ScriptedReply Text(string text, string stopReason = "end_turn") =>
        new Message(Element([new JsonObject { ["type"] = "text", ["text"] = text }]), stopReason);

    /// <summary>A message with one tool call.</summary>
    public static ScriptedReply ToolUse(string id, string name, string inputJson) =>
        new Message(Element([ToolUseBlock(id, name, JsonNode.Parse(inputJson))]), "tool_use");

    /// <summary>An HTTP 529.</summary>
    public static ScriptedReply Overloaded(TimeSpan? retryAfter = null) => new Failure(529, RetryAfter: retryAfter);

    /// <summary>An HTTP 429.</summary>
    public static ScriptedReply RateLimited(TimeSpan? retryAfter = null) => new Failure(429, RetryAfter: retryAfter);

    internal static JsonObject ToolUseBlock(string id, string name, JsonNode? input) => new()
    {
        ["type"] = "tool_use",
        ["id"] = id,
        ["name"] = name,
        ["input"] = input,
        ["caller"] = new JsonObject { ["type"] = "direct" },
    };

    internal static JsonElement Element(JsonArray content) => JsonSerializer.SerializeToElement(content);
}
