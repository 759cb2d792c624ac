using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Mana.Auth.Sessions;

/// <summary>
/// The session cookie, byte for byte as Better Auth's clients know it: <c>token.signature</c>, URL-encoded, the
/// signature being standard base64 of HMAC-SHA256 over the token.
/// </summary>
internal sealed class SessionCookies
{
    private readonly byte[] _secret;
    private readonly string _prefix;
    private readonly string _attributes;

    public SessionCookies(AuthSettings settings)
    {
        _secret = Encoding.UTF8.GetBytes(settings.Secret);
        _prefix = settings.BaseUrl.Scheme == "https" ? "__Secure-mana." : "mana.";
        var domain = settings.CookieDomain is { } name ? $"; Domain={name}" : "";
        var secure = settings.Environment.IsProduction ? "; Secure" : "";
        var sameSite = settings.CookieDomain is null ? "Lax" : "None";
        _attributes = $"{domain}; Path=/; HttpOnly{secure}; SameSite={sameSite}";
    }

    private string TokenName => _prefix + "session_token";

    private string DontRememberName => _prefix + "dont_remember";

    /// <summary>Sets the cookie of a session; one that is not to be remembered ends with the browser.</summary>
    public void Set(HttpResponse response, LiveSession session)
    {
        var maxAge = session.Session.RememberMe ? $"; Max-Age={(int)SessionStore.Lifetime.TotalSeconds}" : "";
        Append(response, $"{TokenName}={Sign(session.Token)}{maxAge}{_attributes}");
        if (!session.Session.RememberMe)
        {
            Append(response, $"{DontRememberName}={Sign("true")}{_attributes}");
        }
    }

    /// <summary>Clears every cookie that this service or its predecessor set.</summary>
    public void Clear(HttpResponse response)
    {
        foreach (var name in (string[])[TokenName, _prefix + "session_data", DontRememberName])
        {
            Append(response, $"{name}=; Max-Age=0{_attributes}");
        }
    }

    /// <summary>The token of the request's cookie; a wrong signature counts as no cookie.</summary>
    public bool TryRead(HttpRequest request, [NotNullWhen(true)] out string? token)
    {
        token = null;
        if (request.Cookies[TokenName] is not { } value || value.LastIndexOf('.') is not (> 0 and var dot))
        {
            return false;
        }

        var candidate = value[..dot];
        if (!CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(value[(dot + 1)..]), Encoding.UTF8.GetBytes(Signature(candidate))))
        {
            return false;
        }

        token = candidate;
        return true;
    }

    private static void Append(HttpResponse response, string cookie) => response.Headers.Append("Set-Cookie", cookie);

    private string Sign(string value) => Uri.EscapeDataString($"{value}.{Signature(value)}");

    private string Signature(string value) => Convert.ToBase64String(HMACSHA256.HashData(_secret, Encoding.UTF8.GetBytes(value)));
}
