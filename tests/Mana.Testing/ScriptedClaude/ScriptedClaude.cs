using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Mana.Testing;

/// <summary>
/// An Anthropic Messages server on loopback that knows nothing of its client but the requests. It is as strict as the
/// real API, answers as JSON or as server-sent events, and plays a persona that uses the tools it is offered.
/// </summary>
public sealed class ScriptedClaude : IAsyncDisposable
{
    private const int MaxBodyBytes = 32 * 1024 * 1024;

    private const string Models = """
        {"data":[{"type":"model","id":"claude-haiku-4-5","display_name":"Claude Haiku 4.5","created_at":"2025-10-01T00:00:00Z"}],"has_more":false,"first_id":"claude-haiku-4-5","last_id":"claude-haiku-4-5"}
        """;

    private readonly WebApplication _app;
    private readonly ScriptedClaudeOptions _options;
    private readonly ScriptedPlayer _player;
    private readonly PromptCache _cache = new();
    private readonly ConcurrentQueue<ScriptedReply> _queue = new();
    private readonly ConcurrentQueue<JsonElement> _recorded = new();
    private readonly CancellationTokenSource _stopping = new();
    private long _received;
    private int _played;
    private int _concurrency;
    private int _maxConcurrency;
    private int _disposed;

    private ScriptedClaude(ScriptedClaudeOptions options)
    {
        _options = options;
        _player = new ScriptedPlayer(options.Plan, options.Time);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "scripted-claude" });
        builder.WebHost.UseKestrelCore().UseUrls($"http://127.0.0.1:{options.Port}").ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null;
        });
        _app = builder.Build();
        _app.Run(HandleAsync);
    }

    /// <summary>Where it listens: the base URL for a client.</summary>
    public Uri Address => new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    /// <summary>The bodies of all authenticated message requests, in order; also of those that broke a rule.</summary>
    public IReadOnlyList<JsonElement> Requests => [.. _recorded];

    /// <summary>The most message requests that were under way at once.</summary>
    public int MaxConcurrency => Volatile.Read(ref _maxConcurrency);

    /// <summary>The message requests that were accepted as valid, whatever the answer.</summary>
    public int ValidRequests => Volatile.Read(ref _played);

    /// <summary>Starts a server.</summary>
    public static async Task<ScriptedClaude> StartAsync(ScriptedClaudeOptions? options = null)
    {
        var server = new ScriptedClaude(options ?? new ScriptedClaudeOptions());
        await server._app.StartAsync();
        return server;
    }

    /// <summary>The reply to the next valid request that nothing is enqueued for yet.</summary>
    public ScriptedClaude Enqueue(params ReadOnlySpan<ScriptedReply> replies)
    {
        foreach (var reply in replies)
        {
            _queue.Enqueue(reply);
        }

        return this;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        await _stopping.CancelAsync();
        await _app.StopAsync();
        await _app.DisposeAsync();
        _stopping.Dispose();
    }

    private async Task HandleAsync(HttpContext context)
    {
        var requestId = $"req_{Interlocked.Increment(ref _received).ToString("D24", CultureInfo.InvariantCulture)}";
        context.Response.Headers["request-id"] = requestId;
        var running = Interlocked.Increment(ref _concurrency);
        try
        {
            var route = (context.Request.Method, Path: context.Request.Path.Value);
            if (route.Path == "/v1/models" && HttpMethods.IsGet(route.Method))
            {
                CheckHeaders(context.Request);
                context.Response.ContentType = "application/json";
                await context.Response.WriteAsync(Models, context.RequestAborted);
            }
            else if (route.Path != "/v1/messages")
            {
                throw new ApiError(404, "Not Found");
            }
            else if (!HttpMethods.IsPost(route.Method))
            {
                throw new ApiError(405, "Method Not Allowed");
            }
            else
            {
                Highest(running);
                await MessagesAsync(context, requestId);
            }
        }
        catch (ApiError error) when (!context.Response.HasStarted)
        {
            await ReplyWriter.ErrorAsync(context, error.Status, error.Type, error.Message, requestId);
        }
        catch (OperationCanceledException)
        {
            // The client went away, or the server stops while a reply hangs on purpose.
            context.Abort();
        }
        finally
        {
            Interlocked.Decrement(ref _concurrency);
        }
    }

    private async Task MessagesAsync(HttpContext context, string requestId)
    {
        CheckHeaders(context.Request);
        var (request, hash) = await ReadAsync(context.Request);
        if (_options.RecordRequests)
        {
            _recorded.Enqueue(request);
        }

        RequestRules.Check(request);
        foreach (var (name, value) in _options.Headers)
        {
            context.Response.Headers[name] = value;
        }

        var index = Interlocked.Increment(ref _played) - 1;
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, _stopping.Token);
        if (_options.Latency > TimeSpan.Zero)
        {
            await Task.Delay(_options.Latency, _options.Time, cancellation.Token);
        }

        var reply = (_queue.TryDequeue(out var enqueued) ? enqueued : null)
            ?? _options.Respond?.Invoke(request) ?? _options.Script?.At(index) ?? _player.Play(request, hash);
        switch (reply)
        {
            case ScriptedReply.Message message:
                await AnswerAsync(context, request, message, $"msg_{hash[..24]}");
                break;
            case ScriptedReply.Failure error:
                if (error.RetryAfter is { } wait)
                {
                    context.Response.Headers.RetryAfter = wait.TotalSeconds.ToString(CultureInfo.InvariantCulture);
                }

                await ReplyWriter.ErrorAsync(context, error.Status, error.Type ?? ApiError.TypeOf(error.Status), error.Reason ?? ApiError.TextOf(error.Status), requestId);
                break;
            case ScriptedReply.Raw raw:
                context.Response.StatusCode = raw.Status;
                context.Response.ContentType = raw.ContentType;
                await context.Response.WriteAsync(raw.Body, context.RequestAborted);
                break;
            case ScriptedReply.Stall:
                await BeginAsync(context);
                await Task.Delay(Timeout.InfiniteTimeSpan, _options.Time, cancellation.Token);
                break;
            case ScriptedReply.Drop drop:
                if (drop.AfterHeaders)
                {
                    await BeginAsync(context);
                }

                context.Abort();
                break;
        }
    }

    private async Task AnswerAsync(HttpContext context, JsonElement request, ScriptedReply.Message message, string id)
    {
        var model = request.GetProperty("model").GetString()!;
        var usage = _cache.Charge(request, message.Content.GetRawText().Length);
        if (request.TryGetProperty("stream", out var stream) && stream.ValueKind == JsonValueKind.True)
        {
            await ReplyWriter.StreamAsync(context, id, model, message, usage);
        }
        else
        {
            await ReplyWriter.JsonAsync(context, id, model, message, usage);
        }
    }

    private static async Task BeginAsync(HttpContext context)
    {
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync("{\"id\":\"msg_", context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
    }

    private void CheckHeaders(HttpRequest request)
    {
        var bearer = request.Headers.Authorization.ToString();
        var key = request.Headers["x-api-key"].ToString() is { Length: > 0 } plain ? plain
            : bearer.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? bearer["Bearer ".Length..].Trim()
            : "";
        if (key.Length == 0)
        {
            throw new ApiError(401, "x-api-key header is required");
        }

        if (_options.ApiKey is { } expected && expected != key)
        {
            throw new ApiError(401, "invalid x-api-key");
        }

        var version = request.Headers["anthropic-version"].ToString();
        if (version.Length == 0)
        {
            throw ApiError.Invalid("anthropic-version: header is required");
        }

        if (!DateOnly.TryParseExact(version, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _))
        {
            throw ApiError.Invalid($"anthropic-version: \"{version}\" is not a valid version.");
        }
    }

    private static async Task<(JsonElement Request, string Hash)> ReadAsync(HttpRequest request)
    {
        if (!request.HasJsonContentType())
        {
            throw ApiError.Invalid("Content-Type must be application/json");
        }

        using var body = new MemoryStream();
        var buffer = new byte[16 * 1024];
        for (int read; (read = await request.Body.ReadAsync(buffer, request.HttpContext.RequestAborted)) > 0;)
        {
            body.Write(buffer, 0, read);
            if (body.Length > MaxBodyBytes)
            {
                throw new ApiError(413, "Request exceeds the maximum size");
            }
        }

        var bytes = body.ToArray();
        try
        {
            // The document lives as long as the recorded request does.
            return (JsonDocument.Parse(bytes).RootElement, Convert.ToHexStringLower(SHA256.HashData(bytes)));
        }
        catch (JsonException exception)
        {
            throw ApiError.Invalid($"The request body is not valid JSON: {exception.Message}");
        }
    }

    private void Highest(int running)
    {
        for (var seen = Volatile.Read(ref _maxConcurrency); running > seen; seen = Volatile.Read(ref _maxConcurrency))
        {
            if (Interlocked.CompareExchange(ref _maxConcurrency, running, seen) == seen)
            {
                return;
            }
        }
    }
}
