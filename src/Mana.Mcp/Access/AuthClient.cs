using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Mana.Contracts;
using Mana.Hosting.Identity;

namespace Mana.Mcp.Access;

/// <summary>The questions that we have for mana-auth.</summary>
internal sealed class AuthClient : IDisposable
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(5);

    private readonly HttpClient _http;
    private readonly string _baseUrl;
    private readonly ServiceKey _serviceKey;

    public AuthClient(McpSettings settings)
    {
        _baseUrl = settings.AuthUrl.AbsoluteUri.TrimEnd('/');
        _serviceKey = settings.ServiceKey;
        _http = new HttpClient(new SocketsHttpHandler
        {
            ConnectTimeout = ConnectTimeout,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            AllowAutoRedirect = false,
            UseCookies = false,
        })
        {
            Timeout = AnswerTimeout,
            MaxResponseContentBufferSize = 4 * 1024 * 1024,
        };
    }

    /// <summary>The published signing keys, as text.</summary>
    public async Task<string> GetKeySetAsync(CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, _baseUrl + "/api/auth/jwks");
        return await SendAsync(request, (response, ct) => response.Content.ReadAsStringAsync(ct), cancellationToken);
    }

    /// <summary>Whether the user belongs to the space. Both ids must be plain identifiers: they become part of the path.</summary>
    public async Task<MembershipResponse> GetMembershipAsync(SpaceId space, UserId user, CancellationToken cancellationToken)
    {
        using var request = Internal($"/api/v1/internal/org/{Uri.EscapeDataString(space.Value)}/member/{Uri.EscapeDataString(user.Value)}");
        return await SendAsync(request, (response, ct) => ReadAsync(response, AuthJson.Default.MembershipResponse, ct), cancellationToken);
    }

    /// <summary>The spaces of the token's owner; null where mana-auth gives no list for such a token, as the original does.</summary>
    public async Task<IReadOnlyList<SpaceView>?> FindSpacesAsync(string jwt, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, _baseUrl + "/api/auth/organization/list");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", jwt);
        return await FindAsync(request, AuthJson.Default.IReadOnlyListSpaceView, cancellationToken);
    }

    /// <summary>The spaces of a user whose token is not for mana-auth; null where mana-auth has no such answer.</summary>
    public async Task<IReadOnlyList<SpaceView>?> FindSpacesOfUserAsync(UserId user, CancellationToken cancellationToken)
    {
        using var request = Internal($"/api/v1/internal/users/{Uri.EscapeDataString(user.Value)}/spaces");
        return await FindAsync(request, AuthJson.Default.IReadOnlyListSpaceView, cancellationToken);
    }

    /// <summary>Which destructive tools the user has allowed; null where mana-auth knows no such thing.</summary>
    public async Task<UserToolPolicy?> FindToolPolicyAsync(UserId user, CancellationToken cancellationToken)
    {
        using var request = Internal($"/api/v1/internal/users/{Uri.EscapeDataString(user.Value)}/tool-policy");
        return await FindAsync(request, AuthJson.Default.UserToolPolicy, cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private HttpRequestMessage Internal(string path)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, _baseUrl + path);
        request.Headers.Add(ServiceKey.Header, _serviceKey.Value);
        request.Headers.Add("X-App-Id", McpHost.Service);
        return request;
    }

    private Task<T?> FindAsync<T>(HttpRequestMessage request, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class =>
        SendAsync(
            request,
            async (response, ct) => response.StatusCode == HttpStatusCode.OK ? await ReadAsync(response, type, ct) : null,
            cancellationToken,
            HttpStatusCode.Unauthorized, HttpStatusCode.Forbidden, HttpStatusCode.NotFound);

    private async Task<T> SendAsync<T>(
        HttpRequestMessage request,
        Func<HttpResponseMessage, CancellationToken, Task<T>> read,
        CancellationToken cancellationToken,
        params HttpStatusCode[] alsoFine)
    {
        var path = request.RequestUri!.AbsolutePath;
        try
        {
            using var response = await _http.SendAsync(request, cancellationToken);
            if (response.StatusCode != HttpStatusCode.OK && !alsoFine.Contains(response.StatusCode))
            {
                throw new AuthUnavailableException($"mana-auth answered {(int)response.StatusCode} to GET {path}");
            }

            return await read(response, cancellationToken);
        }
        catch (Exception e) when (e is HttpRequestException or JsonException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new AuthUnavailableException($"mana-auth gave no usable answer to GET {path}: {e.Message}", e);
        }
    }

    private static async Task<T> ReadAsync<T>(HttpResponseMessage response, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        return await JsonSerializer.DeserializeAsync(body, type, cancellationToken) ?? throw new JsonException("The body is null.");
    }
}
