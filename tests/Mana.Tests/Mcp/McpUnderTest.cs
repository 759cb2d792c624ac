using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mana.Hosting;
using Mana.Hosting.Storage;
using Mana.Mcp;
using Mana.Testing;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Mana.Tests.Mcp;

/// <summary>mana-mcp with a fake mana-auth behind it and a clock that the test moves.</summary>
internal sealed class McpUnderTest : IAsyncDisposable
{
    public const string Anna = "anna";
    public const string Space = "space-anna";

    private readonly TemporaryDirectory _directory;
    private readonly Dictionary<string, string?> _settings;
    private readonly List<McpClient> _clients = [];

    private McpUnderTest(
        TemporaryDirectory directory, Dictionary<string, string?> settings, FakeAuth auth, HostUnderTest host, FakeTimeProvider clock)
    {
        _directory = directory;
        _settings = settings;
        Auth = auth;
        Host = host;
        Clock = clock;
    }

    public FakeAuth Auth { get; }

    public HostUnderTest Host { get; private set; }

    public FakeTimeProvider Clock { get; }

    public string DataDirectory => Path.Combine(_directory.Path, "data");

    public Uri Endpoint => new(Host.Address, "/mcp");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static Task<McpUnderTest> StartAsync(params (string Key, string? Value)[] settings) => StartAsync(_ => { }, settings);

    /// <summary>The service with more in its container: a module, a log.</summary>
    public static async Task<McpUnderTest> StartAsync(Action<IServiceCollection> extend, params (string Key, string? Value)[] settings)
    {
        var directory = new TemporaryDirectory();
        var auth = await FakeAuth.StartAsync();
        auth.Join(Anna, Space);
        var clock = new FakeTimeProvider(new DateTimeOffset(2026, 11, 22, 9, 0, 0, TimeSpan.Zero));
        var all = new Dictionary<string, string?>
        {
            ["MANA_DATA"] = Path.Combine(directory.Path, "data"),
            ["MANA_AUTH_URL"] = auth.Address.AbsoluteUri,
            ["MANA_SERVICE_KEY"] = FakeAuth.ServiceKeyValue,
            ["JWT_ISSUER"] = FakeAuth.Issuer,
        };
        foreach (var (key, value) in settings)
        {
            all[key] = value;
        }

        return new McpUnderTest(
            directory, all, auth, await HostUnderTest.StartAsync((configuration, time) => McpHost.Create(configuration, time, extend), all, clock), clock);
    }

    /// <summary>Ends the host and starts another one on the same data.</summary>
    public async Task RestartAsync()
    {
        await Host.DisposeAsync();
        Host = await StartBesideAsync();
    }

    /// <summary>Another host on the same data; the caller ends it.</summary>
    public Task<HostUnderTest> StartBesideAsync() => HostUnderTest.StartAsync(McpHost.Create, _settings, Clock);

    public string Token(string user = Anna) => Auth.Token(user, Clock.GetUtcNow());

    /// <summary>A real MCP client of this user in this space.</summary>
    public Task<McpClient> ConnectAsync(string user = Anna, string space = Space, string? timeZone = null)
    {
        Auth.Join(user, space);
        return ConnectAsAsync(Token(user), space, timeZone);
    }

    /// <summary>A real MCP client with this token; null for no space header.</summary>
    public async Task<McpClient> ConnectAsAsync(string token, string? space = Space, string? timeZone = null)
    {
        var headers = new Dictionary<string, string> { ["Authorization"] = $"Bearer {token}" };
        if (space is not null)
        {
            headers["X-Mana-Space"] = space;
        }

        if (timeZone is not null)
        {
            headers["X-Mana-Time-Zone"] = timeZone;
        }

        var client = await McpClient.CreateAsync(
            new HttpClientTransport(new HttpClientTransportOptions
            {
                Endpoint = Endpoint,
                TransportMode = HttpTransportMode.StreamableHttp,
                EnableStandaloneGetStream = false,
                AdditionalHeaders = headers,
            }),
            cancellationToken: Cancellation);
        _clients.Add(client);
        return client;
    }

    /// <summary>A raw POST of a JSON-RPC message; the headers can be bent.</summary>
    public Task<HttpResponseMessage> PostAsync(string body, Action<HttpRequestMessage>? bend = null) => PostAsync(Host, body, bend, Cancellation);

    /// <inheritdoc cref="PostAsync(string, Action{HttpRequestMessage}?)"/>
    public async Task<HttpResponseMessage> PostAsync(
        HostUnderTest host, string body, Action<HttpRequestMessage>? bend, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/mcp")
        {
            Content = new StringContent(body, Encoding.UTF8, "application/json"),
        };
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Token());
        request.Headers.Add("X-Mana-Space", Space);
        bend?.Invoke(request);
        return await host.Client.SendAsync(request, cancellationToken);
    }

    /// <summary>Closes the connections that wait for their next use, so that the next one has to open the file; those of other hosts stay.</summary>
    public void CloseIdleConnections()
    {
        var settings = new SettingsReader(HostUnderTest.Configuration(new Dictionary<string, string?> { ["MANA_DATA"] = DataDirectory }));
        using var connection = new SqliteConnection(DatabaseSettings.Read(settings, "mcp").ConnectionString);
        SqliteConnection.ClearPool(connection);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients)
        {
            await client.DisposeAsync();
        }

        await Host.DisposeAsync();
        await Auth.DisposeAsync();
        _directory.Dispose();
    }
}

/// <summary>Short forms for calls of tools.</summary>
internal static class McpClientCalls
{
    /// <summary>Calls a tool with arguments written as JSON.</summary>
    public static async Task<CallToolResult> TryCallAsync(this McpClient client, string tool, string arguments = "{}") =>
        await client.CallToolAsync(
            new CallToolRequestParams { Name = tool, Arguments = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(arguments) },
            TestContext.Current.CancellationToken);

    /// <summary>Calls a tool that has to succeed, and gives its structured result.</summary>
    public static async Task<JsonNode> CallAsync(this McpClient client, string tool, string arguments = "{}")
    {
        var result = await client.TryCallAsync(tool, arguments);
        result.IsError.Should().NotBeTrue(because: result.Text());
        var structured = JsonNode.Parse(result.StructuredContent!.Value.GetRawText())!;
        JsonNode.DeepEquals(JsonNode.Parse(result.Text()), structured).Should().BeTrue("text and structured content say the same");
        return structured;
    }

    /// <summary>Calls a tool that has to fail, and gives the sentence.</summary>
    public static async Task<string> FailAsync(this McpClient client, string tool, string arguments = "{}")
    {
        var result = await client.TryCallAsync(tool, arguments);
        result.IsError.Should().BeTrue(because: result.Text());
        return result.Text();
    }

    public static string Text(this CallToolResult result) => ((TextContentBlock)result.Content[0]).Text;

    public static List<string> Texts(this JsonNode node, string list, string property) =>
        [.. node[list]!.AsArray().Select(item => (string)item![property]!)];
}
