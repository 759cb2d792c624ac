using System.Globalization;
using System.Net.Http.Json;
using Mana.Contracts;
using Mana.Crash.Proxy;
using Mana.Testing;

namespace Mana.Crash;

/// <summary>A runner that is killed and started again, behind proxies of its own.</summary>
internal sealed class RunnerNode : IAsyncDisposable
{
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(90);

    private readonly Dictionary<string, string> _settings;
    private readonly List<LoopbackProxy> _proxies;
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(20) };
    private ProcessUnderTest? _process;
    private int _clusterPort;
    private int _isReady;

    private RunnerNode(string name, Uri address, Traffic traffic, List<LoopbackProxy> proxies, Dictionary<string, string> settings)
    {
        Name = name;
        Address = address;
        Traffic = traffic;
        _proxies = proxies;
        _settings = settings;
    }

    public string Name { get; }

    public Uri Address { get; }

    public Traffic Traffic { get; }

    /// <summary>Whether it can be asked for something.</summary>
    public bool IsReady
    {
        get => Volatile.Read(ref _isReady) == 1;
        private set => Volatile.Write(ref _isReady, value ? 1 : 0);
    }

    public bool HasEnded => _process!.HasEnded;

    /// <summary>What it wrote since its last start.</summary>
    public string Output => _process?.Shown ?? "";

    /// <param name="name">How the report calls it.</param>
    /// <param name="services">Whom it talks to.</param>
    /// <param name="settings">Its environment, without the addresses.</param>
    public static async Task<RunnerNode> CreateAsync(string name, CrashServices services, IReadOnlyDictionary<string, string> settings)
    {
        var traffic = new Traffic();
        var auth = await LoopbackProxy.StartAsync(Peer.Auth, services.Auth, traffic);
        var mcp = await LoopbackProxy.StartAsync(Peer.Mcp, services.Mcp, traffic);
        var model = await LoopbackProxy.StartAsync(Peer.Model, services.Model, traffic);
        var address = CrashServices.Local(FreePorts.Take());
        return new RunnerNode(name, address, traffic, [auth, mcp, model], new Dictionary<string, string>(settings)
        {
            ["PORT"] = address.Port.ToString(CultureInfo.InvariantCulture),
            ["MANA_AUTH_URL"] = CrashServices.Text(auth.Address),
            ["MANA_MCP_URL"] = CrashServices.Text(mcp.Address),
            ["ANTHROPIC_BASE_URL"] = CrashServices.Text(model.Address),
        });
    }

    /// <summary>Whether the owner of a tick is this runner since its last start.</summary>
    public bool Owns(string? owner) => owner?.StartsWith(string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{_clusterPort}@"), StringComparison.Ordinal) == true;

    /// <summary>Starts it and waits until it can be asked for something.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        // Another one at each start, as by default; chosen here, so that owners can be told apart.
        _clusterPort = FreePorts.Take();
        _settings["CLUSTER_PORT"] = _clusterPort.ToString(CultureInfo.InvariantCulture);
        Traffic.Starts();
        _process = ManaProgram.Start(_settings, "serve", "runner");
        await _process.LineAsync(line => line.Contains('✓', StringComparison.Ordinal), StartTime, cancellationToken);
        IsReady = true;
    }

    /// <summary>Ends it as a power cut would.</summary>
    /// <returns>What it had under way.</returns>
    public IReadOnlyList<Exchange> Kill()
    {
        IsReady = false;
        var underWay = Traffic.UnderWay;
        _process!.KillNow();
        return underWay;
    }

    /// <summary>Waits until it is gone.</summary>
    public Task ExitAsync(CancellationToken cancellationToken) => _process!.ExitAsync(TimeSpan.FromSeconds(10), cancellationToken);

    public Task FreezeAsync(CancellationToken cancellationToken)
    {
        IsReady = false;
        return _process!.SignalAsync("STOP", cancellationToken);
    }

    public async Task ThawAsync(CancellationToken cancellationToken)
    {
        await _process!.SignalAsync("CONT", cancellationToken);
        IsReady = true;
    }

    /// <summary>Drains and ends it.</summary>
    public async Task<int> StopAsync(CancellationToken cancellationToken)
    {
        IsReady = false;
        return await _process!.StopAsync("TERM", cancellationToken);
    }

    /// <summary>Asks for a tick of everybody who has none; a runner that is just being killed may not answer.</summary>
    public async Task OrderTicksAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await _http.PostAsJsonAsync(
                new Uri(Address, "/api/v1/ticks"), new RunTicksRequest(TickScopes.All), RunnerJson.Default.RunTicksRequest, cancellationToken);
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            // The next order follows.
        }
    }

    /// <summary>Waits until it says that a rating has been stored.</summary>
    public async Task RatingStoredAsync(CancellationToken cancellationToken)
    {
        await using var events = await _http.GetStreamAsync(new Uri(Address, "/api/v1/events"), cancellationToken);
        using var reader = new StreamReader(events);
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line == "event: rating")
            {
                return;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        foreach (var proxy in _proxies)
        {
            await proxy.DisposeAsync();
        }

        _http.Dispose();
    }
}
