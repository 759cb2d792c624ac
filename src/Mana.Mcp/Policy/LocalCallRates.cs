using Mana.Contracts;

namespace Mana.Mcp.Policy;

/// <summary>
/// The rates of this process, which is the only one on its SQLite. Memory is bounded: a pair that was quiet for a minute
/// goes, and of too many pairs the longest unused.
/// </summary>
internal sealed class LocalCallRates(TimeProvider clock, int limit) : ICallRates
{
    private const int Capacity = 50_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<(UserId User, string Tool), LinkedListNode<Calls>> _pairs = [];
    private readonly LinkedList<Calls> _byUse = new();

    public ValueTask<int> RegisterAsync(UserId user, string tool, bool runsAnyway, CancellationToken cancellationToken) =>
        ValueTask.FromResult(Register(user, tool, runsAnyway));

    private int Register(UserId user, string tool, bool runsAnyway)
    {
        var now = clock.GetUtcNow();
        lock (_lock)
        {
            Evict(now);
            var calls = Use((user, tool));
            while (calls.Times.TryPeek(out var oldest) && oldest < now - RateWindow.Length)
            {
                calls.Times.Dequeue();
            }

            var before = calls.Times.Count;
            if (before < limit || runsAnyway)
            {
                // Only the latest times matter for the next decision.
                if (before == limit)
                {
                    calls.Times.Dequeue();
                }

                calls.Times.Enqueue(now);
            }

            calls.LastUse = now;
            return before;
        }
    }

    private Calls Use((UserId, string) pair)
    {
        if (_pairs.TryGetValue(pair, out var node))
        {
            _byUse.Remove(node);
        }
        else
        {
            node = new LinkedListNode<Calls>(new Calls(pair));
            _pairs.Add(pair, node);
        }

        _byUse.AddFirst(node);
        return node.Value;
    }

    private void Evict(DateTimeOffset now)
    {
        while (_byUse.Last is { } last && (_pairs.Count >= Capacity || last.Value.LastUse < now - RateWindow.Length))
        {
            _byUse.RemoveLast();
            _pairs.Remove(last.Value.Pair);
        }
    }

    private sealed class Calls((UserId, string) pair)
    {
        public (UserId, string) Pair { get; } = pair;

        public Queue<DateTimeOffset> Times { get; } = new();

        public DateTimeOffset LastUse { get; set; }
    }
}
