using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;

namespace Mana.Hosting.Http;

/// <summary>
/// JSON answers as the wire contract spells them: umlauts, backticks and <c>≤</c> stand for themselves. The default
/// escapes them for the sake of pages that paste JSON into HTML; nothing here is served as HTML.
/// </summary>
public static class JsonAnswer
{
    /// <summary>For writers of JSON that goes out as <c>application/json</c>.</summary>
    public static JsonWriterOptions Readable { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>An answer with this body.</summary>
    public static IResult Of<T>(T body, JsonTypeInfo<T> type, int statusCode = StatusCodes.Status200OK) => new Result<T>(body, type, statusCode);

    /// <summary>The body as one line of text.</summary>
    public static string Text<T>(T body, JsonTypeInfo<T> type)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, Readable))
        {
            JsonSerializer.Serialize(writer, body, type);
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private sealed class Result<T>(T body, JsonTypeInfo<T> type, int statusCode) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.StatusCode = statusCode;
            httpContext.Response.ContentType = "application/json; charset=utf-8";
            await using var writer = new Utf8JsonWriter(httpContext.Response.BodyWriter, Readable);
            JsonSerializer.Serialize(writer, body, type);
        }
    }
}
