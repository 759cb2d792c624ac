using Mana.Auth.Http;
using Mana.Hosting;
using Microsoft.AspNetCore.Http;

namespace Mana.Auth.SignIn;

/// <summary>
/// Slows guessing from one address, in production and behind a proxy that names its client. A permit comes back after
/// a right password: a fleet of personas behind one proxy signs in as fast as it likes, a guesser does not.
/// </summary>
internal sealed class SignInRateLimit(AuthSettings settings, DomainClock clock)
{
    public const int Permits = 3;
    public static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    private const int MaxKeys = 10_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Queue<DateTimeOffset>> _uses = new(StringComparer.Ordinal);

    /// <summary>Takes a permit; the seconds to wait when there is none.</summary>
    public int? Take(HttpContext context)
    {
        if (Key(context) is not { } key)
        {
            return null;
        }

        var now = clock.Now();
        lock (_lock)
        {
            if (_uses.Count >= MaxKeys)
            {
                foreach (var idle in _uses.Where(pair => pair.Value.Count == 0 || pair.Value.Last() <= now - Window).Select(pair => pair.Key).ToList())
                {
                    _uses.Remove(idle);
                }
            }

            if (!_uses.TryGetValue(key, out var uses))
            {
                _uses[key] = uses = new Queue<DateTimeOffset>();
            }

            while (uses.TryPeek(out var oldest) && oldest <= now - Window)
            {
                uses.Dequeue();
            }

            if (uses.Count >= Permits)
            {
                return Math.Max(1, (int)Math.Ceiling((uses.Peek() + Window - now).TotalSeconds));
            }

            uses.Enqueue(now);
            return null;
        }
    }

    /// <summary>Gives a permit back.</summary>
    public void Return(HttpContext context)
    {
        if (Key(context) is { } key)
        {
            lock (_lock)
            {
                if (_uses.TryGetValue(key, out var uses))
                {
                    uses.TryDequeue(out _);
                }
            }
        }
    }

    private string? Key(HttpContext context) =>
        settings.Environment.IsProduction && ClientAddress.Forwarded(context) is { } address ? $"{address} {context.Request.Path}" : null;
}
