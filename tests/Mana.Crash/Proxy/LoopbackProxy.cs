using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace Mana.Crash.Proxy;

/// <summary>
/// Stands between one runner and one service. A request that has arrived is carried out, whether or not the runner lives
/// to hear of it; the answer can be held back.
/// </summary>
internal sealed class LoopbackProxy : IAsyncDisposable
{
    private static readonly HashSet<string> Hop =
        new(["Connection", "Keep-Alive", "Transfer-Encoding", "TE", "Trailer", "Upgrade", "Host", "Content-Length", "Expect"], StringComparer.OrdinalIgnoreCase);

    private readonly WebApplication _app;
    private readonly HttpMessageInvoker _client = new(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false, UseProxy = false });
    private readonly CancellationTokenSource _stopping = new();
    private readonly Peer _peer;
    private readonly Uri _target;
    private readonly Traffic _traffic;

    private LoopbackProxy(Peer peer, Uri target, Traffic traffic)
    {
        _peer = peer;
        _target = target;
        _traffic = traffic;
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "crash-proxy" });
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0").ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        _app = builder.Build();
        _app.Run(HandleAsync);
    }

    public Uri Address => new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    public static async Task<LoopbackProxy> StartAsync(Peer peer, Uri target, Traffic traffic)
    {
        var proxy = new LoopbackProxy(peer, target, traffic);
        await proxy._app.StartAsync();
        return proxy;
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        // The runner is gone; its connections have nothing to wait for.
        await _app.StopAsync(new CancellationToken(canceled: true));
        await _app.DisposeAsync();
        _client.Dispose();
        _stopping.Dispose();
    }

    private async Task HandleAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        try
        {
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or BadHttpRequestException)
        {
            // The runner died while it sent: nothing has arrived.
            return;
        }

        var bytes = body.ToArray();
        var exchange = Exchange.Of(_peer, context.Request.Method, context.Request.Path.Value ?? "/", bytes, _traffic.Writes);
        _traffic.Arrived(exchange);
        try
        {
            await ForwardAsync(context, exchange, bytes);
        }
        finally
        {
            _traffic.Answered(exchange);
        }
    }

    private async Task ForwardAsync(HttpContext context, Exchange exchange, byte[] body)
    {
        using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), new Uri(_target, context.Request.Path + context.Request.QueryString.Value));
        if (body.Length > 0)
        {
            request.Content = new ByteArrayContent(body);
        }

        foreach (var (name, values) in context.Request.Headers.Where(header => !Hop.Contains(header.Key)))
        {
            if (!request.Headers.TryAddWithoutValidation(name, values.AsEnumerable()))
            {
                request.Content?.Headers.TryAddWithoutValidation(name, values.AsEnumerable());
            }
        }

        HttpResponseMessage response;
        byte[] answer;
        try
        {
            // What has arrived is carried out: the end of the runner does not reach the service.
            response = await _client.SendAsync(request, _stopping.Token);
            answer = await response.Content.ReadAsByteArrayAsync(_stopping.Token);
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            context.Response.StatusCode = StatusCodes.Status502BadGateway;
            return;
        }

        using (response)
        {
            if (_traffic.IsCaught(exchange, answer))
            {
                await UntilTheRunnerIsGoneAsync(context);
                return;
            }

            context.Response.StatusCode = (int)response.StatusCode;
            foreach (var (name, values) in response.Headers.Concat(response.Content.Headers).Where(header => !Hop.Contains(header.Key)))
            {
                context.Response.Headers[name] = values.ToArray();
            }

            if (answer.Length > 0 && context.Features.Get<IHttpResponseBodyFeature>() is { } output)
            {
                context.Response.ContentLength = answer.Length;
                await output.Writer.WriteAsync(answer, CancellationToken.None);
            }
        }
    }

    private async Task UntilTheRunnerIsGoneAsync(HttpContext context)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, _stopping.Token);
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, either.Token);
        }
        catch (OperationCanceledException)
        {
            context.Abort();
        }
    }
}
