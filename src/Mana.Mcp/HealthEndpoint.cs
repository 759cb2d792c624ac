using System.Text.Json.Serialization;
using Mana.Hosting;
using Mana.Hosting.Storage;
using Mana.Mcp.Policy;
using Mana.Mcp.Records;
using Mana.Mcp.Tools;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace Mana.Mcp;

/// <summary><c>GET /health</c>: 200 while the registry is filled and the database answers, else 503.</summary>
internal static partial class HealthEndpoint
{
    private static readonly TimeSpan ProbeTimeout = TimeSpan.FromSeconds(2);

    public static void MapHealth(this IEndpointRouteBuilder app) =>
        app.MapGet("/health", async (
            ToolCatalog catalog, ServiceDatabase database, McpSettings settings, DomainClock clock, ILoggerFactory loggers, HttpContext context) =>
        {
            var hasDatabase = await ProbeAsync(database, loggers, context.RequestAborted);
            var hasTools = catalog.Tools.Count > 0;
            var isHealthy = hasDatabase && hasTools;
            return TypedResults.Json(
                new HealthView(
                    isHealthy ? "ok" : "unhealthy",
                    McpHost.Service,
                    ServiceHost.Version,
                    Iso.Time(clock.Now()),
                    new RegistryView(hasTools, catalog.Tools.Count),
                    hasDatabase ? "ok" : "unavailable",
                    settings.PolicyMode.Name()),
                HealthJson.Default.HealthView,
                statusCode: isHealthy ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
        });

    private static async Task<bool> ProbeAsync(ServiceDatabase database, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(ProbeTimeout);
        try
        {
            await database.ProbeAsync(timeout.Token);
            return true;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            Log.ProbeFailed(loggers.CreateLogger(typeof(HealthEndpoint)), e);
            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "The database does not answer")]
        public static partial void ProbeFailed(ILogger logger, Exception exception);
    }
}

internal sealed record HealthView(
    string Status, string Service, string Version, string Timestamp, RegistryView Registry, string Database, string PolicyMode);

internal sealed record RegistryView(bool Loaded, int Tools);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(HealthView))]
internal sealed partial class HealthJson : JsonSerializerContext;
