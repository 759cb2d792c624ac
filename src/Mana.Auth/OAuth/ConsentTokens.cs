using System.Security.Cryptography;
using System.Text;
using Mana.Auth.Storage;
using Microsoft.AspNetCore.Http;

namespace Mana.Auth.OAuth;

/// <summary>
/// Cross-site protection of the two forms: each carries a token that only this service can make, bound to a cookie of the
/// browser, to the session that the page was shown to, and to the request that it shows.
/// </summary>
internal sealed class ConsentTokens
{
    private readonly byte[] _key;
    private readonly string _cookie;
    private readonly string _attributes;

    public ConsentTokens(AuthSettings settings)
    {
        _key = HKDF.DeriveKey(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(settings.Secret), 32, info: "mana-auth consent v1"u8.ToArray());
        var isHttps = settings.BaseUrl.Scheme == Uri.UriSchemeHttps;
        _cookie = isHttps ? "__Secure-mana.consent" : "mana.consent";

        // Lax, so that a browser that comes from the client's page keeps the cookie that an open form counts on.
        _attributes = $"; Path=/; HttpOnly{(isHttps ? "; Secure" : "")}; SameSite=Lax";
    }

    /// <summary>The token for a form on this page; sets the browser's cookie where it has none.</summary>
    public string Issue(HttpContext context, string? sessionId)
    {
        if (context.Request.Cookies[_cookie] is not { Length: 32 } browser)
        {
            browser = RandomId.Long();
            context.Response.Headers.Append("Set-Cookie", $"{_cookie}={browser}{_attributes}");
        }

        return Token(browser, sessionId, context.Request.QueryString.Value);
    }

    /// <summary>Whether the form came from a page of ours, in this browser, for this session and this request.</summary>
    public bool IsGood(HttpContext context, string? sessionId, string token) =>
        context.Request.Cookies[_cookie] is { Length: 32 } browser && Secrets.AreEqual(Token(browser, sessionId, context.Request.QueryString.Value), token);

    private string Token(string browser, string? sessionId, string? query) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes($"{browser}\n{sessionId}\n{query}")));
}
