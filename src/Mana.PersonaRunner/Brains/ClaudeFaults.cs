using System.Net;
using System.Text;
using System.Text.Json;
using Anthropic.Exceptions;
using Microsoft.Extensions.AI;

namespace Mana.PersonaRunner.Brains;

/// <summary>
/// Turns what the SDK throws into what the runner tells apart. The SDK's exceptions are not kept as inner ones: their
/// texts hold the whole response body.
/// </summary>
internal static class ClaudeFaults
{
    private const int LongestReason = 300;
    private const int ShortestPromptLine = 12;
    private const int LongestHead = 24;

    public static ModelCallException Translate(
        Exception exception, ClaudeExchange exchange, ClaudeSettings settings, IReadOnlyList<ChatMessage> messages) => exception switch
        {
            ModelCallException known => known,
            AnthropicApiException api => OfStatus(api, exchange, settings, messages),
            OperationCanceledException or TimeoutException => new ModelCallException(
                BrainFailure.Unavailable, $"Claude gave no whole answer within {settings.CallTimeout.TotalSeconds:0.###} s ({ClaudeSettings.CallTimeoutKey})."),
            AnthropicIOException or HttpRequestException or IOException => new ModelCallException(
                BrainFailure.Unavailable, $"The connection to {settings.BaseUrl.Authority} failed: {Connection(exception)}"),
            JsonException or AnthropicInvalidDataException => ClaudeResponse.Unreadable(),
            _ => new ModelCallException(BrainFailure.Rejected, $"The request to Claude could not be made ({exception.GetType().Name})."),
        };

    private static ModelCallException OfStatus(
        AnthropicApiException api, ClaudeExchange exchange, ClaudeSettings settings, IReadOnlyList<ChatMessage> messages)
    {
        var status = (int)api.StatusCode;
        var (type, reason) = Body(api.ResponseBody);
        var told = $"{status}{(type is null ? "" : " " + Clean(type, settings, messages))}";
        if (reason is not null)
        {
            told += $": {Clean(reason, settings, messages)}";
        }

        if (exchange.ShouldRetry ?? (status is 408 or 409 or 429 or >= 500))
        {
            return new ModelCallException(BrainFailure.Unavailable, $"Claude is not available ({told}).")
            {
                Status = status,
                RetryAfter = exchange.RetryAfter,
                Limits = exchange.Limits,
            };
        }

        return new ModelCallException(BrainFailure.Rejected, $"Claude refused the request ({told}).{Advice(api.StatusCode)}") { Status = status, Limits = exchange.Limits };
    }

    private static string Advice(HttpStatusCode status) => status switch
    {
        HttpStatusCode.Unauthorized => $" Check {ClaudeSettings.ApiKeyKey}.",
        HttpStatusCode.Forbidden => $" The key of {ClaudeSettings.ApiKeyKey} may not use {ClaudeSettings.ModelKey}.",
        HttpStatusCode.NotFound => $" Check {ClaudeSettings.ModelKey} and {ClaudeSettings.BaseUrlKey}.",
        < HttpStatusCode.BadRequest => $" {ClaudeSettings.BaseUrlKey} is not the address of a Messages API.",
        _ => "",
    };

    private static (string? Type, string? Reason) Body(string? body)
    {
        try
        {
            using var document = JsonDocument.Parse(body ?? "");
            if (document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("error", out var error) && error.ValueKind == JsonValueKind.Object)
            {
                return (Text(error, "type"), Text(error, "message"));
            }
        }
        catch (JsonException)
        {
            // A proxy's page says nothing that a person could use.
        }

        return (null, null);

        static string? Text(JsonElement error, string name) =>
            error.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
    }

    private static string Connection(Exception exception) => exception switch
    {
        HttpRequestException { HttpRequestError: not HttpRequestError.Unknown } http => http.HttpRequestError.ToString(),
        { InnerException: { } inner } => Connection(inner),
        _ => exception.GetType().Name,
    };

    // A gateway may quote what it was sent.
    private static string Clean(string text, ClaudeSettings settings, IReadOnlyList<ChatMessage> messages)
    {
        text = text.Replace(settings.ApiKey, "[key]", StringComparison.Ordinal);
        foreach (var line in messages.SelectMany(Sent).SelectMany(sent => sent.Split('\n', StringSplitOptions.TrimEntries)).Where(line => line.Length >= ShortestPromptLine))
        {
            text = Without(text, line);
        }

        var flat = new StringBuilder(Math.Min(text.Length, LongestReason));
        foreach (var character in text.AsSpan(0, Math.Min(text.Length, LongestReason)))
        {
            flat.Append(char.IsControl(character) ? ' ' : character);
        }

        return text.Length > LongestReason ? flat.Append('…').ToString() : flat.ToString();
    }

    // Also where only the beginning of the line is quoted.
    private static string Without(string text, string line)
    {
        var head = line[..Math.Min(LongestHead, line.Length)];
        for (int start; (start = text.IndexOf(head, StringComparison.Ordinal)) >= 0;)
        {
            var length = text.AsSpan(start).CommonPrefixLength(line);
            text = string.Concat(text.AsSpan(0, start), "[prompt]", text.AsSpan(start + length));
        }

        return text;
    }

    private static IEnumerable<string> Sent(ChatMessage message) => message.Contents.Select(content => content switch
    {
        TextContent text => text.Text,
        FunctionResultContent { Result: string result } => result,
        _ => "",
    });
}
