using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.IdentityModel.Tokens;

namespace Mana.Tests.Auth;

/// <summary>A person at a browser, and the client that sent them: keeps cookies, follows nothing by itself.</summary>
internal sealed partial class OAuthBrowser(AuthUnderTest auth, Uri? node = null) : IDisposable
{
    public const string Resource = "http://localhost:3069/mcp";
    public const string Callback = "http://localhost:41234/callback";
    public const string Verifier = "a-verifier-of-at-least-forty-three-characters-0123456789";

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false, UseProxy = false }) { BaseAddress = node ?? auth.Address };
    private readonly Dictionary<string, string> _cookies = new(StringComparer.Ordinal);

    public static string Challenge { get; } = Base64UrlEncoder.Encode(SHA256.HashData(Encoding.ASCII.GetBytes(Verifier)));

    public static Task<AuthUnderTest> StartAsync(params (string Key, string? Value)[] settings) => AuthUnderTest.StartAsync(
        new(settings.Select(setting => KeyValuePair.Create(setting.Key, setting.Value))) { ["MCP_PUBLIC_URL"] = Resource });

    public static async Task<(string Id, string? Secret)> RegisterAsync(
        AuthUnderTest auth, bool confidential = false, string name = "Claude Code", string redirect = "http://localhost/callback", params string[] scopes)
    {
        object body = scopes.Length == 0 ? new { name, redirectUris = new[] { redirect }, confidential } : new { name, redirectUris = new[] { redirect }, confidential, scopes };
        var answer = await auth.AdminAsync(HttpMethod.Post, "/api/v1/admin/oauth-clients", body);
        answer.Status.Should().Be(201, answer.Text);
        return (answer.Json.GetProperty("clientId").GetString()!, answer.Json.TryGetProperty("clientSecret", out var secret) ? secret.GetString() : null);
    }

    /// <summary>The address to which a client sends its user; a null leaves a parameter out.</summary>
    public static string Address(string client, params (string Name, string? Value)[] changes)
    {
        var parameters = new Dictionary<string, string?>
        {
            ["response_type"] = "code",
            ["client_id"] = client,
            ["redirect_uri"] = Callback,
            ["code_challenge"] = Challenge,
            ["code_challenge_method"] = "S256",
            ["scope"] = "mana:read mana:write",
            ["state"] = "st&te=1 ü",
            ["resource"] = Resource,
        };
        foreach (var (name, value) in changes)
        {
            parameters[name] = value;
        }

        return "/oauth/authorize?" + string.Join('&', parameters.Where(pair => pair.Value is not null).Select(pair => $"{pair.Key}={Uri.EscapeDataString(pair.Value!)}"));
    }

    public Task<Answer> GetAsync(string address, string language = "en") => SendAsync(HttpMethod.Get, address, null, ("Accept-Language", language));

    /// <summary>Sends the form of a page.</summary>
    public Task<Answer> SubmitAsync(string address, Answer page, string action, params (string Name, string Value)[] fields) =>
        PostAsync(address, [("token", TokenOf(page)), ("action", action), .. fields], ("Origin", auth.Address.GetLeftPart(UriPartial.Authority)));

    public Task<Answer> PostAsync(string address, (string Name, string Value)[] fields, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Post, address, new FormUrlEncodedContent(fields.Select(field => KeyValuePair.Create(field.Name, field.Value))), headers);

    /// <summary>From the first page to the redirect: signs in where asked, and says yes.</summary>
    public async Task<Dictionary<string, string>> AllowAsync(string address, string email)
    {
        var page = await GetAsync(address);
        if (page.Text.Contains("type=\"password\"", StringComparison.Ordinal))
        {
            var signedIn = await SubmitAsync(address, page, "sign-in", ("email", email), ("password", AuthUnderTest.Password));
            signedIn.Status.Should().Be(303, signedIn.Text);
            page = await GetAsync(address);
        }

        page.Text.Should().Contain("value=\"allow\"");
        var answer = await SubmitAsync(address, page, "allow");
        answer.Status.Should().Be(303, answer.Text);
        return Query(answer.Headers["Location"]);
    }

    public static Dictionary<string, string> Query(string location) => new Uri(location).Query.TrimStart('?').Split('&')
        .Select(part => part.Split('=', 2)).ToDictionary(part => part[0], part => Uri.UnescapeDataString(part[1]));

    public static string TokenOf(Answer page) => HiddenToken().Match(page.Text) is { Success: true } match ? match.Groups[1].Value : throw new InvalidOperationException(page.Text);

    /// <summary>Asks the token endpoint; the client's id is sent unless a header says who asks.</summary>
    public Task<Answer> TokenAsync((string Name, string Value)[] fields, string? basic = null, string path = "/oauth/token") =>
        basic is null
            ? SendAsync(HttpMethod.Post, path, Form(fields))
            : SendAsync(HttpMethod.Post, path, Form(fields), ("Authorization", "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes(basic))));

    public Task<Answer> ExchangeAsync(string client, string code, params (string Name, string Value)[] changes)
    {
        var fields = new Dictionary<string, string>
        {
            ["grant_type"] = "authorization_code",
            ["client_id"] = client,
            ["code"] = code,
            ["code_verifier"] = Verifier,
            ["redirect_uri"] = Callback,
            ["resource"] = Resource,
        };
        foreach (var (name, value) in changes)
        {
            fields[name] = value;
        }

        return TokenAsync([.. fields.Select(field => (field.Key, field.Value))]);
    }

    public Task<Answer> RefreshAsync(string client, string token, params (string Name, string Value)[] more) =>
        TokenAsync([("grant_type", "refresh_token"), ("client_id", client), ("refresh_token", token), .. more]);

    /// <summary>The whole way: the answer of the token endpoint.</summary>
    public async Task<JsonElement> ConnectAsync(string client, string email, params (string Name, string? Value)[] changes)
    {
        var granted = await AllowAsync(Address(client, changes), email);
        var answer = await ExchangeAsync(client, granted["code"]);
        answer.Status.Should().Be(200, answer.Text);
        return answer.Json;
    }

    public static JsonElement Part(string jwt, int part)
    {
        using var document = JsonDocument.Parse(Base64UrlEncoder.Decode(jwt.Split('.')[part]));
        return document.RootElement.Clone();
    }

    public async Task<Answer> SendAsync(HttpMethod method, string address, HttpContent? content, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, address) { Content = content };
        if (_cookies.Count > 0)
        {
            request.Headers.Add("Cookie", string.Join("; ", _cookies.Select(cookie => $"{cookie.Key}={cookie.Value}")));
        }

        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await _http.SendAsync(request, AuthUnderTest.Cancellation);
        var set = response.Headers.TryGetValues("Set-Cookie", out var values) ? values.ToList() : [];
        foreach (var cookie in set)
        {
            var pair = cookie.Split(';')[0].Split('=', 2);
            if (pair[1].Length == 0)
            {
                _cookies.Remove(pair[0]);
            }
            else
            {
                _cookies[pair[0]] = pair[1];
            }
        }

        var all = response.Headers.Concat(response.Content.Headers)
            .ToDictionary(header => header.Key, header => string.Join(", ", header.Value), StringComparer.OrdinalIgnoreCase);
        return new Answer((int)response.StatusCode, await response.Content.ReadAsStringAsync(AuthUnderTest.Cancellation), all, set);
    }

    public void Dispose() => _http.Dispose();

    private static FormUrlEncodedContent Form((string Name, string Value)[] fields) => new(fields.Select(field => KeyValuePair.Create(field.Name, field.Value)));

    [GeneratedRegex("name=\"token\" value=\"([0-9a-f]+)\"")]
    private static partial Regex HiddenToken();
}
