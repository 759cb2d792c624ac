using Mana.Auth.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Mana.Auth.Sessions;

/// <summary>Cross-site protection of calls that change something: whoever sends a cookie must say from where, and be trusted.</summary>
internal static class OriginCheck
{
    public static TBuilder RequireTrustedOrigin<TBuilder>(this TBuilder endpoint) where TBuilder : IEndpointConventionBuilder =>
        endpoint.AddEndpointFilter(async (invocation, next) =>
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
        });
}
