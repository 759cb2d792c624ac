using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
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

    /// <summary>Connects with the persona's token and space.</summary>
    public async Task<IPersonaTools> ConnectAsync(PersonaAccess access, CancellationToken cancellationToken)
    {
        // Concurrent: calls of one turn read it side by side while a renewed token is put in.
        var headers = new ConcurrentDictionary<string, string>(StringComparer.Ordinal)
        {
            ["Authorization"] = "Bearer " + await access.TokenAsync(cancellationToken),
            ["X-Mana-Space"] = access.SpaceId.Value,
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
            return new McpPersonaTools(client, endpoint, tools, access, headers, settings.ToolCallTimeout);
        }
        catch (Exception e) when (e is HttpRequestException or McpException or OperationCanceledException or IOException && !cancellationToken.IsCancellationRequested)
        {
            if (client is not null)
            {
                await client.DisposeAsync();
            }

            throw Failure(e, endpoint);
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
            .Select(tool => new ToolDefinition(tool.Name, tool.Description ?? "", tool.JsonSchema))
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
    TimeSpan callTimeout) : IPersonaTools
{
    public IReadOnlyList<ToolDefinition> Tools { get; } = tools;

    public async Task<ToolResult> CallAsync(string tool, IReadOnlyDictionary<string, object?> arguments, CancellationToken cancellationToken)
    {
        await RefreshTokenAsync(cancellationToken);
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(callTimeout);
        try
        {
            var result = await client.CallToolAsync(tool, arguments, cancellationToken: timeout.Token);
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

    public ValueTask DisposeAsync() => client.DisposeAsync();

    // Headers are read per request, so a token that is renewed here is used by the next call of the same session.
    private async ValueTask RefreshTokenAsync(CancellationToken cancellationToken) =>
        headers["Authorization"] = "Bearer " + await access.TokenAsync(cancellationToken);

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
