using System.Runtime.CompilerServices;
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

    /// <summary>Subscribes at once; the events come as they happen until the token is cancelled.</summary>
    public IAsyncEnumerable<TickEvent> Watch(CancellationToken cancellationToken)
    {
        var channel = Channel.CreateBounded<TickEvent>(new BoundedChannelOptions(WatcherBuffer) { FullMode = BoundedChannelFullMode.DropOldest });
        lock (_lock)
        {
            _watchers.Add(channel);
        }

        return ReadAsync(channel, cancellationToken);
    }

    private async IAsyncEnumerable<TickEvent> ReadAsync(Channel<TickEvent> channel, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var tickEvent in channel.Reader.ReadAllAsync(cancellationToken))
            {
                yield return tickEvent;
            }
        }
        finally
        {
            lock (_lock)
            {
                _watchers.Remove(channel);
            }
        }
    }
}
