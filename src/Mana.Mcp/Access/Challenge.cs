using Microsoft.AspNetCore.Http;

namespace Mana.Mcp.Access;

/// <summary>The <c>WWW-Authenticate</c> header: it leads a client from a refusal to the sign-in (RFC 6750, RFC 9728).</summary>
internal static class Challenge
{
    /// <summary>401: no token, or none that is good.</summary>
    public static void SignIn(HttpContext context, ResourceAddress address, bool hasToken) => Write(
        context,
        [
            .. hasToken ? [("error", "invalid_token")] : Array.Empty<(string, string)>(),
            ("scope", string.Join(' ', TokenScopes.All)),
            ("resource_metadata", address.MetadataUrl.AbsoluteUri),
        ]);

    /// <summary>403: the token is good and does not allow this.</summary>
    public static void Scope(HttpContext context, ResourceAddress address, string scope) => Write(
        context,
        [("error", "insufficient_scope"), ("scope", scope), ("resource_metadata", address.MetadataUrl.AbsoluteUri)]);

    private static void Write(HttpContext context, IEnumerable<(string Name, string Value)> parameters) =>
        context.Response.Headers.WWWAuthenticate = "Bearer " + string.Join(", ", parameters.Select(parameter => $"{parameter.Name}=\"{parameter.Value}\""));
}
