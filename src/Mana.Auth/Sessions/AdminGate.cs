using Mana.Auth.Http;
using Mana.Auth.Storage;
using Mana.Hosting.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Mana.Auth.Sessions;

/// <summary>Admits administrators: a JWT with the role, of a living session, whose user still has the role.</summary>
internal static class AdminGate
{
    public static TBuilder RequireAdmin<TBuilder>(this TBuilder endpoint) where TBuilder : IEndpointConventionBuilder =>
        endpoint.AddEndpointFilter(async (invocation, next) =>
        {
            var context = invocation.HttpContext;
            if (Callers.Bearer(context) is not { } token)
            {
                await MiddlewareError.WriteAsync(context, StatusCodes.Status401Unauthorized, "Missing or invalid Authorization header");
                return Results.Empty;
            }

            var callers = context.RequestServices.GetRequiredService<Callers>();
            if (await callers.FindByJwtAsync(token, context.RequestAborted) is not var (claims, user))
            {
                await MiddlewareError.WriteAsync(context, StatusCodes.Status401Unauthorized, "Invalid or expired token");
                return Results.Empty;
            }

            return claims.Role == UserRoles.Admin && user.Role == UserRoles.Admin
                ? await next(invocation)
                : Answers.Error(StatusCodes.Status403Forbidden, "Forbidden", "Admin access required");
        });
}
