using System.Text.Json;
using Mana.Mcp.Policy;
using Mana.Mcp.Tools;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Mana.Mcp.Access;

/// <summary>
/// Refuses with the wire contract's codes what is no message at all (the SDK's own codes differ, and some of its
/// answers have no body), and tells a model that sent its arguments in the wrong form what to send.
/// </summary>
internal sealed class MessageGuard(RequestDelegate next, ToolCatalog tools, ToolMetrics metrics, ToolAudit audit, ResourceAddress address)
{
    private const int ParseError = -32700;
    private const int InvalidParams = -32602;
    private const int Refused = -32000;
    private const int FirstBytes = 16 * 1024;

    private static readonly string[] Versions = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"];

    public async Task InvokeAsync(HttpContext context)
    {
        var request = context.Request;
        if (request.Headers.ContainsKey("Mcp-Session-Id"))
        {
            // We give out none, so none is known; the answer makes a client start anew.
            await ErrorBody.WriteAsync(context, StatusCodes.Status404NotFound, "Session not found");
            return;
        }

        if (!HttpMethods.IsPost(request.Method))
        {
            await next(context);
            return;
        }

        if (request.Headers["MCP-Protocol-Version"].ToString() is { Length: > 0 } version && !Versions.Contains(version))
        {
            await WriteAsync(context, StatusCodes.Status400BadRequest, RpcMessage.Error(
                Refused,
                $"Bad Request: Unsupported protocol version: {version} (supported versions: {string.Join(", ", Versions)})",
                data: writer =>
                {
                    writer.WriteStartObject("data");
                    writer.WriteStartArray("supported");
                    foreach (var supported in Versions)
                    {
                        writer.WriteStringValue(supported);
                    }

                    writer.WriteEndArray();
                    writer.WriteString("requested", version);
                    writer.WriteEndObject();
                }));
            return;
        }

        if (!request.HasJsonContentType())
        {
            await WriteAsync(context, StatusCodes.Status415UnsupportedMediaType, RpcMessage.Error(
                Refused, "Unsupported Media Type: Content-Type must be application/json"));
            return;
        }

        // Small enough to hold: the server's body limit is in force while it is read. What is only announced costs nothing.
        using var body = new MemoryStream((int)Math.Clamp(request.ContentLength ?? 0, 0, FirstBytes));
        await request.Body.CopyToAsync(body, context.RequestAborted);
        var message = RpcMessage.Read(body.GetBuffer().AsMemory(0, (int)body.Length));
        if (message.Fault is { } fault)
        {
            await WriteAsync(context, StatusCodes.Status400BadRequest, RpcMessage.Error(ParseError, $"Parse error: {fault}"));
        }
        else if (message.CallFault is { } callFault)
        {
            await WriteAsync(context, StatusCodes.Status200OK, RpcMessage.Error(InvalidParams, callFault, message.Id));
        }
        else if (tools.Find(message.Tool) is { } tool && MissingScope(context, tool) is { } scope)
        {
            metrics.AccessRefused(AccessRefusal.InsufficientScope);
            Audit(context, tool, ToolOutcome.Denied, $"{PolicyDecision.Deny}:{AccessRefusal.InsufficientScope}");
            Challenge.Scope(context, address, scope);
            await ErrorBody.WriteAsync(
                context, StatusCodes.Status403Forbidden, $"The token does not allow {tool.Name}: it needs the scope {scope}; sign in again and allow it");
        }
        else if (message.ArgumentsFault is { } argumentsFault && tools.Find(message.Tool) is { } called)
        {
            metrics.ToolCalled(called.Name, ToolOutcome.InputInvalid, TimeSpan.Zero);
            Audit(context, called, ToolOutcome.InputInvalid, ToolAudit.NotJudged);
            await WriteAsync(context, StatusCodes.Status200OK, RpcMessage.ToolError($"Invalid input for {called.Name}: {argumentsFault}", message.Id!));
        }
        else
        {
            body.Position = 0;
            request.Body = body;
            try
            {
                await next(context);
            }
            catch (JsonException) when (!context.Response.HasStarted)
            {
                // The SDK reads the params of initialize outside of its own handling of errors.
                await WriteAsync(context, StatusCodes.Status400BadRequest, RpcMessage.Error(InvalidParams, ToolFilters.UnreadableParams, message.Id));
            }
        }
    }

    // A call that never reaches its tool is a call all the same.
    private void Audit(HttpContext context, ToolDefinition tool, string outcome, string decision) =>
        audit.Called(tool.Name, context.Features.GetRequiredFeature<Caller>(), outcome, TimeSpan.Zero, decision);

    private static string? MissingScope(HttpContext context, ToolDefinition tool)
    {
        var scopes = context.Features.GetRequiredFeature<Caller>().Scopes;
        return tool.Writes
            ? scopes.CanWrite ? null : TokenScopes.Write
            : scopes.CanRead ? null : TokenScopes.Read;
    }

    private static Task WriteAsync(HttpContext context, int statusCode, byte[] body)
    {
        context.Response.StatusCode = statusCode;
        context.Response.ContentType = "application/json; charset=utf-8";
        return context.Response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }
}
