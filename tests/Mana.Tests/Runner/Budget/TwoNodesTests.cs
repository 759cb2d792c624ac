using Mana.Hosting;
using Mana.Hosting.Storage;
using Mana.PersonaRunner;
using Mana.PersonaRunner.Brains;
using Mana.PersonaRunner.Recording;
using Mana.PersonaRunner.Ticks;
using Mana.PersonaRunner.Ticks.Cluster;
using Mana.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.TestingHost;

namespace Mana.Tests.Runner.Budget;

/// <summary>Two real nodes on one store share one budget and one pause.</summary>
public sealed class TwoNodesTests : IAsyncLifetime
{
    private readonly TemporaryDirectory _directory = new();
    private ServiceDatabase? _database;
    private InProcessTestCluster? _cluster;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private InProcessTestCluster Cluster => _cluster!;

    public async ValueTask InitializeAsync()
    {
        var reader = new SettingsReader(HostUnderTest.Configuration(new Dictionary<string, string?> { ["MANA_DATA"] = _directory.Path, ["LLM_MAX_CONCURRENCY"] = "3" }));
        var configuration = HostUnderTest.Configuration(new Dictionary<string, string?> { ["MANA_DATA"] = _directory.Path, ["LLM_MAX_CONCURRENCY"] = "3" });
        var settings = RunnerSettings.Read(reader, configuration, ManaEnvironment.From(configuration));
        settings = settings with { Cluster = settings.Cluster with { IsShared = true } };
        _database = ServiceDatabase.Open(settings.Database, typeof(RunnerHost).Assembly);
        var builder = new InProcessTestClusterBuilder(2);
        builder.ConfigureSiloHost((_, host) =>
        {
            host.Services.AddSingleton(settings);
            host.Services.TryAddSingleton(TimeProvider.System);
            host.Services.AddSingleton(_database);
            host.Services.AddSingleton<TickStore>();
            host.Services.AddMetrics();
            host.Services.AddLlmBudget(settings.LlmLimits, "test");
        });
        _cluster = builder.Build();
        await _cluster.DeployAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Cluster.DisposeAsync();
        await _database!.DisposeAsync();
        _directory.Dispose();
    }

    [Fact]
    public async Task They_hold_one_limit_and_no_more_than_it_is_under_way_also_when_the_budgets_node_dies()
    {
        Permits(0).Settle(await Permits(0).AcquireAsync(default, Token), default);
        var home = await Cluster.Client.GetGrain<IManagementGrain>(0).GetActivationAddress(Cluster.Client.GetGrain<ILlmBudgetGrain>("test"), Token);
        var dying = Cluster.Silos[0].SiloAddress.Equals(home) ? 0 : 1;
        var (one, two) = (Permits(dying), Permits(1 - dying));
        var permits = new[] { await one.AcquireAsync(default, Token), await one.AcquireAsync(default, Token) };
        var kept = await two.AcquireAsync(default, Token);
        await ShouldBeFullAsync(one);
        await ShouldBeFullAsync(two);

        // One place becomes free, and one of them gets it.
        var waiting = new[] { two, one }.Select(gate => (Gate: gate, Permit: gate.AcquireAsync(default, Token).AsTask())).ToList();
        one.Settle(permits[0], default);
        await Task.WhenAny(waiting.Select(one => one.Permit)).WaitAsync(TimeSpan.FromSeconds(30), Token);
        var first = waiting.Single(one => one.Permit.IsCompleted);
        var second = waiting.Single(one => !one.Permit.IsCompleted);
        first.Gate.Settle(await first.Permit, default);
        second.Gate.Settle(await second.Permit.WaitAsync(TimeSpan.FromSeconds(30), Token), default);
        one.Settle(permits[1], default);

        // The permit of the other node is still out when the budget dies.
        await Cluster.KillSiloAsync(Cluster.Silos[dying], Token);
        var more = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => two.AcquireAsync(default, Token).AsTask())).WaitAsync(TimeSpan.FromSeconds(60), Token);
        more.Should().OnlyContain(permit => permit.Instance != kept.Instance, "it is another budget");
        await ShouldBeFullAsync(two);
        two.Settle(kept, default);
        two.Settle(await two.AcquireAsync(default, Token).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Token), default);
    }

    [Fact]
    public async Task A_pause_on_one_holds_on_the_other_at_once_and_is_shown_there_within_a_report()
    {
        var two = Permits(1);
        two.Settle(await two.AcquireAsync(default, Token), default);

        await Pause(0).SetAsync(true, Token);
        await FluentActions.Awaiting(() => two.AcquireAsync(default, Token).AsTask()).Should().ThrowAsync<ParkedException>();
        Pause(1).IsPaused.Should().BeTrue();

        await Pause(0).SetAsync(false, Token);
        while (Pause(1).IsPaused)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, Token);
        }

        two.Settle(await two.AcquireAsync(default, Token), default);
    }

    /// <summary>A call that cannot wait gets no permit.</summary>
    private static async Task ShouldBeFullAsync(ILlmPermits gate) =>
        await FluentActions.Awaiting(() => gate.AcquireAsync(new LlmNeed(0, 0, Deadline: DateTimeOffset.UnixEpoch), Token).AsTask()).Should().ThrowAsync<ModelCallException>();

    private ILlmPermits Permits(int node) => Cluster.Silos[node].ServiceProvider.GetRequiredService<ILlmPermits>();

    private PauseSwitch Pause(int node) => Cluster.Silos[node].ServiceProvider.GetRequiredService<PauseSwitch>();
}
