using Orleans.Concurrency;

namespace Mana.PersonaRunner.Ticks.Cluster;

/// <summary>A node that shows what happens on the others.</summary>
[Alias("mana.feed-watcher")]
internal interface IFeedWatcher : IGrainObserver
{
    /// <summary>Events of ticks that run elsewhere, as JSON.</summary>
    [OneWay, Alias("show")]
    Task ShowAsync(Immutable<string[]> events);
}

/// <summary>Passes the events of all ticks to the nodes that do not run them. Its key is 0.</summary>
[Alias("mana.tick-feed")]
internal interface ITickFeedGrain : IGrainWithIntegerKey
{
    /// <summary>The node wants to hear of the others; it says so again now and then.</summary>
    [Alias("watch")]
    Task WatchAsync(string node, IFeedWatcher watcher);

    /// <summary>Something happened on the node.</summary>
    [OneWay, Alias("publish")]
    Task PublishAsync(string node, Immutable<string[]> events);
}

/// <summary>What is lost on the way is in the store: this is for watching only.</summary>
internal sealed class TickFeedGrain(TimeProvider time) : Grain, ITickFeedGrain
{
    /// <summary>A node that does not say again that it watches is gone.</summary>
    public static readonly TimeSpan Forgotten = TimeSpan.FromSeconds(60);

    private readonly Dictionary<string, (IFeedWatcher Watcher, long Since)> _watchers = new(StringComparer.Ordinal);

    public Task WatchAsync(string node, IFeedWatcher watcher)
    {
        _watchers[node] = (watcher, time.GetTimestamp());
        return Task.CompletedTask;
    }

    public Task PublishAsync(string node, Immutable<string[]> events)
    {
        foreach (var (name, (watcher, since)) in _watchers.ToList())
        {
            if (time.GetElapsedTime(since) > Forgotten)
            {
                _watchers.Remove(name);
            }
            else if (name != node)
            {
                watcher.ShowAsync(events).Ignore();
            }
        }

        return Task.CompletedTask;
    }
}
