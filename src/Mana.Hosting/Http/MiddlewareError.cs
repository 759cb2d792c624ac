using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Mana.Hosting.Http;

/// <summary>Envelope B of the wire contract: <c>{"statusCode","message"}</c>, used by middleware and for unhandled errors.</summary>
public static class MiddlewareError
{
    /// <summary>Writes the envelope.</summary>
    public static async Task WriteAsync(HttpContext context, int statusCode, string message)
    {
        context.Response.StatusCode = statusCode;
        context.Response.ContentType = "application/json; charset=utf-8";
        await using var writer = new Utf8JsonWriter(context.Response.BodyWriter, JsonAnswer.Readable);
        writer.WriteStartObject();
        writer.WriteNumber("statusCode", statusCode);
        writer.WriteString("message", message);
        writer.WriteEndObject();
    }
}
