using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Mana.Mcp.Access;

/// <summary>Registers and mounts the checks in front of <c>/mcp</c>.</summary>
internal static class AccessServices
{
    /// <summary>The path of the MCP endpoint.</summary>
    public const string McpPath = "/mcp";

    public static IServiceCollection AddAccess(this IServiceCollection services, McpSettings settings)
    {
        services.AddSingleton<AuthClient>();
        services.AddSingleton<SigningKeys>();
        services.AddSingleton<TokenValidator>();
        services.AddSingleton<Memberships>();
        services.AddSingleton<UserSpaces>();
        services.AddSingleton<SpaceAccess>();
        services.AddSingleton<ResourceAddress>();
        services.AddCors(cors => cors.AddDefaultPolicy(policy => policy
            .WithOrigins([.. settings.CorsOrigins])
            .WithMethods("GET", "POST", "DELETE", "OPTIONS")
            .WithHeaders(
                "authorization", "content-type", AccessMiddleware.SpaceHeader, AccessMiddleware.TimeZoneHeader,
                "mcp-session-id", "mcp-protocol-version", "mcp-method", "mcp-name", "last-event-id")
            .WithExposedHeaders("mcp-session-id", "mcp-protocol-version", "www-authenticate")
            .AllowCredentials()));
        return services;
    }

    /// <summary>CORS for every path; OPTIONS is always 204 and never reaches the checks.</summary>
    public static void UseManaCors(this IApplicationBuilder app)
    {
        app.UseCors();
        app.Use((context, next) =>
        {
            if (!HttpMethods.IsOptions(context.Request.Method))
            {
                return next(context);
            }

            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return Task.CompletedTask;
        });
    }

    /// <summary>Guard, identification and a first look at the message for <c>/mcp</c>.</summary>
    public static void UseAccess(this IApplicationBuilder app) =>
        app.UseWhen(
            context => context.Request.Path.StartsWithSegments(McpPath),
            branch =>
            {
                branch.UseMiddleware<RequestGuard>();
                branch.UseMiddleware<AccessMiddleware>();
                branch.UseMiddleware<MessageGuard>();
            });
}
