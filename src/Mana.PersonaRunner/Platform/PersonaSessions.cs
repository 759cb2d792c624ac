using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Mana.Contracts;
using Mana.Hosting;
using Mana.PersonaRunner.Ticks;

namespace Mana.PersonaRunner.Platform;

/// <summary>
/// Keeps each persona's session between ticks, so that an hourly persona does not leave a new session row every hour.
/// Only in memory: a session is a secret, and a login costs little after a restart.
/// </summary>
internal sealed class PersonaSessions(ManaAuthClient auth, RunnerSettings settings, DomainClock clock)
{
    // A token must last for the next call, so it is renewed a minute before its end.
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan ContractLifetime = TimeSpan.FromMinutes(15);

    // mana-auth's sessions end a week after their last use.
    private static readonly TimeSpan SessionLifetime = TimeSpan.FromDays(7);
    private static readonly TimeSpan PrunePeriod = TimeSpan.FromHours(1);

    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly KeyedLock _locks = new();
    private long _pruneAt;

    /// <summary>Signs in (or goes on with the live session) and picks the personal space.</summary>
    public async Task<PersonaAccess> OpenAsync(DuePersona persona, CancellationToken cancellationToken)
    {
        var (session, spaces) = await SpacesAsync(persona.Email, cancellationToken);
        var personal = spaces.FirstOrDefault(space => space.SpaceType() == "personal")
            ?? throw new PlatformException(
                TickStages.SignIn,
                $"{persona.Email} has no personal space (of {spaces.Count}); nothing is written into another one. Seed the persona again, or give it a space of type personal.");
        return new PersonaAccess(
            session.UserId, personal.Id, persona.TimeZone, SharedSpace.From(spaces), (refused, token) => TokenAsync(persona.Email, refused, token));
    }

    /// <summary>Forgets the session of a persona.</summary>
    public void Forget(string email) => _entries.TryRemove(email, out _);

    private async ValueTask<string> TokenAsync(string email, string? refused, CancellationToken cancellationToken) =>
        _entries.TryGetValue(email, out var entry) && IsGood(entry, refused)
            ? entry.Jwt
            : (await RenewAsync(email, refused, cancellationToken)).Entry.Jwt;

    private bool IsGood(Entry entry, string? refused) => entry.Jwt != refused && clock.GetUtcNow() < entry.RenewAt;

    private async Task<(Entry Entry, bool IsNew)> RenewAsync(string email, string? refused, CancellationToken cancellationToken)
    {
        // The parallel calls of a turn find the same token old: one renews it for all.
        using var held = await _locks.EnterAsync(email, cancellationToken);
        if (_entries.TryGetValue(email, out var known))
        {
            if (IsGood(known, refused))
            {
                return (known, false);
            }

            try
            {
                return (Keep(email, known.Session, await auth.TokenAsync(known.Session, cancellationToken)), false);
            }
            catch (PlatformException e) when (e.StatusCode is 401 or 403 or 404)
            {
                // The session is over, or this auth service gives no token for a bearer session: log in again.
                _entries.TryRemove(email, out _);
            }
        }

        var session = await auth.LoginAsync(email, settings.PasswordOf(email), cancellationToken);
        var jwt = session.AccessToken ?? await auth.TokenAsync(session, cancellationToken);
        return (Keep(email, session, jwt), true);
    }

    /// <summary>The persona's spaces, and the session that they were listed with.</summary>
    private async Task<(PersonaSession Session, IReadOnlyList<SpaceView> Spaces)> SpacesAsync(string email, CancellationToken cancellationToken)
    {
        var (entry, isNew) = await RenewAsync(email, null, cancellationToken);
        if (await TryListAsync(entry, cancellationToken) is { } spaces)
        {
            return (entry.Session, spaces);
        }

        if (!isNew)
        {
            // The session was revoked while its token lived on: sign in anew, once.
            _entries.TryRemove(KeyValuePair.Create(email, entry));
            (entry, _) = await RenewAsync(email, entry.Jwt, cancellationToken);
            if (await TryListAsync(entry, cancellationToken) is { } listed)
            {
                return (entry.Session, listed);
            }
        }

        if (entry.Session.Cookie is null)
        {
            // An auth service that lists spaces for its cookie only.
            var cookie = await auth.SignInForCookieAsync(email, settings.PasswordOf(email), cancellationToken);
            entry = entry with { Session = entry.Session with { Cookie = cookie } };
            _entries[email] = entry;
        }

        return (entry.Session, await auth.SpacesAsync(entry.Jwt, entry.Session.Cookie, cancellationToken));
    }

    /// <returns>Null when the token or the session is not accepted.</returns>
    private async Task<IReadOnlyList<SpaceView>?> TryListAsync(Entry entry, CancellationToken cancellationToken)
    {
        try
        {
            return await auth.SpacesAsync(entry.Jwt, entry.Session.Cookie, cancellationToken);
        }
        catch (PlatformException e) when (e.StatusCode == 401)
        {
            return null;
        }
    }

    private Entry Keep(string email, PersonaSession session, string jwt)
    {
        var now = clock.GetUtcNow();
        var entry = new Entry(session, jwt, now + Lifetime(jwt) - Margin);
        _entries[email] = entry;
        Prune(now);
        return entry;
    }

    /// <summary>Forgets the sessions of personas that came no more, deleted ones for instance: they have ended by now.</summary>
    private void Prune(DateTimeOffset now)
    {
        var due = Volatile.Read(ref _pruneAt);
        if (now.UtcTicks < due || Interlocked.CompareExchange(ref _pruneAt, (now + PrunePeriod).UtcTicks, due) != due)
        {
            return;
        }

        foreach (var (email, entry) in _entries)
        {
            if (entry.RenewAt < now - SessionLifetime)
            {
                _entries.TryRemove(KeyValuePair.Create(email, entry));
            }
        }
    }

    /// <summary>The token's own length (exp − iat), so that the clocks of the two services need not agree.</summary>
    private static TimeSpan Lifetime(string jwt)
    {
        try
        {
            var payload = jwt.Split('.')[1].Replace('-', '+').Replace('_', '/');
            var bytes = Convert.FromBase64String(payload.PadRight(payload.Length + ((4 - (payload.Length % 4)) % 4), '='));
            using var claims = JsonDocument.Parse(Encoding.UTF8.GetString(bytes));
            var seconds = claims.RootElement.GetProperty("exp").GetInt64() - claims.RootElement.GetProperty("iat").GetInt64();
            return TimeSpan.FromSeconds(Math.Max(seconds, Margin.TotalSeconds + 1));
        }
        catch (Exception e) when (e is FormatException or JsonException or KeyNotFoundException or IndexOutOfRangeException or InvalidOperationException)
        {
            // Not a JWT that we can read: the wire contract's 15 minutes.
            return ContractLifetime;
        }
    }

    private sealed record Entry(PersonaSession Session, string Jwt, DateTimeOffset RenewAt)
    {
        public override string ToString() => $"entry of {Session.UserId}";
    }
}
