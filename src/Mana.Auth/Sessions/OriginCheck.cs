using Mana.Auth.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Mana.Auth.Sessions;

/// <summary>Cross-site protection of calls that change something: whoever sends a cookie must say from where, and be trusted.</summary>
internal static class OriginCheck
{
    public static TBuilder RequireTrustedOrigin<TBuilder>(this TBuilder endpoint) where TBuilder : IEndpointConventionBuilder =>
        endpoint.AddEndpointFilter(CheckAsync);

    /// <summary>The same for a group that holds reading endpoints too, which any origin may ask (CORS keeps the answer from it).</summary>
    public static TBuilder RequireTrustedOriginToChange<TBuilder>(this TBuilder endpoint) where TBuilder : IEndpointConventionBuilder =>
        endpoint.AddEndpointFilter((invocation, next) =>
            HttpMethods.IsGet(invocation.HttpContext.Request.Method) ? next(invocation) : CheckAsync(invocation, next));

    private static async ValueTask<object?> CheckAsync(EndpointFilterInvocationContext invocation, EndpointFilterDelegate next)
    {
        var context = invocation.HttpContext;
        if (context.Request.Headers.Cookie.Count == 0)
        {
            return await next(invocation);
        }

        var origin = context.Request.Headers.Origin.ToString();
        if (origin is "" or "null")
        {
            return Answers.NativeError(StatusCodes.Status403Forbidden, "MISSING_OR_NULL_ORIGIN", "Missing or null Origin");
        }

        return context.RequestServices.GetRequiredService<AuthSettings>().TrustedOrigins.Contains(origin)
            ? await next(invocation)
            : Answers.NativeError(StatusCodes.Status403Forbidden, "INVALID_ORIGIN", "Invalid origin");
    }
}
