using System.Net.Http.Json;
using Mana.Contracts;
using Mana.PersonaRunner;
using Mana.PersonaRunner.Brains;
using Mana.Testing;
using Microsoft.Extensions.Time.Testing;

namespace Mana.Tests.Runner.Support;

/// <summary>A runner in front of a <see cref="FakeMana"/>, on a movable clock, that ticks only when the test says so.</summary>
internal sealed class RunnerUnderTest : IAsyncDisposable
{
    public static readonly DateTimeOffset Start = new(2026, 11, 22, 9, 0, 0, TimeSpan.Zero);

    private readonly TemporaryDirectory _directory;

    private RunnerUnderTest(HostUnderTest host, TemporaryDirectory directory, FakeTimeProvider clock)
    {
        Host = host;
        _directory = directory;
        Clock = clock;
    }

    public HostUnderTest Host { get; private set; }

    public HttpClient Client => Host.Client;

    public FakeTimeProvider Clock { get; }

    /// <summary>What happens while a restart has the runner down.</summary>
    public Action WhileDown { get; set; } = () => { };

    /// <summary>Where its store is.</summary>
    public string DataDirectory => _directory.Path;

    /// <param name="mana">The platform.</param>
    /// <param name="brain">Who speaks; null for the configured brain.</param>
    /// <param name="settings">Beyond the platform's addresses. The loop starts paused unless RUNNER_PAUSED says otherwise.</param>
    public static Task<RunnerUnderTest> StartAsync(FakeMana mana, Brain? brain, params (string Key, string? Value)[] settings) =>
        StartAsync(mana, brain, null, settings);

    /// <param name="mana">The platform.</param>
    /// <param name="brain">Who speaks; null for the configured brain.</param>
    /// <param name="time">The clock of deadlines, so that a busy machine cannot reach one before the test does.</param>
    /// <param name="settings">As above.</param>
    public static async Task<RunnerUnderTest> StartAsync(FakeMana mana, Brain? brain, FakeTimeProvider? time, params (string Key, string? Value)[] settings)
    {
        var directory = new TemporaryDirectory();
        var clock = new FakeTimeProvider(Start);
        var host = await HostUnderTest.StartAsync(
            (configuration, domain) => RunnerHost.Create(configuration, domain, brain, time), Settings(mana, directory, settings), clock);
        return new RunnerUnderTest(host, directory, clock);
    }

    /// <summary>Stops the runner and starts another one on the same store.</summary>
    public async Task RestartAsync(FakeMana mana, Brain? brain, params (string Key, string? Value)[] settings)
    {
        await Host.DisposeAsync();
        WhileDown();
        Host = await HostUnderTest.StartAsync((configuration, time) => RunnerHost.Create(configuration, time, brain), Settings(mana, _directory, settings), Clock);
    }

    /// <summary>Runs the persona now and waits for the end of its tick, which is shown on the event stream.</summary>
    public async Task<TickDetail> TickAsync(string email, CancellationToken cancellationToken)
    {
        using var events = await Client.GetStreamAsync("/api/v1/events", cancellationToken);
        using var reader = new StreamReader(events);
        await ReadToAsync(reader, "event: hello", cancellationToken);
        var response = await Client.PostAsJsonAsync("/api/v1/ticks", new RunTicksRequest(TickScopes.All, [email]), RunnerJson.Default.RunTicksRequest, cancellationToken);
        var started = await response.Content.ReadFromJsonAsync(RunnerJson.Default.RunTicksResponse, cancellationToken);
        started!.Ticks.Should().ContainSingle();
        await ReadToAsync(reader, "event: end", cancellationToken);
        return await FindAsync(started.Ticks[0].TickId, cancellationToken);
    }

    /// <summary>Asks for ticks and waits for none.</summary>
    public async Task<RunTicksResponse> StartTicksAsync(RunTicksRequest request)
    {
        var response = await Client.PostAsJsonAsync("/api/v1/ticks", request, RunnerJson.Default.RunTicksRequest, TestContext.Current.CancellationToken);
        return (await response.Content.ReadFromJsonAsync(RunnerJson.Default.RunTicksResponse, TestContext.Current.CancellationToken))!;
    }

    /// <summary>The ticks, newest first.</summary>
    public async Task<IReadOnlyList<TickSummary>> ListAsync() =>
        (await Client.GetFromJsonAsync("/api/v1/ticks", RunnerJson.Default.TickListResponse, TestContext.Current.CancellationToken))!.Ticks;

    /// <summary>Waits until the tick is as the test wants it.</summary>
    public async Task<TickDetail> UntilAsync(TickId id, Func<TickDetail, bool> isReached)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(2));
        TickDetail tick;
        while (!isReached(tick = await FindAsync(id, limit.Token)))
        {
            await Task.Yield();
        }

        return tick;
    }

    /// <summary>Waits until no tick runs on this node.</summary>
    public async Task AtRestAsync()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(2));
        while ((await HealthAsync(limit.Token)).InFlight > 0)
        {
            await Task.Yield();
        }
    }

    /// <summary>Waits until so many ticks have ended and been delivered.</summary>
    public async Task EndedAsync(int ticks)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(2));
        while ((await ListAsync()).Count(tick => tick.Delivered) < ticks)
        {
            limit.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    public async Task<TickDetail> FindAsync(TickId id, CancellationToken cancellationToken) =>
        (await Client.GetFromJsonAsync($"/api/v1/ticks/{id}", RunnerJson.Default.TickDetail, cancellationToken))!;

    public async Task<RunnerHealth> HealthAsync(CancellationToken cancellationToken)
    {
        var response = await Client.GetAsync("/health", cancellationToken);
        return (await response.Content.ReadFromJsonAsync(RunnerJson.Default.RunnerHealth, cancellationToken))!;
    }

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        _directory.Dispose();
    }

    private static async Task ReadToAsync(StreamReader reader, string line, CancellationToken cancellationToken)
    {
        while (await reader.ReadLineAsync(cancellationToken) is { } read)
        {
            if (read == line)
            {
                return;
            }
        }

        throw new InvalidOperationException($"The event stream ended before \"{line}\".");
    }

    private static Dictionary<string, string?> Settings(FakeMana mana, TemporaryDirectory directory, (string Key, string? Value)[] settings)
    {
        var all = new Dictionary<string, string?>
        {
            ["MANA_DATA"] = directory.Path,
            ["MANA_AUTH_URL"] = mana.Address.ToString(),
            ["MANA_MCP_URL"] = mana.Address.ToString(),
            ["MANA_SERVICE_KEY"] = FakeMana.ServiceKey,
            ["RUNNER_PAUSED"] = "true",
        };
        foreach (var (key, value) in settings)
        {
            all[key] = value;
        }

        return all;
    }
}
