using Mana.Hosting;
using Mana.Hosting.Http;
using Mana.Hosting.Identity;
using Microsoft.AspNetCore.Http;

namespace Mana.PersonaRunner.Diagnostics;

/// <summary>
/// Who may use the runner's own API and page: in development this machine, otherwise the holder of the service key
/// (which works in development too).
/// </summary>
internal sealed class AccessGate(RunnerSettings settings, ManaEnvironment environment) : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        if (Allows(context.HttpContext))
        {
            return await next(context);
        }

        await MiddlewareError.WriteAsync(
            context.HttpContext,
            StatusCodes.Status401Unauthorized,
            environment.IsDevelopment && !context.HttpContext.Request.Headers.ContainsKey(ServiceKey.Header) ? "Only this machine may do that; from elsewhere send X-Service-Key" : "Invalid or missing service key");
        return Results.Empty;
    }

    private bool Allows(HttpContext context)
    {
        if (settings.ServiceKey is { } key && context.Request.Headers.TryGetValue(ServiceKey.Header, out var presented))
        {
            return key.Matches(presented);
        }

        return environment.IsDevelopment && IsThisMachine(context);
    }

    /// <summary>
    /// A connection from loopback that also means loopback: a foreign page in the user's browser arrives from loopback
    /// too, but its Origin, or (after DNS rebinding) the Host that it names, is not this machine.
    /// </summary>
    internal static bool IsThisMachine(HttpContext context) =>
        Loopback.IsLocal(context)
        && IsLoopbackName(context.Request.Host.Host)
        && (context.Request.Headers.Origin is not [{ Length: > 0 } origin]
            || (Uri.TryCreate(origin, UriKind.Absolute, out var url) && IsLoopbackName(url.Host)));

    private static bool IsLoopbackName(string host) => host is "localhost" or "127.0.0.1" or "[::1]" or "::1";
}
