using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Xml;
using Mana.Hosting;

namespace Mana.Mcp.Modules.NewsResearch;

/// <summary>What the server said about the version of a feed; sent back so that it may answer "not modified".</summary>
internal sealed record FeedVersion(EntityTagHeaderValue? ETag, DateTimeOffset? LastModified);

/// <summary>A feed as it was fetched; no articles when it has not changed since the given version.</summary>
internal sealed record FetchedFeed(IReadOnlyList<NewsArticle>? Articles, FeedVersion Version);

/// <summary>The feed could not be had; the message says why, without its address.</summary>
internal sealed class FeedException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Fetches feeds from servers that may be slow, endless or hostile: bounded in time, size and where it goes.</summary>
internal sealed class FeedClient(NewsSettings settings, ResolveHost resolve) : IDisposable
{
    private const int MaxRedirects = 3;

    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        // By hand: the handler would follow a feed into the network of this machine.
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.All,
        ConnectCallback = (connection, cancellationToken) => ConnectAsync(connection, resolve, cancellationToken),
        ConnectTimeout = settings.Timeout,
        MaxResponseHeadersLength = 64,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        UseCookies = false,
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <exception cref="FeedException">It could not be had.</exception>
    public async Task<FetchedFeed> FetchAsync(FeedSource feed, FeedVersion? known, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(settings.Timeout);
        try
        {
            return await FetchAsync(feed, feed.Url, known, limit.Token);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new FeedException($"it took longer than {settings.Timeout.TotalSeconds:0.#} s", e);
        }
        catch (XmlException e)
        {
            throw new FeedException($"it is no readable feed ({e.Message})", e);
        }
        catch (HttpRequestException e) when (e.InnerException is FeedException refused)
        {
            throw refused;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or InvalidDataException)
        {
            throw new FeedException("the server cannot be reached", e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private async Task<FetchedFeed> FetchAsync(FeedSource feed, Uri address, FeedVersion? known, CancellationToken cancellationToken)
    {
        for (var redirects = 0; ; redirects++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, address);
            request.Headers.UserAgent.Add(new ProductInfoHeaderValue("mana-mcp", ServiceHost.Version));
            request.Headers.Accept.ParseAdd("application/rss+xml, application/atom+xml, application/xml;q=0.9, */*;q=0.5");
            request.Headers.IfModifiedSince = known?.LastModified;
            if (known?.ETag is { } tag)
            {
                request.Headers.IfNoneMatch.Add(tag);
            }

            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if (response.StatusCode == HttpStatusCode.NotModified && known is not null)
            {
                return new FetchedFeed(null, known);
            }

            if ((int)response.StatusCode is 301 or 302 or 303 or 307 or 308)
            {
                address = redirects < MaxRedirects ? Next(address, response.Headers.Location) : throw new FeedException("it is redirected too often");
                continue;
            }

            if (response.StatusCode != HttpStatusCode.OK)
            {
                throw new FeedException($"the server answered {(int)response.StatusCode}");
            }

            using var document = await ReadAsync(response.Content, cancellationToken);
            var version = new FeedVersion(response.Headers.ETag, response.Content.Headers.LastModified);
            return new FetchedFeed(FeedReader.Read(feed.Name, address, document), version);
        }
    }

    // An outside server may send us to another one outside, but to none that only this machine or its network can reach.
    private static Uri Next(Uri from, Uri? location)
    {
        var next = location is null ? null : new Uri(from, location);
        var isAllowed = next is not null
            && next.UserInfo.Length == 0
            && (next.Scheme == Uri.UriSchemeHttps || (next.Scheme == Uri.UriSchemeHttp && from.Scheme == Uri.UriSchemeHttp))
            && (next.Authority == from.Authority || !HostAddresses.IsInside(next));
        return isAllowed ? next! : throw new FeedException("it is redirected to where it may not go");
    }

    // Looked at here, after the name was resolved and with the very addresses that are connected to: a name that is
    // answered differently the next time gains nothing.
    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext connection, ResolveHost resolve, CancellationToken cancellationToken)
    {
        var (host, port) = (connection.DnsEndPoint.Host, connection.DnsEndPoint.Port);

        // A proxy that the operator has set resolves the names by itself.
        var asked = connection.InitialRequestMessage.RequestUri!;
        var isProxy = !host.Equals(asked.IdnHost, StringComparison.OrdinalIgnoreCase) && !host.Equals(asked.DnsSafeHost, StringComparison.OrdinalIgnoreCase);
        var addresses = isProxy ? await Dns.GetHostAddressesAsync(host, cancellationToken) : await HostAddresses.AllowedAsync(host, resolve, cancellationToken);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task<MemoryStream> ReadAsync(HttpContent content, CancellationToken cancellationToken)
    {
        var document = new MemoryStream();
        try
        {
            await using var body = await content.ReadAsStreamAsync(cancellationToken);
            var buffer = new byte[16 * 1024];
            int read;
            while ((read = await body.ReadAsync(buffer, cancellationToken)) > 0)
            {
                if (document.Length + read > settings.MaxBytes)
                {
                    throw new FeedException($"it is longer than {settings.MaxBytes} bytes");
                }

                document.Write(buffer, 0, read);
            }

            document.Position = 0;
            return document;
        }
        catch
        {
            await document.DisposeAsync();
            throw;
        }
    }
}
