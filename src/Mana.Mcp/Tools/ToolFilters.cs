using System.Text.Json;
using Mana.Mcp.Access;
using Mana.Mcp.Policy;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace Mana.Mcp.Tools;

/// <summary>What stands around the SDK's own handling of tools.</summary>
internal static class ToolFilters
{
    /// <summary>The answer to params that are not what their method takes.</summary>
    public const string UnreadableParams = "Invalid params: a member is missing, is there twice or has the wrong type";

    /// <summary>Without it the SDK calls its own failure to read params an internal error.</summary>
    public static void AddMessages(IMcpMessageFilterBuilder filters) => filters
        .AddIncomingFilter(next => async (context, cancellationToken) =>
        {
            try
            {
                await next(context, cancellationToken);
            }
            catch (JsonException e)
            {
                throw new McpProtocolException(UnreadableParams, e, McpErrorCode.InvalidParams);
            }
        });

    public static void Add(IMcpRequestFilterBuilder filters) => filters
        .AddListToolsFilter(next => async (request, cancellationToken) =>
        {
            if (request.Params?.Cursor is not null)
            {
                throw new McpProtocolException("Invalid params: tools/list comes in one piece and gives out no cursor", McpErrorCode.InvalidParams);
            }

            var result = await next(request, cancellationToken);
            var (scopes, catalog) = (CallerOf(request.Services!).Scopes, request.Services!.GetRequiredService<ToolCatalog>());
            result.Tools = [.. result.Tools.Where(tool => catalog.Find(tool.Name)!.Writes ? scopes.CanWrite : scopes.CanRead)];
            return result;
        })
        .AddCallToolFilter(next => (request, cancellationToken) =>
        {
            if (request.MatchedPrimitive is not null)
            {
                return next(request, cancellationToken);
            }

            // A name that a caller made up is no label and stands in no log.
            var services = request.Services!;
            var (caller, audit) = (CallerOf(services), services.GetRequiredService<ToolAudit>());
            services.GetRequiredService<ToolMetrics>().UnknownToolCalled();
            if (services.GetRequiredService<ToolCatalog>().FindAdmin(request.Params?.Name) is not { } tool)
            {
                audit.Called(ToolAudit.UnknownTool, caller, ToolOutcome.UnknownTool, TimeSpan.Zero, ToolAudit.NotJudged);
                return next(request, cancellationToken);
            }

            var decision = services.GetRequiredService<PolicyGate>().JudgeAdmin(caller.User, tool);
            audit.Called(tool.Name, caller, ToolOutcome.Denied, TimeSpan.Zero, decision.ToString());
            return ValueTask.FromResult(new CallToolResult
            {
                IsError = true,
                Content = [new TextContentBlock { Text = $"Tool {tool.Name} not allowed: {decision.Reason}: {decision.Reminder}" }],
            });
        });

    /// <summary>The proven caller of the request that is being handled.</summary>
    public static Caller CallerOf(IServiceProvider services) =>
        services.GetRequiredService<IHttpContextAccessor>().HttpContext!.Features.GetRequiredFeature<Caller>();
}
