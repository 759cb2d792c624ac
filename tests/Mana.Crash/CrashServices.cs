using System.Globalization;
using System.Security.Cryptography;
using Mana.Crash.Stores;
using Mana.Testing;
using Npgsql;

namespace Mana.Crash;

/// <summary>What stays alive while runners are killed: mana-auth with its personas, mana-mcp, the model, the database.</summary>
internal sealed class CrashServices : IAsyncDisposable
{
    private const string AdminEmail = "crash-admin@mana.test";
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(90);

    // Five turns make a tick of one to two seconds.
    private static readonly TimeSpan ShortLatency = TimeSpan.FromMilliseconds(250);

    // At 50 requests a minute this keeps between four and five of them under way: both limits bind.
    private static readonly TimeSpan LongLatency = TimeSpan.FromSeconds(5.5);

    private readonly List<ProcessUnderTest> _processes = [];
    private readonly PostgresCluster? _postgres;
    private readonly ScriptedClaude _model;

    private CrashServices(PostgresCluster? postgres, ScriptedClaude model, ServiceStores stores, Dictionary<string, string> common)
    {
        _postgres = postgres;
        _model = model;
        Stores = stores;
        Common = common;
    }

    public Uri Auth { get; } = Local(FreePorts.Take());

    public Uri Mcp { get; } = Local(FreePorts.Take());

    public Uri Model => _model.Address;

    /// <summary>The most requests that the model had under way at once.</summary>
    public int MostAtOnce => _model.MaxConcurrency;

    public ServiceStores Stores { get; }

    /// <summary>The settings that all services share.</summary>
    public IReadOnlyDictionary<string, string> Common { get; }

    public static async Task<CrashServices> StartAsync(CrashOptions options, string directory, PostgresCluster? shared, CancellationToken cancellationToken)
    {
        var common = new Dictionary<string, string>
        {
            ["NODE_ENV"] = "development",
            ["LOG_LEVEL"] = "Warning",
            ["MANA_DATA"] = directory,
            ["MANA_SERVICE_KEY"] = NewSecret(),
            ["MANA_AUTH_SECRET"] = NewSecret(),
            ["PERSONA_SEED_SECRET"] = NewSecret(),
        };
        PostgresCluster? own = null;
        var stores = ServiceStores.OnSqlite(directory);
        if (options.OnPostgres)
        {
            var cluster = shared ?? (own = await PostgresCluster.StartAsync(cancellationToken));
            var address = await cluster.CreateDatabaseAsync(cancellationToken);
            common["DATABASE_URL"] = address;
            stores = new ServiceStores(service => new NpgsqlConnection(cluster.ConnectionString(address, "mana_" + service)));
        }

        var model = await ScriptedClaude.StartAsync(new ScriptedClaudeOptions
        {
            Latency = options.LimitSeconds is null ? ShortLatency : LongLatency,
            RecordRequests = false,
        });
        var services = new CrashServices(own, model, stores, common);
        try
        {
            await services.ServeAsync(options, cancellationToken);
            return services;
        }
        catch
        {
            await services.DisposeAsync();
            throw;
        }
    }

    public static Uri Local(int port) => new(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"));

    public static string Text(Uri address) => address.AbsoluteUri.TrimEnd('/');

    public async ValueTask DisposeAsync()
    {
        foreach (var process in Enumerable.Reverse(_processes))
        {
            await process.DisposeAsync();
        }

        await _model.DisposeAsync();
        if (_postgres is not null)
        {
            await _postgres.DisposeAsync();
        }
    }

    private async Task ServeAsync(CrashOptions options, CancellationToken cancellationToken)
    {
        var addresses = new Dictionary<string, string>(Common) { ["MANA_AUTH_URL"] = Text(Auth), ["MANA_MCP_URL"] = Text(Mcp) };
        var password = NewSecret();

        // The first administrator is made in the database, so before the service takes hold of it.
        await RunAsync(addresses, password + "\n", cancellationToken, "admin", "create", AdminEmail, "--password-stdin");
        await ServeAsync("auth", new(addresses) { ["PORT"] = Port(Auth), ["BASE_URL"] = Text(Auth) }, cancellationToken);
        await ServeAsync("mcp", new(addresses) { ["PORT"] = Port(Mcp), ["MCP_IDEMPOTENCY"] = options.HonoursKeys ? "on" : "off", ["POLICY_MODE"] = "log-only" }, cancellationToken);
        await RunAsync(new(addresses) { ["MANA_ADMIN_EMAIL"] = AdminEmail, ["MANA_ADMIN_PASSWORD"] = password }, "", cancellationToken, "seed");
    }

    private async Task ServeAsync(string service, Dictionary<string, string> settings, CancellationToken cancellationToken)
    {
        var process = ManaProgram.Start(settings, "serve", service);
        _processes.Add(process);
        await process.LineAsync(line => line.Contains('✓', StringComparison.Ordinal), StartTime, cancellationToken);
    }

    private static async Task RunAsync(Dictionary<string, string> settings, string input, CancellationToken cancellationToken, params IReadOnlyList<string> arguments)
    {
        var result = await ManaProgram.RunAsync(settings, input, cancellationToken, arguments);
        if (result.ExitCode != 0)
        {
            throw new ProcessFailedException(result.ToString());
        }
    }

    private static string Port(Uri address) => address.Port.ToString(CultureInfo.InvariantCulture);

    private static string NewSecret() => RandomNumberGenerator.GetHexString(32, lowercase: true);
}
