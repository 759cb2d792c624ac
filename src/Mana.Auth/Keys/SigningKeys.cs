using System.Security.Cryptography;
using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;
using Mana.Auth.Http;
using Mana.Auth.Storage;
using Mana.Hosting;
using Mana.Hosting.Identity;
using Mana.Hosting.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.Tokens;

namespace Mana.Auth.Keys;

/// <summary>
/// The Ed25519 keys of this service. The newest one signs, once it has been published for <see cref="PublishedBeforeUse"/>;
/// older ones stay published for <see cref="PublishedAfterRetirement"/>, which is longer than any token lives and than
/// other nodes and verifiers cache.
/// </summary>
internal sealed partial class SigningKeys(ServiceDatabase database, KeyProtection protection, DomainClock clock, ILogger<SigningKeys> logger) : IDisposable
{
    /// <summary>How long a retired key is still published.</summary>
    public static readonly TimeSpan PublishedAfterRetirement = TimeSpan.FromHours(24);

    /// <summary>How long a new key is published before it signs: until then every node shows it to whoever asks.</summary>
    public static readonly TimeSpan PublishedBeforeUse = TimeSpan.FromMinutes(1);

    // Another node may have rotated: ours shows its key within this time, and so before a token is signed with it.
    private static readonly TimeSpan CacheTime = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim _gate = new(1, 1);
    private Snapshot? _snapshot;

    /// <summary>The key to sign with; the first call ever makes one.</summary>
    public async Task<EdDsaSecurityKey> CurrentAsync(CancellationToken cancellationToken) =>
        (await GetAsync(cancellationToken)).Signing;

    /// <summary>The published key of this id, or null.</summary>
    public async Task<EdDsaSecurityKey?> FindAsync(string keyId, CancellationToken cancellationToken)
    {
        var snapshot = await GetAsync(cancellationToken);
        if (!snapshot.Published.TryGetValue(keyId, out var key))
        {
            snapshot = await ReloadAsync(cancellationToken);
            snapshot.Published.TryGetValue(keyId, out key);
        }

        return key;
    }

    /// <summary>What <c>/api/auth/jwks</c> shows; from memory, at most <see cref="CacheTime"/> old.</summary>
    public async Task<IReadOnlyList<JwkView>> PublishedAsync(CancellationToken cancellationToken) =>
        (await GetAsync(cancellationToken)).Views;

    /// <summary>Makes a new key, which is published from now on and signs after <see cref="PublishedBeforeUse"/>.</summary>
    public async Task<KeyRow> RotateAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            var row = await CreateAsync(cancellationToken);
            _snapshot = await LoadAsync(cancellationToken);
            return row;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Rotates when the signing key is older than <paramref name="lifetime"/>, and forgets keys that no token can need.</summary>
    public async Task MaintainAsync(TimeSpan lifetime, CancellationToken cancellationToken)
    {
        var snapshot = await ReloadAsync(cancellationToken);
        if (snapshot.NewestSince <= clock.Now() - lifetime)
        {
            await RotateAsync(cancellationToken);
        }

        var forgotten = clock.Now() - PublishedAfterRetirement;
        var deleted = await database.WriteAsync(
            (db, ct) => db.GetTable<KeyRow>().DeleteAsync(key => key.RetiredAt != null && key.RetiredAt < forgotten, ct),
            cancellationToken);
        if (deleted > 0)
        {
            await ReloadAsync(cancellationToken);
        }
    }

    public void Dispose() => _gate.Dispose();

    private async Task<Snapshot> GetAsync(CancellationToken cancellationToken)
    {
        if (_snapshot is { } known && IsFresh(known))
        {
            return known;
        }

        await _gate.WaitAsync(cancellationToken);
        try
        {
            // Of many who waited the first one reads for all.
            return _snapshot is { } read && IsFresh(read) ? read : _snapshot = await LoadAsync(cancellationToken);
        }
        finally
        {
            _gate.Release();
        }
    }

    private bool IsFresh(Snapshot snapshot) => (clock.Now() - snapshot.LoadedAt).Duration() < CacheTime;

    private async Task<Snapshot> ReloadAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            return _snapshot = await LoadAsync(cancellationToken);
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task<Snapshot> LoadAsync(CancellationToken cancellationToken)
    {
        for (var attempt = 0; ; attempt++)
        {
            var rows = await database.ReadAsync(
                (db, ct) => db.GetTable<KeyRow>().OrderByDescending(key => key.CreatedAt).ThenByDescending(key => key.Id).ToListAsync(ct),
                cancellationToken);
            var snapshot = Read(rows, clock.Now());
            if (snapshot is not null)
            {
                return snapshot;
            }

            if (attempt > 0)
            {
                throw new InvalidOperationException("The signing key that was just stored cannot be read back.");
            }

            if (rows.Count > 0)
            {
                Log.Unreadable(logger, rows.Count);
            }

            await CreateAsync(cancellationToken);
        }
    }

    /// <summary>Null when none of the keys can sign.</summary>
    private Snapshot? Read(IReadOnlyList<KeyRow> newestFirst, DateTimeOffset now)
    {
        var published = new Dictionary<string, EdDsaSecurityKey>(StringComparer.Ordinal);
        EdDsaSecurityKey? signing = null;
        DateTimeOffset? signingSince = null;
        DateTimeOffset? newestSince = null;
        foreach (var row in newestFirst)
        {
            published[row.Id] = EdDsaSecurityKey.FromPublicKey(row.Id, Base64UrlEncoder.DecodeBytes(row.PublicKey));
            var isRetired = row.RetiredAt is { } retiredAt && retiredAt <= now - PublishedBeforeUse;
            if (isRetired || signingSince <= now - PublishedBeforeUse || protection.Decrypt(row.Id, row.PrivateKey) is not { } seed)
            {
                continue;
            }

            // From the newest to the first that has been published long enough, else to the oldest.
            signing = EdDsaSecurityKey.FromSeed(row.Id, seed);
            signingSince = row.CreatedAt;
            newestSince = row.RetiredAt is null ? row.CreatedAt : newestSince;
        }

        return newestSince is { } since
            ? new Snapshot(signing!, since, published, [.. published.Values.Select(View)], now)
            : null;
    }

    private static JwkView View(EdDsaSecurityKey key) =>
        new(EdDsaSecurityKey.Algorithm, "Ed25519", Base64UrlEncoder.Encode(key.PublicKey.ToArray()), "OKP", key.KeyId);

    private async Task<KeyRow> CreateAsync(CancellationToken cancellationToken)
    {
        var id = RandomId.Long();
        var seed = RandomNumberGenerator.GetBytes(32);
        var now = clock.Now();
        var row = new KeyRow
        {
            Id = id,
            PublicKey = Base64UrlEncoder.Encode(EdDsaSecurityKey.FromSeed(id, seed).PublicKey.ToArray()),
            PrivateKey = protection.Encrypt(id, seed),
            CreatedAt = now,
        };
        CryptographicOperations.ZeroMemory(seed);
        await database.WriteAsync((db, ct) => StoreAsync(db, row, now, ct), cancellationToken);
        Log.Created(logger, id);
        return row;
    }

    private static async Task StoreAsync(DataConnection db, KeyRow row, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await db.GetTable<KeyRow>()
            .Where(key => key.RetiredAt == null)
            .Set(key => key.RetiredAt, (DateTimeOffset?)now)
            .UpdateAsync(cancellationToken);
        await db.InsertAsync(row, token: cancellationToken);
    }

    private sealed record Snapshot(
        EdDsaSecurityKey Signing,
        DateTimeOffset NewestSince,
        IReadOnlyDictionary<string, EdDsaSecurityKey> Published,
        IReadOnlyList<JwkView> Views,
        DateTimeOffset LoadedAt);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "Signing key {KeyId} created")]
        public static partial void Created(ILogger logger, string keyId);

        [LoggerMessage(Level = LogLevel.Warning, Message = "None of {Count} stored signing keys opens under MANA_AUTH_SECRET; it was changed. A new key signs; the old ones stay published")]
        public static partial void Unreadable(ILogger logger, int count);
    }
}
