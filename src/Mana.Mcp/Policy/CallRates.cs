using Mana.Contracts;

namespace Mana.Mcp.Policy;

/// <summary>
/// How often a user called a tool in the last minute. Memory is bounded: a pair that was quiet for a minute goes, and
/// of too many pairs the longest unused.
/// </summary>
internal sealed class CallRates(TimeProvider clock)
{
    /// <summary>So many calls of one tool by one user are allowed in any <see cref="Window"/>.</summary>
    public const int Limit = 30;

    public static readonly TimeSpan Window = TimeSpan.FromSeconds(60);

    private const int Capacity = 50_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<(UserId User, string Tool), LinkedListNode<Calls>> _pairs = [];
    private readonly LinkedList<Calls> _byUse = new();

    /// <summary>Counts this call and says how many came before it; a call over the limit is not counted when it will not run.</summary>
    /// <param name="user">The caller.</param>
    /// <param name="tool">A tool that exists: names made up by callers would fill the memory.</param>
    /// <param name="runsAnyway">True when a call over the limit runs all the same.</param>
    public int Register(UserId user, string tool, bool runsAnyway)
    {
        var now = clock.GetUtcNow();
        lock (_lock)
        {
            Evict(now);
            var calls = Use((user, tool));
            while (calls.Times.TryPeek(out var oldest) && oldest < now - Window)
            {
                calls.Times.Dequeue();
            }

            var before = calls.Times.Count;
            if (before < Limit || runsAnyway)
            {
                // Only the latest Limit times matter for the next decision.
                if (before == Limit)
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
        while (_byUse.Last is { } last && (_pairs.Count >= Capacity || last.Value.LastUse < now - Window))
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
