using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mana.Contracts;
using Mana.PersonaRunner.Ticks;
using Microsoft.Extensions.Logging;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Mana.PersonaRunner.Platform;

/// <summary>Opens one MCP session per tick over a shared <see cref="HttpClient"/>; the tool list is cached per server version.</summary>
internal sealed class McpConnector(HttpClient http, RunnerSettings settings, TimeProvider time, ILoggerFactory loggers)
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ToolListLifetime = TimeSpan.FromSeconds(60);

    private readonly ConcurrentDictionary<string, CachedTools> _cache = new(StringComparer.Ordinal);

    /// <summary>Connects with the persona's token and space; a token that is refused is renewed once.</summary>
    public async Task<IPersonaTools> ConnectAsync(PersonaAccess access, CancellationToken cancellationToken)
    {
        var token = await access.TokenAsync(cancellationToken);
        try
        {
            return await ConnectAsync(access, token, cancellationToken);
        }
        catch (PlatformException e) when (e.StatusCode == 401)
        {
            return await ConnectAsync(access, await access.RenewAsync(token, cancellationToken), cancellationToken);
        }
    }

    private async Task<IPersonaTools> ConnectAsync(PersonaAccess access, string token, CancellationToken cancellationToken)
    {
        // Concurrent: calls of one turn read it side by side while a renewed token is put in.
        var headers = new ConcurrentDictionary<string, string>(StringComparer.Ordinal)
        {
            [McpPersonaTools.Authorization] = McpPersonaTools.Bearer + token,
            ["X-Mana-Space"] = access.SpaceId.Value,
            // Ours: what "today" means to a tool that is given no date. Other servers ignore it. A persona without a zone lives
            // in UTC, wherever the service is.
            ["X-Mana-Time-Zone"] = access.TimeZone is { Length: > 0 } zone ? zone : "UTC",
        };

        var endpoint = new Uri(settings.McpUrl.AbsoluteUri.TrimEnd('/') + "/mcp");
        var options = new HttpClientTransportOptions
        {
            Endpoint = endpoint,
            TransportMode = HttpTransportMode.StreamableHttp,
            EnableStandaloneGetStream = false,
            AdditionalHeaders = headers,
        };
        var clientOptions = new McpClientOptions
        {
            ClientInfo = new Implementation { Name = RunnerHost.Service, Version = Hosting.ServiceHost.Version },
        };

        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(ConnectTimeout);
        McpClient? client = null;
        try
        {
            client = await McpClient.CreateAsync(new HttpClientTransport(options, http, loggers, ownsHttpClient: false), clientOptions, loggers, timeout.Token);
            var tools = await ToolsAsync(client, endpoint, timeout.Token);
            return new McpPersonaTools(client, endpoint, tools, access, headers, settings.ToolCallTimeout, time);
        }
        catch (Exception e)
        {
            if (client is not null)
            {
                await McpPersonaTools.CloseAsync(client, time);
            }

            if (e is HttpRequestException or McpException or OperationCanceledException or IOException && !cancellationToken.IsCancellationRequested)
            {
                throw Failure(e, endpoint);
            }

            throw;
        }
    }

    internal static PlatformException Failure(Exception e, Uri endpoint)
    {
        var status = (e as HttpRequestException)?.StatusCode;
        var reason = status switch
        {
            HttpStatusCode.Unauthorized => "refuses the persona's token (401); both services must use the same mana-auth",
            HttpStatusCode.Forbidden => "refuses the persona's space (403)",
            HttpStatusCode.ServiceUnavailable => "cannot check tokens now (503); is its mana-auth up?",
            { } code => $"answered {(int)code}",
            null when e is OperationCanceledException => "did not answer in time",
            null when e is HttpRequestException => "cannot be reached",
            null => "broke the protocol: " + e.Message,
        };
        return new PlatformException(TickStages.Mcp, $"the MCP server at {endpoint.GetLeftPart(UriPartial.Authority)} {reason}", e)
        {
            StatusCode = (int?)status,
        };
    }

    private async Task<IReadOnlyList<ToolDefinition>> ToolsAsync(McpClient client, Uri endpoint, CancellationToken cancellationToken)
    {
        var key = $"{endpoint}|{client.ServerInfo?.Name}|{client.ServerInfo?.Version}";
        if (_cache.TryGetValue(key, out var cached) && time.GetElapsedTime(cached.ReadAt) < ToolListLifetime)
        {
            client.AddKnownTools(cached.Listed);
            return cached.Tools;
        }

        var listed = await client.ListToolsAsync(cancellationToken: cancellationToken);
        var tools = listed
            .Select(tool => new ToolDefinition(tool.Name, tool.Description ?? "", tool.JsonSchema, tool.ProtocolTool.Annotations?.ReadOnlyHint == true))
            .DistinctBy(tool => tool.Name, StringComparer.Ordinal)
            .ToList();
        _cache[key] = new CachedTools(tools, [.. listed.Select(tool => tool.ProtocolTool)], time.GetTimestamp());
        return tools;
    }

    private sealed record CachedTools(IReadOnlyList<ToolDefinition> Tools, IReadOnlyList<Tool> Listed, long ReadAt);
}

/// <summary>The MCP session of one tick.</summary>
internal sealed class McpPersonaTools(
    McpClient client,
    Uri endpoint,
    IReadOnlyList<ToolDefinition> tools,
    PersonaAccess access,
    ConcurrentDictionary<string, string> headers,
    TimeSpan callTimeout,
    TimeProvider time) : IPersonaTools
{
    public const string Authorization = "Authorization";
    public const string Bearer = "Bearer ";

    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(5);

    public IReadOnlyList<ToolDefinition> Tools { get; } = tools;

    public bool HonoursKeys { get; } = client.ServerCapabilities?.Experimental?.ContainsKey(McpWire.IdempotencyCapability) == true;

    public async Task<ToolResult> CallAsync(string tool, IReadOnlyDictionary<string, object?> arguments, string key, CancellationToken cancellationToken)
    {
        // Headers are read per request, so a token that is renewed here is used by the next call of the same session.
        var token = await access.TokenAsync(cancellationToken);
        headers[Authorization] = Bearer + token;
        try
        {
            return await SendAsync(tool, arguments, key, cancellationToken);
        }
        catch (PlatformException e) when (e.StatusCode == 401)
        {
            // Refused before its time: the session was revoked, or the key withdrawn. Nothing was carried out yet.
            headers[Authorization] = Bearer + await access.RenewAsync(token, cancellationToken);
            return await SendAsync(tool, arguments, key, cancellationToken);
        }
    }

    public ValueTask DisposeAsync() => CloseAsync(client, time);

    /// <summary>Ends the session, which asks the server for it; a server that does not answer must not hold the tick.</summary>
    internal static async ValueTask CloseAsync(McpClient client, TimeProvider time)
    {
        try
        {
            await client.DisposeAsync().AsTask().WaitAsync(CloseTimeout, time);
        }
        catch (Exception e) when (e is TimeoutException or HttpRequestException or McpException or IOException or OperationCanceledException)
        {
            // The visit is over either way; the server's own time-out ends the session.
        }
    }

    private async Task<ToolResult> SendAsync(string tool, IReadOnlyDictionary<string, object?> arguments, string key, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(callTimeout);
        try
        {
            var result = await client.CallToolAsync(
                tool, arguments, options: new RequestOptions { Meta = new JsonObject { [McpWire.IdempotencyKey] = key } }, cancellationToken: timeout.Token);
            return new ToolResult(result.IsError == true, TextOf(result));
        }
        catch (McpProtocolException e)
        {
            // The server understood us and said no (unknown tool, invalid parameters): the model can mend that.
            return new ToolResult(true, e.Message);
        }
        catch (Exception e) when (e is HttpRequestException or McpException or IOException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            throw McpConnector.Failure(e, endpoint);
        }
    }

    private static string TextOf(CallToolResult result)
    {
        var texts = new List<string>();
        foreach (var block in result.Content)
        {
            texts.Add(block switch
            {
                TextContentBlock text => text.Text,
                EmbeddedResourceBlock { Resource: TextResourceContents resource } => resource.Text,
                _ => $"[{block.Type}]",
            });
        }

        if (texts.Count == 0 && result.StructuredContent is { } structured)
        {
            texts.Add(JsonSerializer.Serialize(structured));
        }

        return string.Join('\n', texts);
    }
}
