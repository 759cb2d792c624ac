using System.Collections.Concurrent;

namespace Mana.Crash.Proxy;

/// <summary>What one runner has under way, and the trap that can be set for it.</summary>
internal sealed class Traffic
{
    private readonly ConcurrentDictionary<Exchange, bool> _underWay = new();
    private readonly ConcurrentDictionary<string, bool> _writes = new(StringComparer.Ordinal);
    private volatile Trap? _trap;
    private volatile TaskCompletionSource _working = NewSignal();

    /// <summary>The tools that do more than read, as the runner was told.</summary>
    public IReadOnlySet<string> Writes => _writes.Keys.ToHashSet(StringComparer.Ordinal);

    /// <summary>The requests that have arrived and whose answers have not left.</summary>
    public IReadOnlyList<Exchange> UnderWay => [.. _underWay.Keys];

    /// <summary>Completes with the first request of a tick since the last start.</summary>
    public Task Working => _working.Task;

    /// <summary>Called with each request that arrives, on the thread it arrived on.</summary>
    public Action<Exchange>? Observer { get; set; }

    /// <summary>A runner is about to start.</summary>
    public void Starts() => _working = NewSignal();

    /// <summary>Holds the answer to the next request that fits, after it was carried out.</summary>
    /// <returns>Completes when there is one.</returns>
    public Task SetTrap(Func<Exchange, bool> wanted)
    {
        var trap = new Trap(wanted);
        _trap = trap;
        return trap.Caught.Task;
    }

    /// <summary>Takes the trap away; what is held in it stays held.</summary>
    public void RemoveTrap() => _trap = null;

    public void Arrived(Exchange exchange)
    {
        _underWay[exchange] = true;
        Observer?.Invoke(exchange);
        if (exchange.Purpose is not (Purpose.Other or Purpose.Deliver))
        {
            _working.TrySetResult();
        }
    }

    /// <summary>The request was carried out.</summary>
    /// <returns>True when its answer must not leave.</returns>
    public bool IsCaught(Exchange exchange, byte[] answer)
    {
        if (exchange.Purpose == Purpose.ListTools)
        {
            foreach (var tool in Exchange.WritingTools(answer))
            {
                _writes[tool] = true;
            }
        }

        return _trap is { } trap && trap.Wanted(exchange) && trap.Caught.TrySetResult();
    }

    public void Answered(Exchange exchange) => _underWay.TryRemove(exchange, out _);

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed record Trap(Func<Exchange, bool> Wanted)
    {
        public TaskCompletionSource Caught { get; } = NewSignal();
    }
}
