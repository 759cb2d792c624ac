using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Mana.Benchmarks.Ticks;

/// <summary>Model, auth, mcp and runner on free loopback ports with a data directory of their own.</summary>
internal sealed class BenchStack : IAsyncDisposable
{
    public const string AdminEmail = "bench-admin@mana.test";
    public const string SeedSecret = "bench-seed-secret";
    private const string LongInterval = "2000000000";
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);
    private readonly List<BenchProcess> _processes = [];
    private readonly string _directory;
    private readonly bool _ownsDirectory;

    private BenchStack(TickBenchOptions options)
    {
        _ownsDirectory = options.DataDirectory is null;
        _directory = options.DataDirectory ?? Directory.CreateTempSubdirectory("mana-bench-").FullName;
    }

    public string AdminPassword { get; } = NewSecret();

    public string ServiceKey { get; } = NewSecret();

    public Uri Auth { get; private set; } = null!;

    public Uri Runner { get; private set; } = null!;

    /// <summary>Runner, auth, mcp, model.</summary>
    public IReadOnlyList<BenchProcess> Processes => [.. _processes.AsEnumerable().Reverse()];

    public static async Task<BenchStack> StartAsync(TickBenchOptions options, HttpClient http, IProgress<string> progress, CancellationToken cancellationToken)
    {
        var stack = new BenchStack(options);
        try
        {
            await stack.StartProcessesAsync(options, http, progress, cancellationToken);
            return stack;
        }
        catch
        {
            await stack.DisposeAsync();
            throw;
        }
    }

    /// <exception cref="BenchException">A process is gone.</exception>
    public void EnsureAlive()
    {
        if (_processes.FirstOrDefault(process => process.HasEnded) is { } ended)
        {
            throw new BenchException($"{ended.Name} ended by itself.\n{ended.LastLines}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in Processes)
        {
            await process.DisposeAsync();
        }

        if (_ownsDirectory)
        {
            Directory.Delete(_directory, recursive: true);
        }
    }

    private async Task StartProcessesAsync(TickBenchOptions options, HttpClient http, IProgress<string> progress, CancellationToken cancellationToken)
    {
        var model = BenchProcess.Start(
            "scripted-claude", options.ScriptedClaude, ["--latency-ms", options.LatencyMs.ToString(CultureInfo.InvariantCulture)], new Dictionary<string, string>());
        _processes.Add(model);
        var modelUrl = (await model.FirstLine.WaitAsync(cancellationToken)).Split(' ')[^1].TrimEnd('/');

        Auth = FreeAddress();
        var mcp = FreeAddress();
        Runner = FreeAddress();
        var common = new Dictionary<string, string>
        {
            ["NODE_ENV"] = "development",
            ["LOG_LEVEL"] = "Warning",
            ["MANA_DATA"] = _directory,
            ["MANA_AUTH_URL"] = Text(Auth),
            ["MANA_MCP_URL"] = Text(mcp),

            // Judged as always, but no persona of a benchmark takes a break.
            ["POLICY_RATE_LIMIT"] = "1000000",
            ["JWT_ISSUER"] = Text(Auth),
            ["MANA_SERVICE_KEY"] = ServiceKey,
            ["MANA_AUTH_SECRET"] = NewSecret(),
            ["PERSONA_SEED_SECRET"] = SeedSecret,
        };

        // The first administrator is made in the database, so before the service takes hold of it.
        await BenchProcess.RunAsync(
            options.Mana, ["admin", "create", AdminEmail, "--password-stdin", "--data", _directory], common, AdminPassword, cancellationToken);

        await ServeAsync("auth", Auth, With(("BASE_URL", Text(Auth))));
        await ServeAsync("mcp", mcp, common);

        // The clock's first beat finds no persona, and its second never comes: every tick is ordered.
        await ServeAsync("runner", Runner, With(
            ("BRAIN", "claude"),
            ("ANTHROPIC_API_KEY", "bench-key-of-no-value"),
            ("ANTHROPIC_BASE_URL", modelUrl),
            ("PERSONA_CONCURRENCY", options.Concurrency.ToString(CultureInfo.InvariantCulture)),
            ("TICK_INTERVAL_MS", LongInterval)));

        Dictionary<string, string> With(params ReadOnlySpan<(string Name, string Value)> more)
        {
            var settings = new Dictionary<string, string>(common);
            foreach (var (name, value) in more)
            {
                settings[name] = value;
            }

            return settings;
        }

        async Task ServeAsync(string name, Uri address, Dictionary<string, string> settings)
        {
            progress.Report($"starting {name} on {address.Authority}");
            var own = new Dictionary<string, string>(settings) { ["PORT"] = address.Port.ToString(CultureInfo.InvariantCulture) };
            _processes.Add(BenchProcess.Start(name, options.Mana, ["serve", name, "--data", _directory], own));
            while (!await IsHealthyAsync(http, address, cancellationToken))
            {
                EnsureAlive();
                await Task.Delay(PollInterval, TimeProvider.System, cancellationToken);
            }
        }
    }

    private static async Task<bool> IsHealthyAsync(HttpClient http, Uri address, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await http.GetAsync(new Uri(address, "/health"), cancellationToken);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    internal static Uri FreeAddress()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return new Uri($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");
    }

    private static string Text(Uri address) => address.AbsoluteUri.TrimEnd('/');

    private static string NewSecret() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24));
}
