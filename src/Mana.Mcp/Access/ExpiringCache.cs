using System.Diagnostics.CodeAnalysis;

namespace Mana.Mcp.Access;

/// <summary>
/// Answers that are good for a fixed time, at most so many of them; callers who ask for the same key at the same time
/// share one question.
/// </summary>
internal sealed class ExpiringCache<TKey, TValue>(TimeProvider clock, TimeSpan lifetime, int capacity)
    where TKey : notnull
{
    private readonly Lock _lock = new();
    private readonly Dictionary<TKey, Entry> _entries = [];

    // All entries live equally long, so the order of arrival is the order of expiry.
    private readonly Queue<(TKey Key, Entry Entry)> _arrivals = new();

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _entries.Count;
            }
        }
    }

    /// <summary>The answer, asked for when it is not known; <paramref name="keep"/> says whether it may be used again.</summary>
    public async Task<TValue> GetAsync(
        TKey key, Func<CancellationToken, Task<TValue>> ask, Func<TValue, bool> keep, CancellationToken cancellationToken)
    {
        Entry? entry;
        lock (_lock)
        {
            var now = clock.GetUtcNow();
            if (!_entries.TryGetValue(key, out entry) || now >= entry.ExpiresAt)
            {
                // The time starts before the question is asked: an answer is never used longer than promised.
                entry = Add(key, new Lazy<Task<TValue>>(() => ask(CancellationToken.None)), now);
            }
        }

        try
        {
            var value = await entry.Answer.Value.WaitAsync(cancellationToken);
            if (!keep(value))
            {
                Remove(key, entry);
            }

            return value;
        }
        catch
        {
            if (entry.Answer.Value.IsCompleted)
            {
                Remove(key, entry);
            }

            throw;
        }
    }

    /// <summary>The answer, where it is known already.</summary>
    public bool TryGet(TKey key, [MaybeNullWhen(false)] out TValue value)
    {
        lock (_lock)
        {
            if (_entries.TryGetValue(key, out var entry)
                && clock.GetUtcNow() < entry.ExpiresAt
                && entry.Answer is { IsValueCreated: true, Value: { IsCompletedSuccessfully: true } answer })
            {
                value = answer.Result;
                return true;
            }
        }

        value = default;
        return false;
    }

    /// <summary>Keeps an answer that the caller has found by itself.</summary>
    public void Set(TKey key, TValue value)
    {
        var answer = new Lazy<Task<TValue>>(Task.FromResult(value));
        lock (_lock)
        {
            Add(key, answer, clock.GetUtcNow());
        }
    }

    /// <summary>Forgets the answers to these keys; who waits for one still gets it.</summary>
    public void Forget(Func<TKey, bool> isMeant)
    {
        lock (_lock)
        {
            foreach (var key in _entries.Keys.Where(isMeant).ToList())
            {
                _entries.Remove(key);
            }
        }
    }

    private Entry Add(TKey key, Lazy<Task<TValue>> answer, DateTimeOffset now)
    {
        var entry = new Entry(now + lifetime, answer);
        _entries[key] = entry;
        _arrivals.Enqueue((key, entry));
        Trim(now);
        return entry;
    }

    private void Remove(TKey key, Entry entry)
    {
        lock (_lock)
        {
            if (_entries.TryGetValue(key, out var current) && ReferenceEquals(current, entry))
            {
                _entries.Remove(key);
            }
        }
    }

    private void Trim(DateTimeOffset now)
    {
        while (_arrivals.TryPeek(out var oldest) && (_arrivals.Count > capacity || now >= oldest.Entry.ExpiresAt))
        {
            _arrivals.Dequeue();
            if (_entries.TryGetValue(oldest.Key, out var current) && ReferenceEquals(current, oldest.Entry))
            {
                _entries.Remove(oldest.Key);
            }
        }
    }

    private sealed record Entry(DateTimeOffset ExpiresAt, Lazy<Task<TValue>> Answer);
}
