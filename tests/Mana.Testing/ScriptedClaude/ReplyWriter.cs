using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Mana.Testing;

/// <summary>Writes a message as one JSON body or as server-sent events, and errors with the API's body.</summary>
internal static class ReplyWriter
{
    private const int ChunkLength = 12;
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static async Task ErrorAsync(HttpContext context, int status, string type, string message, string requestId)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        await context.Response.Body.WriteAsync(
            Json(json =>
            {
                json.WriteStartObject();
                json.WriteString("type", "error");
                json.WriteStartObject("error");
                json.WriteString("type", type);
                json.WriteString("message", message);
                json.WriteEndObject();
                json.WriteString("request_id", requestId);
                json.WriteEndObject();
            }),
            context.RequestAborted);
    }

    public static async Task JsonAsync(HttpContext context, string id, string model, ScriptedReply.Message message, ReplyUsage usage)
    {
        context.Response.ContentType = "application/json";
        var body = Json(json => WriteMessage(json, id, model, message.Content, message.StopReason, usage));
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }

    public static async Task StreamAsync(HttpContext context, string id, string model, ScriptedReply.Message message, ReplyUsage usage)
    {
        context.Response.ContentType = "text/event-stream; charset=utf-8";
        context.Response.Headers.CacheControl = "no-cache";
        await EventAsync(context, "message_start", json =>
        {
            json.WritePropertyName("message");
            WriteMessage(json, id, model, content: null, stopReason: null, usage with { Output = 1 });
        });
        var index = 0;
        foreach (var block in message.Content.EnumerateArray())
        {
            await BlockAsync(context, index, block);
            if (index++ == 0)
            {
                await EventAsync(context, "ping", _ => { });
            }
        }

        await EventAsync(context, "message_delta", json =>
        {
            json.WriteStartObject("delta");
            json.WriteString("stop_reason", message.StopReason);
            json.WriteNull("stop_sequence");
            json.WriteEndObject();
            json.WritePropertyName("usage");
            WriteUsage(json, usage);
        });
        await EventAsync(context, "message_stop", _ => { });
    }

    private static async Task BlockAsync(HttpContext context, int index, JsonElement block)
    {
        var isCall = block.GetProperty("type").ValueEquals("tool_use");
        var isText = block.GetProperty("type").ValueEquals("text");
        await EventAsync(context, "content_block_start", json =>
        {
            json.WriteNumber("index", index);
            json.WriteStartObject("content_block");
            foreach (var property in block.EnumerateObject())
            {
                if (isCall && property.NameEquals("input"))
                {
                    json.WriteStartObject("input");
                    json.WriteEndObject();
                }
                else if (isText && property.NameEquals("text"))
                {
                    json.WriteString("text", "");
                }
                else
                {
                    property.WriteTo(json);
                }
            }

            json.WriteEndObject();
        });

        // Blocks of other kinds go out whole with their start.
        var whole = isCall ? block.GetProperty("input").GetRawText() : isText ? block.GetProperty("text").GetString()! : "";
        foreach (var chunk in Chunks(whole))
        {
            await EventAsync(context, "content_block_delta", json =>
            {
                json.WriteNumber("index", index);
                json.WriteStartObject("delta");
                json.WriteString("type", isCall ? "input_json_delta" : "text_delta");
                json.WriteString(isCall ? "partial_json" : "text", chunk);
                json.WriteEndObject();
            });
        }

        await EventAsync(context, "content_block_stop", json => json.WriteNumber("index", index));
    }

    // A surrogate pair is never cut in two.
    private static IEnumerable<string> Chunks(string text)
    {
        for (var start = 0; start < text.Length;)
        {
            var length = Math.Min(ChunkLength, text.Length - start);
            length -= start + length < text.Length && char.IsHighSurrogate(text[start + length - 1]) ? 1 : 0;
            yield return text.Substring(start, length);
            start += length;
        }
    }

    private static async Task EventAsync(HttpContext context, string name, Action<Utf8JsonWriter> write)
    {
        var data = Json(json =>
        {
            json.WriteStartObject();
            json.WriteString("type", name);
            write(json);
            json.WriteEndObject();
        });
        await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes($"event: {name}\ndata: "), context.RequestAborted);
        await context.Response.Body.WriteAsync(data, context.RequestAborted);
        await context.Response.Body.WriteAsync("\n\n"u8.ToArray(), context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
    }

    private static void WriteMessage(Utf8JsonWriter json, string id, string model, JsonElement? content, string? stopReason, ReplyUsage usage)
    {
        json.WriteStartObject();
        json.WriteString("id", id);
        json.WriteString("type", "message");
        json.WriteString("role", "assistant");
        json.WriteString("model", model);
        json.WritePropertyName("content");
        if (content is { } blocks)
        {
            blocks.WriteTo(json);
        }
        else
        {
            json.WriteStartArray();
            json.WriteEndArray();
        }

        json.WriteString("stop_reason", stopReason);
        json.WriteNull("stop_sequence");
        json.WritePropertyName("usage");
        WriteUsage(json, usage);
        json.WriteEndObject();
    }

    private static void WriteUsage(Utf8JsonWriter json, ReplyUsage usage)
    {
        json.WriteStartObject();
        json.WriteNumber("input_tokens", usage.Input);
        json.WriteNumber("cache_creation_input_tokens", usage.CacheWrite);
        json.WriteNumber("cache_read_input_tokens", usage.CacheRead);
        json.WriteNumber("output_tokens", usage.Output);
        json.WriteString("service_tier", "standard");
        json.WriteEndObject();
    }

    private static ReadOnlyMemory<byte> Json(Action<Utf8JsonWriter> write)
    {
        var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            write(json);
        }

        return buffer.GetBuffer().AsMemory(0, (int)buffer.Length);
    }
}
