using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Mana.Contracts;
using Mana.Hosting.Identity;

namespace Mana.Mcp.Access;

/// <summary>The three questions that we have for mana-auth.</summary>
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
        using var request = new HttpRequestMessage(
            HttpMethod.Get,
            $"{_baseUrl}/api/v1/internal/org/{Uri.EscapeDataString(space.Value)}/member/{Uri.EscapeDataString(user.Value)}");
        request.Headers.Add(ServiceKey.Header, _serviceKey.Value);
        request.Headers.Add("X-App-Id", McpHost.Service);
        return await SendAsync(request, (response, ct) => ReadAsync(response, AuthJson.Default.MembershipResponse, ct), cancellationToken);
    }

    /// <summary>The spaces of the token's owner.</summary>
    public async Task<IReadOnlyList<SpaceView>> ListSpacesAsync(string jwt, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, _baseUrl + "/api/auth/organization/list");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", jwt);
        return await SendAsync(request, (response, ct) => ReadAsync(response, AuthJson.Default.IReadOnlyListSpaceView, ct), cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private async Task<T> SendAsync<T>(
        HttpRequestMessage request, Func<HttpResponseMessage, CancellationToken, Task<T>> read, CancellationToken cancellationToken)
    {
        var path = request.RequestUri!.AbsolutePath;
        try
        {
            using var response = await _http.SendAsync(request, cancellationToken);
            if (response.StatusCode != HttpStatusCode.OK)
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
