using System.Text.Json;
using Mana.Contracts;
using Mana.Hosting.Http;
using Mana.PersonaRunner.Dashboard;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;

namespace Mana.PersonaRunner.Ticks.Cluster;

/// <summary>
/// Lets whoever watches this node see the ticks of all. It is for the eye only: what is lost on the way (a node that
/// dies, a flood) is in the store.
/// </summary>
internal sealed partial class TickFeedRelay(
    TickFeed feed, IGrainFactory grains, NodeName node, RunnerSettings settings, TimeProvider time, ILogger<TickFeedRelay> logger) : BackgroundService, IFeedWatcher
{
    private const int TheFeed = 0;
    private const int SentTogether = 200;
    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan WatchAgain = TickFeedGrain.Forgotten / 4;

    public Task ShowAsync(Immutable<string[]> events)
    {
        foreach (var text in events.Value)
        {
            if (JsonSerializer.Deserialize(text, RunnerJson.Default.TickEvent) is { } tickEvent)
            {
                feed.Show(tickEvent);
            }
        }

        return Task.CompletedTask;
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        settings.Cluster.IsShared ? Task.WhenAll(WatchAsync(stoppingToken), SendAsync(stoppingToken)) : Task.CompletedTask;

    private async Task WatchAsync(CancellationToken stoppingToken)
    {
        var self = grains.CreateObjectReference<IFeedWatcher>(this);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await grains.GetGrain<ITickFeedGrain>(TheFeed).WatchAsync(node.Value, self);
            }
            catch (Exception e) when (e is OrleansException or TimeoutException)
            {
                Log.NotHeard(logger, e.Message);
            }

            await WaitAsync(WatchAgain, stoppingToken);
        }
    }

    private async Task SendAsync(CancellationToken stoppingToken)
    {
        using var own = feed.SubscribeOwn();
        var batch = new List<string>();
        while (!stoppingToken.IsCancellationRequested)
        {
            while (batch.Count < SentTogether && own.Events.TryRead(out var next))
            {
                batch.Add(JsonAnswer.Text(next, RunnerJson.Default.TickEvent));
            }

            if (batch.Count > 0)
            {
                grains.GetGrain<ITickFeedGrain>(TheFeed).PublishAsync(node.Value, new Immutable<string[]>([.. batch])).Ignore();
                batch.Clear();
            }

            await WaitAsync(Gathering, stoppingToken);
        }
    }

    private async Task WaitAsync(TimeSpan wait, CancellationToken stoppingToken) =>
        await Task.Delay(wait, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Debug, Message = "Ticks of other nodes are not shown here for the moment: {Reason}")]
        public static partial void NotHeard(ILogger logger, string reason);
    }
}
