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

    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _locks = new(StringComparer.Ordinal);

    /// <summary>Signs in (or goes on with the live session) and picks the personal space.</summary>
    public async Task<PersonaAccess> OpenAsync(DuePersona persona, CancellationToken cancellationToken)
    {
        var entry = await RenewAsync(persona.Email, cancellationToken);
        var spaces = await SpacesAsync(persona.Email, entry, cancellationToken);
        var personal = spaces.FirstOrDefault(space => space.SpaceType() == "personal")
            ?? throw new PlatformException(
                TickStages.SignIn,
                $"{persona.Email} has no personal space (of {spaces.Count}); nothing is written into another one. Seed the persona again, or give it a space of type personal.");
        return new PersonaAccess(entry.Session.UserId, personal.Id, token => TokenAsync(persona.Email, token));
    }

    private async ValueTask<string> TokenAsync(string email, CancellationToken cancellationToken) =>
        _entries.TryGetValue(email, out var entry) && clock.GetUtcNow() < entry.RenewAt
            ? entry.Jwt
            : (await RenewAsync(email, cancellationToken)).Jwt;

    private async Task<Entry> RenewAsync(string email, CancellationToken cancellationToken)
    {
        // The parallel calls of a turn find the same token old: one renews it for all.
        var gate = _locks.GetOrAdd(email, _ => new SemaphoreSlim(1));
        await gate.WaitAsync(cancellationToken);
        try
        {
            return await RenewLockedAsync(email, cancellationToken);
        }
        finally
        {
            gate.Release();
        }
    }

    private async Task<Entry> RenewLockedAsync(string email, CancellationToken cancellationToken)
    {
        if (_entries.TryGetValue(email, out var known))
        {
            if (clock.GetUtcNow() < known.RenewAt)
            {
                return known;
            }

            try
            {
                return Keep(email, known.Session, await auth.TokenAsync(known.Session, cancellationToken));
            }
            catch (PlatformException e) when (e.StatusCode is 401 or 403 or 404)
            {
                // The session is over, or this auth service gives no token for a bearer session: log in again.
                _entries.TryRemove(email, out _);
            }
        }

        var session = await auth.LoginAsync(email, settings.PasswordOf(email), cancellationToken);
        var jwt = session.AccessToken ?? await auth.TokenAsync(session, cancellationToken);
        return Keep(email, session, jwt);
    }

    private async Task<IReadOnlyList<SpaceView>> SpacesAsync(string email, Entry entry, CancellationToken cancellationToken)
    {
        try
        {
            return await auth.SpacesAsync(entry.Jwt, entry.Session.Cookie, cancellationToken);
        }
        catch (PlatformException e) when (e.StatusCode == 401)
        {
            if (entry.Session.Cookie is not null)
            {
                // The session was revoked while its token lived on: the next try logs in again.
                _entries.TryRemove(email, out _);
                throw;
            }

            // An auth service that lists spaces for its cookie only.
            var cookie = await auth.SignInForCookieAsync(email, settings.PasswordOf(email), cancellationToken);
            if (cookie is null)
            {
                _entries.TryRemove(email, out _);
                throw;
            }

            var withCookie = entry with { Session = entry.Session with { Cookie = cookie } };
            _entries[email] = withCookie;
            return await auth.SpacesAsync(withCookie.Jwt, cookie, cancellationToken);
        }
    }

    private Entry Keep(string email, PersonaSession session, string jwt)
    {
        var entry = new Entry(session, jwt, clock.GetUtcNow() + Lifetime(jwt) - Margin);
        _entries[email] = entry;
        return entry;
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
