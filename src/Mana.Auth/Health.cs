using Mana.Auth.Http;
using Mana.Hosting;
using Mana.Hosting.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace Mana.Auth;

/// <summary><c>GET /health</c>: well only while the database answers.</summary>
internal static partial class Health
{
    public static void MapHealth(this IEndpointRouteBuilder app) => app.MapGet("/health", CheckAsync);

    private static async Task<IResult> CheckAsync(ServiceDatabase database, DomainClock clock, ILogger<AuthSettings> logger, CancellationToken cancellationToken)
    {
        try
        {
            await database.ProbeAsync(cancellationToken);
            return Answer("ok", StatusCodes.Status200OK, clock);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Log.Unhealthy(logger, e);
            return Answer("unhealthy", StatusCodes.Status503ServiceUnavailable, clock);
        }
    }

    private static IResult Answer(string status, int statusCode, DomainClock clock) =>
        Answers.Json(new HealthResponse(status, AuthHost.Service, clock.Now(), ServiceHost.Version), AuthServerJson.Default.HealthResponse, statusCode);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "The database does not answer")]
        public static partial void Unhealthy(ILogger logger, Exception exception);
    }
}
