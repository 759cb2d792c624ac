using Mana.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Mana.Tests.Mcp.Modules;

/// <summary>A web server with feeds, good and bad, on a loopback port of its own.</summary>
internal sealed class FeedServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private int _requests;

    private FeedServer(WebApplication app) => _app = app;

    /// <summary>What is served, by path.</summary>
    public Dictionary<string, RequestDelegate> Feeds { get; } = [];

    public int Requests => Volatile.Read(ref _requests);

    public string Url(string path) => new Uri(_app.Address(), path).AbsoluteUri;

    public static async Task<FeedServer> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        var app = builder.Build();
        var server = new FeedServer(app);
        app.Run(context =>
        {
            Interlocked.Increment(ref server._requests);
            if (server.Feeds.TryGetValue(context.Request.Path, out var feed))
            {
                return feed(context);
            }

            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        });
        await app.StartAsync();
        return server;
    }

    public FeedServer With(string path, string document)
    {
        Feeds[path] = context => context.Response.WriteAsync(document);
        return this;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
