using System.Text.RegularExpressions;

namespace Mana.Auth.OAuth;

/// <summary>
/// Where an answer may be sent: exactly to a registered address. Only the port of a loopback address is free (RFC 8252):
/// a program on the user's machine takes the one that it gets.
/// </summary>
internal static partial class RedirectUris
{
    private const int MaxLength = 500;

    /// <summary>What keeps an address from being registered; null when nothing does.</summary>
    public static string? Fault(string text)
    {
        // The spelling that comes back is the only one: no upper case in the host, no dots in the path, no spaces.
        if (text.Length > MaxLength || !Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.AbsoluteUri != text)
        {
            return $"must be an absolute URL in its plain spelling, at most {MaxLength} characters, such as https://claude.ai/api/mcp/auth_callback or http://localhost/callback";
        }

        if (uri.Fragment.Length > 0 || uri.UserInfo.Length > 0 || text.Contains('#', StringComparison.Ordinal) || text.Contains('@', StringComparison.Ordinal))
        {
            return "must have no fragment and no user";
        }

        return uri.Scheme == Uri.UriSchemeHttps || Loopback().IsMatch(text)
            ? null
            : "must be https, or http on localhost, 127.0.0.1 or [::1]";
    }

    /// <summary>Whether the address of a request is one of the registered.</summary>
    public static bool IsRegistered(string requested, IEnumerable<string> registered) => registered.Any(one => Matches(requested, one));

    /// <summary>What a form may be sent on to, for the page's policy.</summary>
    public static string FormTarget(string redirectUri) =>
        new Uri(redirectUri) is var uri && uri.HostNameType == UriHostNameType.IPv6 ? uri.Scheme + ":" : uri.GetLeftPart(UriPartial.Authority);

    private static bool Matches(string requested, string registered)
    {
        if (string.Equals(requested, registered, StringComparison.Ordinal))
        {
            return true;
        }

        // By the text, not by what a parser makes of it: two that read an address differently are how answers go astray.
        var here = Loopback().Match(registered);
        var there = Loopback().Match(requested);
        return here.Success
            && there.Success
            && here.Groups["host"].Value == there.Groups["host"].Value
            && here.Groups["rest"].Value == there.Groups["rest"].Value
            && (there.Groups["port"].Length == 0 || int.Parse(there.Groups["port"].Value, System.Globalization.CultureInfo.InvariantCulture) is > 0 and <= 65535);
    }

    [GeneratedRegex(@"^http://(?<host>localhost|127\.0\.0\.1|\[::1\])(:(?<port>[0-9]{1,5}))?(?<rest>/[^\\#\s]*)\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Loopback();
}
