using Mana.Hosting.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Mana.Auth.OAuth;

/// <summary>Tells clients where everything is (RFC 8414).</summary>
internal static class MetadataEndpoint
{
    private const string Path = "/.well-known/oauth-authorization-server";

    private static readonly string[] ClientAuthentication = ["none", "client_secret_basic", "client_secret_post"];

    public static void MapMetadata(this IEndpointRouteBuilder app, AuthSettings settings)
    {
        app.MapGet(Path, Answer);

        // An issuer with a path is asked for behind the well-known part.
        if (new Uri(settings.Issuer, UriKind.RelativeOrAbsolute) is { IsAbsoluteUri: true } issuer && issuer.AbsolutePath is { Length: > 1 } path)
        {
            app.MapGet(Path + path, Answer);
        }
    }

    private static IResult Answer(HttpContext context, AuthSettings settings)
    {
        // Public facts: a client that runs in a page may read them from anywhere.
        if (context.Response.Headers.AccessControlAllowOrigin.Count == 0)
        {
            context.Response.Headers.AccessControlAllowOrigin = "*";
        }

        var address = settings.BaseUrl.AbsoluteUri.TrimEnd('/');
        return JsonAnswer.Of(
            new AuthorizationServerMetadata(
                settings.Issuer,
                address + AuthorizeEndpoints.Path,
                address + TokenEndpoints.TokenPath,
                address + TokenEndpoints.RevokePath,
                address + "/api/auth/jwks",
                Scopes.All,
                ["code"],
                ["query"],
                ["authorization_code", "refresh_token"],
                ClientAuthentication,
                ClientAuthentication,
                ["S256"],
                AuthorizationResponseIssParameterSupported: true,
                settings.McpResources),
            OAuthJson.Default.AuthorizationServerMetadata);
    }
}
