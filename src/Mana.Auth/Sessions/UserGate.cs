using Mana.Auth.Storage;
using Mana.Hosting.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Mana.Auth.Sessions;

/// <summary>Admits whoever has signed in, by cookie, session token or JWT; the endpoint finds the user in <see cref="CallingUser"/>.</summary>
internal static class UserGate
{
    private static readonly object Key = new();

    public static TBuilder RequireUser<TBuilder>(this TBuilder endpoint) where TBuilder : IEndpointConventionBuilder =>
        endpoint.AddEndpointFilter(async (invocation, next) =>
        {
            var context = invocation.HttpContext;
            if (await context.RequestServices.GetRequiredService<Callers>().FindUserAsync(context) is { } user)
            {
                context.Items[Key] = user;
                return await next(invocation);
            }

            await MiddlewareError.WriteAsync(
                context,
                StatusCodes.Status401Unauthorized,
                Callers.Bearer(context) is null ? "Missing or invalid Authorization header" : "Invalid or expired token");
            return Results.Empty;
        });

    /// <summary>The user behind a request that <see cref="RequireUser"/> let in.</summary>
    public static UserRow CallingUser(this HttpContext context) => (UserRow)context.Items[Key]!;
}
