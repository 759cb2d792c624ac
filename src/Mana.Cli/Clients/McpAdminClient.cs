using System.Net;
using System.Text.Json;
using Mana.Contracts;
using Mana.Hosting.Identity;

namespace Mana.Cli.Clients;

/// <summary>What operators ask of mana-mcp, behind the service key.</summary>
internal sealed class McpAdminClient(Uri address, string? serviceKey) : IDisposable
{
    private readonly ServiceHttp _http = new("mana-mcp", address, "--mcp-url");
    private readonly (string Name, string Value)[] _key = serviceKey is null ? [] : [(ServiceKey.Header, serviceKey)];

    /// <summary>How many rows there are of a space; null where this mana-mcp does not count them.</summary>
    public async Task<long?> CountRowsAsync(SpaceId space, CancellationToken cancellationToken)
    {
        var path = $"/api/v1/internal/spaces/{Uri.EscapeDataString(space.Value)}/rows";
        using var response = await _http.SendAsync(HttpMethod.Get, path, cancellationToken, headers: _key);
        if (response.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }

        await _http.EnsureSuccessAsync(response, "GET " + path, cancellationToken);
        using var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync(cancellationToken));
        return body.RootElement.GetProperty("rows").GetInt64();
    }

    /// <summary>Removes what a user wrote, in whatever space; null where this mana-mcp cannot.</summary>
    public Task<PurgeResponse?> PurgeAuthorAsync(UserId author, CancellationToken cancellationToken) =>
        PurgeAsync(HttpMethod.Delete, $"/api/v1/internal/users/{Uri.EscapeDataString(author.Value)}/records", null, cancellationToken);

    /// <summary>Removes what ticks wrote with their tools; null where this mana-mcp cannot.</summary>
    public async Task<PurgeResponse?> PurgeTicksAsync(IReadOnlyList<TickId> ticks, CancellationToken cancellationToken)
    {
        using var content = ServiceHttp.Json(new PurgeRequest(TickIds: ticks), AuthJson.Default.PurgeRequest);
        return await PurgeAsync(HttpMethod.Post, "/api/v1/internal/purge", content, cancellationToken);
    }

    public void Dispose() => _http.Dispose();

    private async Task<PurgeResponse?> PurgeAsync(HttpMethod method, string path, HttpContent? content, CancellationToken cancellationToken)
    {
        using var response = await _http.SendAsync(method, path, cancellationToken, content, _key);
        if (response.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }

        await _http.EnsureSuccessAsync(response, $"{method} {path}", cancellationToken);
        return JsonSerializer.Deserialize(await response.Content.ReadAsStringAsync(cancellationToken), AuthJson.Default.PurgeResponse);
    }
}
