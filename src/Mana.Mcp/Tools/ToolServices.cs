using Mana.Hosting;
using Mana.Mcp.Access;
using Mana.Mcp.Resources;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.AspNetCore;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Mana.Mcp.Tools;

/// <summary>Registers the modules, the way of a call, and the MCP server over them.</summary>
internal static class ToolServices
{
    private const string Instructions =
        "Mana keeps a person's tasks, notes, journal, moods, habits, study cards, invoices and more. Every tool works in the active space, unless the call names another one of the user in its argument space; spaces.list shows them. "
        + "Dates are YYYY-MM-DD; times say their own offset, and \"today\" is the user's where the client names a time zone, else that of UTC. Ids come from the tools that create, list or search; do not make them up. "
        + "What was deleted can be brought back for a while: trash.list, trash.restore.";

    public static IServiceCollection AddTools(this IServiceCollection services)
    {
        foreach (var module in typeof(ToolModule).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(ToolModule)) && !type.IsAbstract))
        {
            services.AddSingleton(typeof(ToolModule), module);
        }

        services.AddSingleton<ToolCatalog>();
        services.AddSingleton<ToolPipeline>();
        services.AddHttpContextAccessor();

        // One collection for all requests: the SDK makes its options anew for each.
        services.AddSingleton(provider =>
        {
            var pipeline = provider.GetRequiredService<ToolPipeline>();
            var tools = new McpServerPrimitiveCollection<McpServerTool>(ToolCatalog.NameComparer);
            foreach (var tool in provider.GetRequiredService<ToolCatalog>().Tools)
            {
                tools.Add(new ManaTool(tool, pipeline));
            }

            return tools;
        });
        services.AddOptions<McpServerOptions>().Configure<McpServerPrimitiveCollection<McpServerTool>>((options, tools) =>
        {
            options.ServerInfo = new Implementation { Name = "mana", Title = "Mana", Version = ServiceHost.Version };
            options.ServerInstructions = Instructions;
            options.ToolCollection = tools;
        });
        services.AddMcpServer()
            .WithHttpTransport(transport => transport.SessionMode = HttpServerSessionMode.Stateless)
            .WithMessageFilters(ToolFilters.AddMessages)
            .WithRequestFilters(ToolFilters.Add)
            .WithRecordResources();
        return services;
    }

    /// <summary>Maps <c>/mcp</c>. There are no sessions to stream to or to end, so only POST is served.</summary>
    public static void MapTools(this IEndpointRouteBuilder app)
    {
        app.MapMcp(AccessServices.McpPath);
        app.MapMethods(AccessServices.McpPath, ["GET", "DELETE", "PUT", "PATCH", "HEAD"], async (HttpContext context) =>
        {
            // Clients tell "no stream here" from "no such place" by the 405.
            context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            context.Response.Headers.Allow = "POST";
            context.Response.ContentType = "application/json; charset=utf-8";
            await context.Response.WriteAsync("""{"jsonrpc":"2.0","error":{"code":-32000,"message":"Method not allowed."},"id":null}""");
        });
    }
}
