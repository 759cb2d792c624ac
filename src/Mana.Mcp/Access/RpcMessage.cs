using System.Text;
using System.Text.Json;
using Mana.Mcp.Idempotency;

namespace Mana.Mcp.Access;

/// <summary>What a body is before the SDK reads it: a JSON-RPC message, or why it is none.</summary>
/// <param name="Fault">What is wrong with the message as such; null when nothing is.</param>
/// <param name="Id">The raw JSON of its id, where it has a usable one.</param>
/// <param name="CallFault">What is wrong with the params of a <c>tools/call</c>.</param>
/// <param name="Tool">The tool that is called.</param>
/// <param name="ArgumentsFault">What is wrong with its arguments as a whole: a model can put that right.</param>
internal sealed record RpcMessage(string? Fault, string? Id = null, string? CallFault = null, string? Tool = null, string? ArgumentsFault = null)
{
    private const int MaxDepth = 64;
    private const string CallMethod = "tools/call";
    private const string Arguments = "arguments";

    private static readonly string[] CallMembers = ["name", Arguments, "_meta"];
    private static readonly RpcMessage InvalidMessage = new("Invalid JSON-RPC message");
    private static readonly RpcMessage InvalidJson = new("Invalid JSON");

    public static RpcMessage Read(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = MaxDepth });
            var message = Read(document.RootElement);
            if (message.ArgumentsFault is null && HasSurrogates(body.Span))
            {
                // The SDK reads each of these texts, too, and fails on some without an answer.
                ReadTexts(document.RootElement);
            }

            return message;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a text with half a surrogate pair, which is no Unicode.
            return InvalidJson;
        }
    }

    private static RpcMessage Read(JsonElement message)
    {
        if (message.ValueKind != JsonValueKind.Object
            || !message.TryGetProperty("jsonrpc", out var version)
            || version.ValueKind != JsonValueKind.String
            || !version.ValueEquals("2.0"))
        {
            return InvalidMessage;
        }

        string? id = null;
        if (message.TryGetProperty("id", out var idElement))
        {
            if (idElement.ValueKind is not (JsonValueKind.String or JsonValueKind.Number))
            {
                return InvalidMessage;
            }

            id = idElement.GetRawText();
        }

        if (!message.TryGetProperty("method", out var method))
        {
            return message.TryGetProperty("result", out _) || message.TryGetProperty("error", out _) ? new RpcMessage(null, id) : InvalidMessage;
        }

        if (method.ValueKind != JsonValueKind.String
            || (message.TryGetProperty("params", out var parameters) && parameters.ValueKind is not (JsonValueKind.Object or JsonValueKind.Null)))
        {
            return InvalidMessage;
        }

        return id is not null && method.ValueEquals(CallMethod) ? ReadCall(id, parameters) : new RpcMessage(null, id);
    }

    private static RpcMessage ReadCall(string id, JsonElement parameters)
    {
        if (parameters.ValueKind == JsonValueKind.Object && !IsReadInOneWay(parameters))
        {
            return new RpcMessage(null, id, "Invalid params: name, arguments and _meta are written like this, and each once");
        }

        if (parameters.ValueKind != JsonValueKind.Object
            || !parameters.TryGetProperty("name", out var name)
            || name.ValueKind != JsonValueKind.String
            || name.GetString() is not { Length: > 0 } tool)
        {
            return new RpcMessage(null, id, "Invalid params: name must be the name of a tool, as tools/list gives it");
        }

        if (KeyedCall.FaultIn(parameters) is { } keyFault)
        {
            return new RpcMessage(null, id, keyFault);
        }

        if (!parameters.TryGetProperty(Arguments, out var arguments) || arguments.ValueKind is JsonValueKind.Object or JsonValueKind.Null)
        {
            return new RpcMessage(null, id, Tool: tool, ArgumentsFault: IsText(arguments)
                ? null
                : "the arguments hold half a surrogate pair, which is no valid Unicode text; leave it out.");
        }

        var sent = arguments.ValueKind switch
        {
            JsonValueKind.String => "text; send the object itself, not as a quoted string",
            JsonValueKind.Array => "a list",
            JsonValueKind.Number => "a number",
            _ => "true or false",
        };
        return new RpcMessage(null, id, Tool: tool, ArgumentsFault: $"the arguments must be an object of named fields; you sent {sent}.");
    }

    // The SDK takes these names in any case: what it reads must be what was checked here.
    private static bool IsReadInOneWay(JsonElement parameters)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var member in parameters.EnumerateObject())
        {
            var known = Array.Find(CallMembers, name => name.Equals(member.Name, StringComparison.OrdinalIgnoreCase));
            if (known is not null && (known != member.Name || !seen.Add(known)))
            {
                return false;
            }
        }

        return true;
    }

    private static bool HasSurrogates(ReadOnlySpan<byte> body) => body.IndexOf("\\ud"u8) >= 0 || body.IndexOf("\\uD"u8) >= 0;

    // The SDK fails on such a text before a tool sees it. Escapes in the range are rare: most calls pay for one search.
    private static bool IsText(JsonElement arguments)
    {
        if (arguments.ValueKind != JsonValueKind.Object || !arguments.GetRawText().Contains("\\ud", StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }

        try
        {
            ReadTexts(arguments);
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private static void ReadTexts(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                element.GetString();
                break;
            case JsonValueKind.Array:
                foreach (var item in element.EnumerateArray())
                {
                    ReadTexts(item);
                }

                break;
            case JsonValueKind.Object:
                foreach (var member in element.EnumerateObject())
                {
                    _ = member.Name;
                    ReadTexts(member.Value);
                }

                break;
        }
    }

    /// <summary>A JSON-RPC error; an unknown id is null.</summary>
    public static byte[] Error(int code, string message, string? id = null, Action<Utf8JsonWriter>? data = null) => Write(writer =>
    {
        writer.WriteString("jsonrpc", "2.0");
        writer.WriteStartObject("error");
        writer.WriteNumber("code", code);
        writer.WriteString("message", message);
        data?.Invoke(writer);
        writer.WriteEndObject();
        WriteId(writer, id);
    });

    /// <summary>A tool result with <c>isError</c>.</summary>
    public static byte[] ToolError(string text, string id) => Write(writer =>
    {
        writer.WriteString("jsonrpc", "2.0");
        WriteId(writer, id);
        writer.WriteStartObject("result");
        writer.WriteStartArray("content");
        writer.WriteStartObject();
        writer.WriteString("type", "text");
        writer.WriteString("text", text);
        writer.WriteEndObject();
        writer.WriteEndArray();
        writer.WriteBoolean("isError", true);
        writer.WriteEndObject();
    });

    private static void WriteId(Utf8JsonWriter writer, string? id)
    {
        writer.WritePropertyName("id");
        writer.WriteRawValue(Encoding.UTF8.GetBytes(id ?? "null"));
    }

    private static byte[] Write(Action<Utf8JsonWriter> members)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, Hosting.Http.JsonAnswer.Readable))
        {
            writer.WriteStartObject();
            members(writer);
            writer.WriteEndObject();
        }

        return buffer.ToArray();
    }
}
