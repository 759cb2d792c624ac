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
                entry = new Entry(now + lifetime, new Lazy<Task<TValue>>(() => ask(CancellationToken.None)));
                _entries[key] = entry;
                _arrivals.Enqueue((key, entry));
                Trim(now);
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
