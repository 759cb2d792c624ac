using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Mana.Auth.OAuth;

/// <summary>Sign-in for people's own clients: a small OAuth 2.1 server for the MCP gateway.</summary>
internal static class OAuthServices
{
    public static void AddOAuth(this IServiceCollection services)
    {
        services.AddSingleton<OAuthClients>();
        services.AddSingleton<OAuthGrants>();
        services.AddSingleton<AuthorizationReader>();
        services.AddSingleton<ConsentTokens>();
        services.AddSingleton<ClientAuthentication>();
        services.AddSingleton<AuthorizeEndpoints>();
    }

    public static void MapOAuth(this IEndpointRouteBuilder app, AuthSettings settings)
    {
        app.MapMetadata(settings);
        AuthorizeEndpoints.Map(app);
        MapAsset(app, "style.css", "text/css; charset=utf-8");
        MapAsset(app, "icon.svg", "image/svg+xml");
        app.MapTokenEndpoints();
        app.MapClients();
    }

    private static void MapAsset(IEndpointRouteBuilder app, string name, string type)
    {
        var bytes = Read(name);
        app.MapGet("/oauth/" + name, (HttpContext context) =>
        {
            context.Response.Headers.CacheControl = "max-age=3600";
            context.Response.Headers.XContentTypeOptions = "nosniff";
            return Results.Bytes(bytes, type);
        });
    }

    private static byte[] Read(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"{typeof(OAuthServices).Namespace}.Assets.{name}")
            ?? throw new InvalidOperationException($"{name} is not embedded in this build.");
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
