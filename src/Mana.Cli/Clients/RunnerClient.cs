using System.Globalization;
using System.Net;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Mana.Cli.Output;
using Mana.Contracts;
using Mana.Hosting.Identity;

namespace Mana.Cli.Clients;

/// <summary>The runner's own API.</summary>
internal sealed class RunnerClient(Uri address, string? serviceKey) : IDisposable
{
    private readonly ServiceHttp _http = new("mana-persona-runner", address, "--runner-url");
    private readonly (string Name, string Value)[] _key = serviceKey is null ? [] : [(ServiceKey.Header, serviceKey)];

    public Uri Address => _http.Address;

    public async Task<RunTicksResponse> RunTicksAsync(RunTicksRequest request, CancellationToken cancellationToken)
    {
        using var content = ServiceHttp.Json(request, RunnerJson.Default.RunTicksRequest);
        return await _http.SendAsync(HttpMethod.Post, "/api/v1/ticks", RunnerJson.Default.RunTicksResponse, cancellationToken, content, _key);
    }

    public async Task<IReadOnlyList<TickSummary>> ListTicksAsync(
        int limit, string? persona, CancellationToken cancellationToken, bool undelivered = false, string? run = null)
    {
        var path = string.Create(CultureInfo.InvariantCulture, $"/api/v1/ticks?limit={limit}")
            + (persona is null ? "" : "&persona=" + Uri.EscapeDataString(persona))
            + (undelivered ? "&undelivered=true" : "")
            + (run is null ? "" : "&run=" + Uri.EscapeDataString(run));
        return (await _http.SendAsync(HttpMethod.Get, path, RunnerJson.Default.TickListResponse, cancellationToken, headers: _key)).Ticks;
    }

    public async Task<IReadOnlyList<RunSummary>> ListRunsAsync(int limit, CancellationToken cancellationToken) => (await _http.SendAsync(
        HttpMethod.Get, string.Create(CultureInfo.InvariantCulture, $"/api/v1/runs?limit={limit}"), RunnerJson.Default.RunListResponse, cancellationToken, headers: _key)).Runs;

    /// <summary>Null when the runner knows no such tick.</summary>
    public async Task<TickDetail?> FindTickAsync(TickId id, CancellationToken cancellationToken)
    {
        var path = "/api/v1/ticks/" + Uri.EscapeDataString(id.Value);
        using var response = await _http.SendAsync(HttpMethod.Get, path, cancellationToken, headers: _key);
        if (response.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }

        await _http.EnsureSuccessAsync(response, "GET " + path, cancellationToken);
        return JsonSerializer.Deserialize(await response.Content.ReadAsStringAsync(cancellationToken), RunnerJson.Default.TickDetail);
    }

    public Task<CancelTickResponse> CancelTickAsync(TickId id, CancellationToken cancellationToken) =>
        OperateAsync(id, "cancel", RunnerJson.Default.CancelTickResponse, cancellationToken);

    public Task<SetAsideTickResponse> SetAsideTickAsync(TickId id, CancellationToken cancellationToken) =>
        OperateAsync(id, "set-aside", RunnerJson.Default.SetAsideTickResponse, cancellationToken);

    public Task<RetryTickResponse> RetryTickAsync(TickId id, CancellationToken cancellationToken) =>
        OperateAsync(id, "retry", RunnerJson.Default.RetryTickResponse, cancellationToken);

    /// <summary>What to say where the runner has no tick of this id.</summary>
    public CliException Unknown(TickId id) =>
        new(ExitCode.Failed, $"mana-persona-runner at {Address} knows no tick {id}; ./mana tick list shows the latest");

    private async Task<T> OperateAsync<T>(TickId id, string what, JsonTypeInfo<T> shape, CancellationToken cancellationToken)
    {
        var path = $"/api/v1/ticks/{Uri.EscapeDataString(id.Value)}/{what}";
        using var response = await _http.SendAsync(HttpMethod.Post, path, cancellationToken, headers: _key);
        if (response.StatusCode == HttpStatusCode.NotFound)
        {
            throw Unknown(id);
        }

        return await _http.ReadAsync(response, "POST " + path, shape, cancellationToken);
    }

    public async Task<PurgeResponse> PurgeAsync(PurgeRequest request, CancellationToken cancellationToken)
    {
        using var content = ServiceHttp.Json(request, RunnerJson.Default.PurgeRequest);
        return await _http.SendAsync(HttpMethod.Post, "/api/v1/purge", RunnerJson.Default.PurgeResponse, cancellationToken, content, _key);
    }

    public Task<ClusterResponse> ClusterAsync(CancellationToken cancellationToken) =>
        _http.SendAsync(HttpMethod.Get, "/api/v1/cluster", RunnerJson.Default.ClusterResponse, cancellationToken, headers: _key);

    /// <summary>The personas as the runner knows them: whether they fail, and how long they rest.</summary>
    public async Task<IReadOnlyList<RestingPersona>> RestingAsync(CancellationToken cancellationToken) =>
        (await _http.SendAsync(HttpMethod.Get, "/api/v1/live", CliJson.Default.LivePersonas, cancellationToken, headers: _key)).Personas;

    public Task<PauseResponse> PauseAsync(CancellationToken cancellationToken) =>
        _http.SendAsync(HttpMethod.Post, "/api/v1/pause", RunnerJson.Default.PauseResponse, cancellationToken, headers: _key);

    public Task<PauseResponse> ResumeAsync(CancellationToken cancellationToken) =>
        _http.SendAsync(HttpMethod.Post, "/api/v1/resume", RunnerJson.Default.PauseResponse, cancellationToken, headers: _key);

    /// <summary>
    /// Subscribes to what all ticks do. When this returns, the subscription stands: nothing that starts afterwards is missed.
    /// </summary>
    public async Task<TickEvents> SubscribeAsync(CancellationToken cancellationToken) =>
        new(await _http.OpenAsync("/api/v1/events", cancellationToken, _key));

    public void Dispose() => _http.Dispose();
}

/// <summary>An open stream of <c>GET /api/v1/events</c>; it ends when the runner does.</summary>
internal sealed class TickEvents(HttpResponseMessage response) : IDisposable
{
    private static readonly HashSet<string> Kinds = ["phase", "call", "rating", "end"];

    public async IAsyncEnumerable<TickEvent> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        var items = SseParser.Create(stream).EnumerateAsync(cancellationToken).GetAsyncEnumerator(cancellationToken);
        await using var _ = items;
        while (true)
        {
            try
            {
                if (!await items.MoveNextAsync())
                {
                    yield break;
                }
            }
            catch (Exception e) when (e is IOException or HttpRequestException)
            {
                yield break;
            }

            // Heartbeats and kinds of a newer runner are not ours to judge.
            if (Kinds.Contains(items.Current.EventType)
                && JsonSerializer.Deserialize(items.Current.Data, RunnerJson.Default.TickEvent) is { } tickEvent)
            {
                yield return tickEvent;
            }
        }
    }

    public void Dispose() => response.Dispose();
}
