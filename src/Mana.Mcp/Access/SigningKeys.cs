using System.Collections.Frozen;
using Mana.Hosting;
using Mana.Hosting.Identity;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.Tokens;

namespace Mana.Mcp.Access;

/// <summary>
/// mana-auth's published signing keys: kept for five minutes, fetched again for an unknown key id (but seldom, so that
/// made-up ids cannot hammer mana-auth), and used beyond their time while mana-auth is away.
/// </summary>
internal sealed partial class SigningKeys(AuthClient auth, DomainClock clock, ILogger<SigningKeys> logger) : IDisposable
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan ShortestInterval = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _fetching = new(1);
    private volatile State _state = new(FrozenDictionary<string, SecurityKey>.Empty, DateTimeOffset.MinValue, DateTimeOffset.MinValue, AttemptFailed: true);

    /// <summary>The key with this id, or null when mana-auth publishes none.</summary>
    /// <exception cref="AuthUnavailableException">The id is unknown to us and mana-auth cannot be asked.</exception>
    public async Task<SecurityKey?> FindAsync(string keyId, CancellationToken cancellationToken)
    {
        var state = _state;
        if (!MayFetch(state, keyId))
        {
            return Answer(state, keyId);
        }

        if (!await _fetching.WaitAsync(0, cancellationToken))
        {
            if (state.Keys.ContainsKey(keyId))
            {
                // Somebody is asking already, and mana-auth may be slow to answer: the key that we know is good meanwhile.
                return Answer(state, keyId);
            }

            await _fetching.WaitAsync(cancellationToken);
        }

        try
        {
            // Whoever waited here finds the work done.
            if (MayFetch(_state, keyId))
            {
                await FetchAsync(cancellationToken);
            }
        }
        finally
        {
            _fetching.Release();
        }

        return Answer(_state, keyId);
    }

    /// <inheritdoc/>
    public void Dispose() => _fetching.Dispose();

    private bool MayFetch(State state, string keyId)
    {
        var now = clock.Now();
        var isWanted = now - state.FetchedAt >= Lifetime || !state.Keys.ContainsKey(keyId);
        return isWanted && now - state.AttemptedAt >= ShortestInterval;
    }

    private static SecurityKey? Answer(State state, string keyId)
    {
        if (state.Keys.TryGetValue(keyId, out var key))
        {
            return key;
        }

        return state.AttemptFailed ? throw new AuthUnavailableException("The signing keys of mana-auth are not available.") : null;
    }

    private async Task FetchAsync(CancellationToken cancellationToken)
    {
        try
        {
            var asked = clock.Now();
            var keys = Parse(await auth.GetKeySetAsync(cancellationToken));
            _state = new State(keys, asked, asked, AttemptFailed: false);
        }
        catch (AuthUnavailableException e)
        {
            Log.KeysUnavailable(logger, _state.Keys.Count, e);

            // Counted from its end: a question that runs into its time-out must not be repeated by everyone who waited for it.
            _state = _state with { AttemptedAt = clock.Now(), AttemptFailed = true };
        }
    }

    private static FrozenDictionary<string, SecurityKey> Parse(string text)
    {
        JsonWebKeySet set;
        try
        {
            set = new JsonWebKeySet(text) { SkipUnresolvedJsonWebKeys = false };
        }
        catch (ArgumentException e)
        {
            throw new AuthUnavailableException("mana-auth's key set is no JSON Web Key Set.", e);
        }

        var keys = new Dictionary<string, SecurityKey>(StringComparer.Ordinal);
        foreach (var jwk in set.Keys)
        {
            if (EdDsaSecurityKey.FromJwk(jwk) is { } key)
            {
                keys[key.KeyId] = key;
            }
        }

        return keys.ToFrozenDictionary(StringComparer.Ordinal);
    }

    private sealed record State(FrozenDictionary<string, SecurityKey> Keys, DateTimeOffset FetchedAt, DateTimeOffset AttemptedAt, bool AttemptFailed);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "mana-auth's signing keys cannot be fetched; {Known} known keys stay in use")]
        public static partial void KeysUnavailable(ILogger logger, int known, Exception exception);
    }
}
