using Mana.Mcp.Policy;
using Mana.Mcp.Tools;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol;

namespace Mana.Mcp.Resources;

/// <summary>Registers the resources with the MCP server.</summary>
internal static class ResourceServices
{
    private const string ReadMethod = "resources/read";
    private const string FirstWithoutCode = "2026-07-28";

    public static IMcpServerBuilder WithRecordResources(this IMcpServerBuilder builder)
    {
        builder.Services.AddSingleton<RecordResources>();
        return builder
            .WithListResourcesHandler(async (request, cancellationToken) =>
                await request.Services!.GetRequiredService<RecordResources>()
                    .ListAsync(ToolFilters.CallerOf(request.Services!), request.Params?.Cursor, cancellationToken))
            .WithListResourceTemplatesHandler((_, _) => ValueTask.FromResult(RecordResources.Templates))
            .WithReadResourceHandler(async (request, cancellationToken) =>
            {
                var services = request.Services!;
                var (caller, audit, time) = (ToolFilters.CallerOf(services), services.GetRequiredService<ToolAudit>(), services.GetRequiredService<TimeProvider>());
                var (started, outcome) = (time.GetTimestamp(), ToolOutcome.HandlerError);
                try
                {
                    var result = await services.GetRequiredService<RecordResources>().ReadAsync(caller, request.Params?.Uri ?? "", cancellationToken)
                        ?? throw NotFound(services);
                    outcome = ToolOutcome.Success;
                    return result;
                }
                finally
                {
                    audit.Called(ReadMethod, caller, outcome, time.GetElapsedTime(started), ToolAudit.NotJudged);
                }
            });
    }

    // The newest revision has no code of its own for it any more.
    private static McpProtocolException NotFound(IServiceProvider services)
    {
        var version = services.GetRequiredService<IHttpContextAccessor>().HttpContext!.Request.Headers["MCP-Protocol-Version"].ToString();
        return new McpProtocolException(
            "Resource not found in the active space; resources/list shows what there is",
            string.CompareOrdinal(version, FirstWithoutCode) < 0 ? McpErrorCode.ResourceNotFound : McpErrorCode.InvalidParams);
    }
}
