using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Mana.Benchmarks.Ticks;
using Mana.Hosting.Storage;

namespace Mana.Benchmarks.Gateway;

/// <summary>mana-mcp in a process of its own, on a free loopback port.</summary>
internal sealed class GatewayProcess : IAsyncDisposable
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);
    private readonly BenchProcess _process;
    private readonly HttpClient _http;

    private GatewayProcess(BenchProcess process, Uri address, HttpClient http)
    {
        _process = process;
        _http = http;
        Endpoint = new Uri(address, "/mcp");
    }

    public Uri Endpoint { get; }

    public double ResidentMb => _process.ResidentMemoryBytes / (1024.0 * 1024);

    public static async Task<GatewayProcess> StartAsync(
        GatewayBenchOptions options, string directory, GatewayAuth auth, string policy, CancellationToken cancellationToken)
    {
        var address = BenchStack.FreeAddress();
        var settings = new Dictionary<string, string>
        {
            ["NODE_ENV"] = "development",
            ["LOG_LEVEL"] = "Warning",
            ["PORT"] = address.Port.ToString(CultureInfo.InvariantCulture),
            ["MANA_SERVICE_KEY"] = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24)),
            ["MANA_AUTH_URL"] = auth.Address.AbsoluteUri.TrimEnd('/'),
            ["POLICY_MODE"] = policy,

            // Judged and counted like any other, but no client of a benchmark takes a break.
            ["POLICY_RATE_LIMIT"] = "1000000",
            ["MCP_MAX_RECORDS_PER_SPACE"] = "10000000",
            ["MCP_MAX_BYTES_PER_SPACE"] = int.MaxValue.ToString(CultureInfo.InvariantCulture),
            [DatabaseSettings.DirectoryKey] = directory,
        };
        if (options.DatabaseUrl is not null)
        {
            settings[DatabaseSettings.UrlKey] = options.DatabaseUrl;
        }

        var http = new HttpClient(new SocketsHttpHandler { UseCookies = false, MaxConnectionsPerServer = 1024 });
        var process = BenchProcess.Start("mcp", options.Mana, ["serve", "mcp", "--data", directory], settings);
        var gateway = new GatewayProcess(process, address, http);
        try
        {
            while (!await gateway.IsHealthyAsync(cancellationToken))
            {
                if (process.HasEnded)
                {
                    throw new BenchException($"mana-mcp ended by itself.\n{process.LastLines}");
                }

                await Task.Delay(PollInterval, TimeProvider.System, cancellationToken);
            }

            return gateway;
        }
        catch
        {
            await gateway.DisposeAsync();
            throw;
        }
    }

    /// <summary>Sends a message and reads the whole answer.</summary>
    /// <exception cref="BenchException">It is an error.</exception>
    public Task<string> SendAsync(string token, string space, string body, CancellationToken cancellationToken) =>
        SendAsync(_http, token, space, body, cancellationToken);

    /// <inheritdoc cref="SendAsync(string, string, string, CancellationToken)"/>
    public async Task<string> SendAsync(HttpMessageInvoker http, string token, string space, string body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Endpoint) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        request.Headers.Add("X-Mana-Space", space);
        using var response = await http.SendAsync(request, cancellationToken);
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        return response.IsSuccessStatusCode && !text.Contains("\"isError\":true", StringComparison.Ordinal) && !text.Contains("\"error\":{", StringComparison.Ordinal)
            ? text
            : throw new BenchException($"mana-mcp answered {(int)response.StatusCode}: {text[..Math.Min(text.Length, 500)]}");
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _process.DisposeAsync();
    }

    private async Task<bool> IsHealthyAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var response = await _http.GetAsync(new Uri(Endpoint, "/health"), cancellationToken);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
