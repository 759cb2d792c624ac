using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Mana.PersonaRunner.Brains;

/// <summary>Reads an answer from its raw JSON, which keeps numbers as the model wrote them and arguments in its order.</summary>
internal static class ClaudeResponse
{
    /// <summary>The name of the tokens written to the cache in <see cref="UsageDetails.AdditionalCounts"/>.</summary>
    public const string CacheWrite = "CacheCreationInputTokens";

    /// <exception cref="ModelCallException">The answer is no message.</exception>
    public static ChatResponse Read(IReadOnlyDictionary<string, JsonElement> raw, DateTimeOffset now)
    {
        try
        {
            var content = raw["content"];
            if (content.ValueKind != JsonValueKind.Array)
            {
                throw Unreadable();
            }

            var message = Message(content);
            message.MessageId = Text(raw, "id");
            message.CreatedAt = now;
            return new ChatResponse(message)
            {
                ResponseId = Text(raw, "id"),
                ModelId = Text(raw, "model"),
                CreatedAt = now,
                FinishReason = FinishReason(Text(raw, "stop_reason")),
                Usage = raw.TryGetValue("usage", out var usage) && usage.ValueKind == JsonValueKind.Object ? Usage(usage) : null,
            };
        }
        catch (Exception exception) when (exception is KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw Unreadable();
        }
    }

    /// <summary>The assistant's message of these blocks; they go back to the API exactly as they are.</summary>
    public static ChatMessage Message(JsonElement blocks) =>
        new(ChatRole.Assistant, [.. blocks.EnumerateArray().Select(Content).OfType<AIContent>()]) { RawRepresentation = new ClaudeTurn(blocks) };

    public static ModelCallException Unreadable() => new(BrainFailure.Unreadable, "Claude's answer is not a message of the Messages API.");

    private static string? Text(IReadOnlyDictionary<string, JsonElement> raw, string name) =>
        raw.TryGetValue(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static AIContent? Content(JsonElement block)
    {
        switch (block.GetProperty("type").GetString())
        {
            case "text":
                return new TextContent(block.GetProperty("text").GetString());
            case "thinking":
                return new TextReasoningContent(block.GetProperty("thinking").GetString());
            case "tool_use":
                var arguments = new Dictionary<string, object?>(StringComparer.Ordinal);
                foreach (var argument in block.GetProperty("input").EnumerateObject())
                {
                    arguments[argument.Name] = argument.Value;
                }

                return new FunctionCallContent(block.GetProperty("id").GetString()!, block.GetProperty("name").GetString()!, arguments);
            default:
                // Not for the runner to read; it goes back with the turn all the same.
                return null;
        }
    }

    private static ChatFinishReason? FinishReason(string? reason) => reason switch
    {
        null => null,
        "end_turn" or "stop_sequence" or "pause_turn" => ChatFinishReason.Stop,
        "tool_use" => ChatFinishReason.ToolCalls,
        "max_tokens" or "model_context_window_exceeded" => ChatFinishReason.Length,
        "refusal" => ChatFinishReason.ContentFilter,
        _ => new ChatFinishReason(reason),
    };

    private static UsageDetails Usage(JsonElement usage)
    {
        var read = Count("cache_read_input_tokens");
        var written = Count("cache_creation_input_tokens");
        var input = Count("input_tokens") + read + written;
        var output = Count("output_tokens");
        return new UsageDetails
        {
            InputTokenCount = input,
            OutputTokenCount = output,
            TotalTokenCount = input + output,
            CachedInputTokenCount = read,
            AdditionalCounts = new AdditionalPropertiesDictionary<long> { [CacheWrite] = written },
        };

        long Count(string name) => usage.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetInt64() : 0;
    }
}
