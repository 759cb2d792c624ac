using Mana.Contracts;
using Mana.Mcp.Access;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Mana.Mcp.Tools;

/// <summary>A tool definition as the MCP SDK wants one.</summary>
internal sealed class ManaTool(ToolDefinition definition, ToolPipeline pipeline) : McpServerTool
{
    public override Tool ProtocolTool { get; } = new()
    {
        Name = definition.Name,
        Title = definition.Title,
        Description = definition.Description,
        InputSchema = SpaceArgument.Exported(definition),
        OutputSchema = definition.OutputSchema,
        Annotations = new ToolAnnotations
        {
            ReadOnlyHint = definition.Effect == ToolEffect.Reads,
            DestructiveHint = definition.Effect == ToolEffect.Deletes,
            IdempotentHint = definition.Effect != ToolEffect.Adds,
            OpenWorldHint = definition.IsOpenWorld,
        },
    };

    public override IReadOnlyList<object> Metadata => [];

    public override async ValueTask<CallToolResult> InvokeAsync(
        RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken = default)
    {
        var context = request.Services!.GetRequiredService<IHttpContextAccessor>().HttpContext!;
        var progress = request.Params.ProgressToken is { } token
            ? new ProgressReporter((value, ct) => request.Server.NotifyProgressAsync(token, value, cancellationToken: ct), cancellationToken)
            : null;
        try
        {
            return await pipeline.RunAsync(
                definition,
                context.Features.GetRequiredFeature<Caller>(),
                request.Params.Arguments,
                (string?)request.Params.Meta?[McpWire.IdempotencyKey],
                progress,
                cancellationToken);
        }
        finally
        {
            if (progress is not null)
            {
                await progress.CompleteAsync();
            }
        }
    }
}
