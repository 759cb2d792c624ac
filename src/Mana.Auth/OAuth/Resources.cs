using System.Diagnostics.CodeAnalysis;

namespace Mana.Auth.OAuth;

/// <summary>The MCP gateways that tokens are made for (RFC 8707).</summary>
internal static class Resources
{
    /// <summary>
    /// The configured resource that is meant, in its configured spelling: that is the token's audience. Without a wish the
    /// only one there is.
    /// </summary>
    public static bool TryFind(string? wanted, IReadOnlyList<string> allowed, [NotNullWhen(true)] out string? resource)
    {
        resource = string.IsNullOrEmpty(wanted)
            ? allowed.Count == 1 ? allowed[0] : null
            : Plain(wanted) is { } plain ? allowed.FirstOrDefault(one => Plain(one) == plain) : null;
        return resource is not null;
    }

    /// <summary>Whether a text can be a resource: an absolute address without query, fragment or user.</summary>
    public static bool IsSound(string text) => Plain(text) is not null;

    // Case of scheme and host, default ports and a slash at the end make no difference.
    private static string? Plain(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps) && uri.Fragment.Length == 0 && uri.UserInfo.Length == 0 && uri.Query.Length == 0
            ? uri.AbsoluteUri.TrimEnd('/')
            : null;
}
