using System.Globalization;
using Mana.Testing;

namespace Mana.EndToEnd;

/// <summary><c>mana serve auth</c>, <c>mcp</c> and <c>runner</c> as three processes in production on one PostgreSQL.</summary>
internal sealed class ServeThree : IAsyncDisposable
{
    private const string AuthSecret = "end-to-end-auth-secret-1d5f";
    private const string ServiceKey = "end-to-end-service-key-88c0";
    private const string SeedSecret = "end-to-end-seed-secret-5e27";
    private const string ApiKey = "sk-ant-end-to-end-unused-77";
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(90);

    private readonly List<ProcessUnderTest> _started = [];
    private readonly string _database;
    private readonly Uri _auth = Local(FreePorts.Take());
    private readonly Uri _mcp = Local(FreePorts.Take());
    private readonly Uri _runner = Local(FreePorts.Take());

    private ServeThree(string database) => _database = database;

    /// <summary>The order in which they stop: whoever calls goes first.</summary>
    public IEnumerable<ProcessUnderTest> All => Enumerable.Reverse(_started);

    /// <summary>What must stand in no output.</summary>
    public IEnumerable<string> Secrets => [AuthSecret, ServiceKey, SeedSecret, ApiKey, new UriBuilder(_database).Password];

    public static async Task<ServeThree> StartAsync(string database, string data, CancellationToken cancellationToken)
    {
        var services = new ServeThree(database);
        try
        {
            await services.ServeAsync("auth", services._auth, data, new() { ["BASE_URL"] = Text(services._auth), ["MANA_MCP_URL"] = Text(services._mcp), ["MANA_AUTH_SECRET"] = AuthSecret }, cancellationToken);
            await services.ServeAsync("mcp", services._mcp, data, new() { ["MANA_AUTH_URL"] = Text(services._auth) }, cancellationToken);
            await services.ServeAsync(
                "runner",
                services._runner,
                data,
                new()
                {
                    ["MANA_AUTH_URL"] = Text(services._auth),
                    ["MANA_MCP_URL"] = Text(services._mcp),
                    ["PERSONA_SEED_SECRET"] = SeedSecret,
                    // Production wants a key, also where nobody uses it.
                    ["ANTHROPIC_API_KEY"] = ApiKey,
                    ["BRAIN"] = "simulated",
                    // The test says who ticks; the clock's first beat finds nobody.
                    ["TICK_INTERVAL_MS"] = "3600000",
                },
                cancellationToken);
            return services;
        }
        catch
        {
            await services.DisposeAsync();
            throw;
        }
    }

    /// <summary>The variables of the commands that talk to the services.</summary>
    public Dictionary<string, string> ClientSettings(string adminEmail, string adminPassword) => new()
    {
        ["DATABASE_URL"] = _database,
        ["MANA_AUTH_URL"] = Text(_auth),
        ["MANA_MCP_URL"] = Text(_mcp),
        ["MANA_RUNNER_URL"] = Text(_runner),
        ["MANA_SERVICE_KEY"] = ServiceKey,
        ["PERSONA_SEED_SECRET"] = SeedSecret,
        ["MANA_ADMIN_EMAIL"] = adminEmail,
        ["MANA_ADMIN_PASSWORD"] = adminPassword,
    };

    public async ValueTask DisposeAsync()
    {
        foreach (var process in All)
        {
            await process.DisposeAsync();
            TestContext.Current.TestOutputHelper?.WriteLine($"{process.Name}\n{process.Shown}");
        }
    }

    private async Task ServeAsync(string service, Uri address, string data, Dictionary<string, string> settings, CancellationToken cancellationToken)
    {
        settings["PORT"] = address.Port.ToString(CultureInfo.InvariantCulture);
        settings["DATABASE_URL"] = _database;
        settings["MANA_DATA"] = data;
        settings["MANA_SERVICE_KEY"] = ServiceKey;
        var process = ManaProgram.Start(settings, "serve", service);
        _started.Add(process);
        await process.LineAsync(line => line.Contains('✓', StringComparison.Ordinal), StartTime, cancellationToken);
        using var client = new HttpClient();
        using var health = await client.GetAsync(new Uri(address, "health"), cancellationToken);
        health.IsSuccessStatusCode.Should().BeTrue("{0}", process.Everything);
    }

    private static Uri Local(int port) => new(string.Create(CultureInfo.InvariantCulture, $"http://localhost:{port}"));

    private static string Text(Uri url) => url.AbsoluteUri.TrimEnd('/');
}
