using System.Threading.Channels;
using Mana.Contracts;

namespace Mana.PersonaRunner.Dashboard;

/// <summary>
/// Hands every event of every tick to whoever watches. A watcher that cannot keep up loses the oldest events, never
/// slows a tick down; the store has everything.
/// </summary>
internal sealed class TickFeed
{
    private const int WatcherBuffer = 1024;

    private readonly Lock _lock = new();
    private readonly List<Channel<TickEvent>> _watchers = [];

    /// <summary>How many watch now.</summary>
    public int Watchers
    {
        get
        {
            lock (_lock)
            {
                return _watchers.Count;
            }
        }
    }

    public void Publish(TickEvent tickEvent)
    {
        lock (_lock)
        {
            foreach (var watcher in _watchers)
            {
                watcher.Writer.TryWrite(tickEvent);
            }
        }
    }

    /// <summary>Subscribes at once. Whoever watches must dispose of it: the events of one that is forgotten pile up.</summary>
    public Watch Subscribe()
    {
        var channel = Channel.CreateBounded<TickEvent>(new BoundedChannelOptions(WatcherBuffer) { FullMode = BoundedChannelFullMode.DropOldest });
        lock (_lock)
        {
            _watchers.Add(channel);
        }

        return new Watch(this, channel);
    }

    private void Unsubscribe(Channel<TickEvent> channel)
    {
        lock (_lock)
        {
            _watchers.Remove(channel);
        }
    }

    /// <summary>A subscription.</summary>
    internal sealed class Watch(TickFeed feed, Channel<TickEvent> channel) : IDisposable
    {
        /// <summary>The events as they happen.</summary>
        public ChannelReader<TickEvent> Events => channel.Reader;

        public void Dispose() => feed.Unsubscribe(channel);
    }
}
