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
    private const int Remembered = 200;

    private readonly Lock _lock = new();
    private readonly List<Channel<TickEvent>> _watchers = [];
    private readonly List<Channel<TickEvent>> _ownWatchers = [];
    private readonly Queue<TickEvent> _recent = new(Remembered);

    /// <summary>How many watch all ticks now.</summary>
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

    /// <summary>Something happened in a tick of this node.</summary>
    public void Publish(TickEvent tickEvent)
    {
        Write(_ownWatchers, tickEvent);
        Show(tickEvent);
    }

    /// <summary>Something happened in a tick of another node.</summary>
    public void Show(TickEvent tickEvent)
    {
        lock (_lock)
        {
            if (_recent.Count == Remembered)
            {
                _recent.Dequeue();
            }

            _recent.Enqueue(tickEvent);
        }

        Write(_watchers, tickEvent);
    }

    /// <summary>The last events that passed through, newest first: for whoever comes and would see an empty list.</summary>
    public IReadOnlyList<TickEvent> Recent()
    {
        lock (_lock)
        {
            return [.. _recent.Reverse()];
        }
    }

    /// <summary>Subscribes at once, to the ticks of all nodes. Whoever watches must dispose of it: the events of one that is forgotten pile up.</summary>
    public Watch Subscribe() => Subscribe(_watchers);

    /// <summary>Subscribes to the ticks of this node only.</summary>
    public Watch SubscribeOwn() => Subscribe(_ownWatchers);

    private Watch Subscribe(List<Channel<TickEvent>> watchers)
    {
        var channel = Channel.CreateBounded<TickEvent>(new BoundedChannelOptions(WatcherBuffer) { FullMode = BoundedChannelFullMode.DropOldest });
        lock (_lock)
        {
            watchers.Add(channel);
        }

        return new Watch(this, watchers, channel);
    }

    private void Write(List<Channel<TickEvent>> watchers, TickEvent tickEvent)
    {
        lock (_lock)
        {
            foreach (var watcher in watchers)
            {
                watcher.Writer.TryWrite(tickEvent);
            }
        }
    }

    private void Unsubscribe(List<Channel<TickEvent>> watchers, Channel<TickEvent> channel)
    {
        lock (_lock)
        {
            watchers.Remove(channel);
        }
    }

    /// <summary>A subscription.</summary>
    internal sealed class Watch(TickFeed feed, List<Channel<TickEvent>> watchers, Channel<TickEvent> channel) : IDisposable
    {
        /// <summary>The events as they happen.</summary>
        public ChannelReader<TickEvent> Events => channel.Reader;

        public void Dispose() => feed.Unsubscribe(watchers, channel);
    }
}
