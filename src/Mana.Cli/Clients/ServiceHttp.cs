using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Mana.Contracts;

namespace Mana.Cli.Clients;

/// <summary>HTTP to one service, with errors that a person can act on.</summary>
internal sealed class ServiceHttp(string service, Uri address, string option) : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    // No cookie jar and no redirects: what is sent is what the command asked for. Loopback needs no proxy.
    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        UseCookies = false,
        AllowAutoRedirect = false,
        ConnectTimeout = TimeSpan.FromSeconds(10),
        UseProxy = !address.IsLoopback,
    })
    {
        Timeout = System.Threading.Timeout.InfiniteTimeSpan,
    };

    public Uri Address { get; } = address;

    public string Service { get; } = service;

    /// <summary>Sends and reads an answer of a known shape; every other status is an error.</summary>
    public async Task<T> SendAsync<T>(
        HttpMethod method, string path, JsonTypeInfo<T> shape, CancellationToken cancellationToken, HttpContent? content = null, params (string Name, string Value)[] headers)
    {
        using var response = await SendAsync(method, path, cancellationToken, content, headers);
        return await ReadAsync(response, $"{method} {path}", shape, cancellationToken);
    }

    /// <summary>Reads an answer of a known shape; every status that is no success is an error.</summary>
    public async Task<T> ReadAsync<T>(HttpResponseMessage response, string what, JsonTypeInfo<T> shape, CancellationToken cancellationToken)
    {
        await EnsureSuccessAsync(response, what, cancellationToken);
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        try
        {
            return JsonSerializer.Deserialize(text, shape) ?? throw new JsonException("null");
        }
        catch (JsonException)
        {
            throw new CliException(
                ExitCode.Failed,
                $"{Service} at {Address} answered {what} with something that is not its JSON ({ErrorReason.Shorten(text)}); check that {option} names {Service}");
        }
    }

    /// <summary>Sends; the caller reads the status.</summary>
    public async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string path, CancellationToken cancellationToken, HttpContent? content = null, (string Name, string Value)[]? headers = null)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Timeout);
        using var request = Request(method, path, content, headers ?? []);
        try
        {
            var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            await response.Content.LoadIntoBufferAsync(limit.Token);
            return response;
        }
        catch (HttpRequestException e)
        {
            throw Unreachable(e);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new CliException(ExitCode.Unreachable, $"{Service} at {Address} did not answer within {Timeout.TotalSeconds:0} s; look at its log, or name another with {option}");
        }
    }

    /// <summary>Opens a stream that stays open.</summary>
    public async Task<HttpResponseMessage> OpenAsync(string path, CancellationToken cancellationToken, params (string Name, string Value)[] headers)
    {
        using var request = Request(HttpMethod.Get, path, null, headers);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        try
        {
            var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            await EnsureSuccessAsync(response, $"GET {path}", cancellationToken);
            return response;
        }
        catch (HttpRequestException e)
        {
            throw Unreachable(e);
        }
    }

    public async Task EnsureSuccessAsync(HttpResponseMessage response, string what, CancellationToken cancellationToken)
    {
        if (response.IsSuccessStatusCode)
        {
            return;
        }

        var reason = ErrorReason.Of(await response.Content.ReadAsStringAsync(cancellationToken));
        throw new CliException(
            response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden ? ExitCode.Refused : ExitCode.Failed,
            $"{Service} refused {what} with {(int)response.StatusCode}{(reason.Length > 0 ? ": " + reason : "")}");
    }

    public static StringContent Json<T>(T value, JsonTypeInfo<T> shape) =>
        new(JsonSerializer.Serialize(value, shape), Encoding.UTF8, "application/json");

    public void Dispose() => _http.Dispose();

    private HttpRequestMessage Request(HttpMethod method, string path, HttpContent? content, (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(method, Address.AbsoluteUri.TrimEnd('/') + path) { Content = content };
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return request;
    }

    private CliException Unreachable(HttpRequestException e) => new(
        ExitCode.Unreachable,
        $"{Service} is not reachable at {Address.AbsoluteUri.TrimEnd('/')}{(e.HttpRequestError == HttpRequestError.NameResolutionError ? " (unknown host name)" : "")}; start it with ./mana up, or name another with {option} or --data");
}
