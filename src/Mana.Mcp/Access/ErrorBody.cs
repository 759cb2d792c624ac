using System.Text.Json;
using Mana.Hosting.Http;
using Microsoft.AspNetCore.Http;

namespace Mana.Mcp.Access;

/// <summary>The error envelope of <c>/mcp</c>: <c>{"error"}</c>.</summary>
internal static class ErrorBody
{
    public static async Task WriteAsync(HttpContext context, int statusCode, string error)
    {
        context.Response.StatusCode = statusCode;
        context.Response.ContentType = "application/json; charset=utf-8";
        await using var writer = new Utf8JsonWriter(context.Response.BodyWriter, JsonAnswer.Readable);
        writer.WriteStartObject();
        writer.WriteString("error", error);
        writer.WriteEndObject();
    }
}
