using System.Security.Cryptography;
using System.Text;
using LinqToDB;
using LinqToDB.Data;
using Mana.Auth.OAuth;
using Mana.Auth.Storage;
using Mana.Hosting;
using Mana.Hosting.Storage;

namespace Mana.Auth.Sessions;

/// <summary>A session that lives, with its user.</summary>
internal sealed record LiveSession(SessionRow Session, UserRow User, string Token)
{
    /// <summary>True when this request moved the end of the session, so that the cookie has to follow.</summary>
    public bool IsExtended { get; init; }
}

/// <summary>Opaque sessions of seven sliding days. The token itself is known to the client alone; the table holds its hash.</summary>
internal sealed class SessionStore(ServiceDatabase database, DomainClock clock)
{
    /// <summary>How long a session lives after its last extension.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(7);

    /// <summary>How long a session lives whose user did not want to be remembered.</summary>
    public static readonly TimeSpan ShortLifetime = TimeSpan.FromDays(1);

    // Not on every request: a write per read would be too much.
    private static readonly TimeSpan ExtendAfter = TimeSpan.FromDays(1);

    /// <summary>Adds a session within the caller's transaction.</summary>
    public async Task<LiveSession> CreateAsync(
        DataConnection db, UserRow user, bool rememberMe, string? ipAddress, string? userAgent, CancellationToken cancellationToken)
    {
        var now = clock.Now();
        var token = RandomId.Long();
        var session = new SessionRow
        {
            Id = RandomId.Long(),
            TokenHash = Hash(token),
            UserId = user.Id,
            ExpiresAt = now + (rememberMe ? Lifetime : ShortLifetime),
            CreatedAt = now,
            UpdatedAt = now,
            IpAddress = ipAddress,
            UserAgent = userAgent,
            RememberMe = rememberMe,
        };
        await db.InsertAsync(session, token: cancellationToken);
        return new LiveSession(session, user, token);
    }

    /// <summary>The session behind a token, extended when it is older than a day; null when there is none.</summary>
    public async Task<LiveSession?> FindAsync(string token, CancellationToken cancellationToken)
    {
        var hash = Hash(token);
        if (await LiveAsync("token_hash = @hash", [("hash", hash)], cancellationToken) is not var (session, user))
        {
            return null;
        }

        var live = new LiveSession(session, user, token);
        var now = clock.Now();
        if (!session.RememberMe || session.UpdatedAt > now - ExtendAfter)
        {
            return live;
        }

        session.ExpiresAt = now + Lifetime;
        session.UpdatedAt = now;
        await database.WriteAsync(
            (db, ct) => db.GetTable<SessionRow>()
                .Where(row => row.Id == session.Id)
                .Set(row => row.ExpiresAt, session.ExpiresAt)
                .Set(row => row.UpdatedAt, now)
                .UpdateAsync(ct),
            cancellationToken);
        return live with { IsExtended = true };
    }

    /// <summary>The user of the session that a JWT names, or null when it ended meanwhile.</summary>
    public async Task<UserRow?> FindUserAsync(string sessionId, string userId, CancellationToken cancellationToken) =>
        (await LiveAsync("id = @id and user_id = @user", [("id", sessionId), ("user", userId)], cancellationToken))?.User;

    /// <summary>Ends a session.</summary>
    public Task RevokeAsync(string token, CancellationToken cancellationToken)
    {
        var hash = Hash(token);
        return database.WriteAsync((db, ct) => db.GetTable<SessionRow>().DeleteAsync(session => session.TokenHash == hash, ct), cancellationToken);
    }

    /// <summary>Ends all sessions of a user, and all that clients hold of it, within the caller's transaction: its password was changed.</summary>
    public static async Task RevokeAllAsync(DataConnection db, string userId, CancellationToken cancellationToken)
    {
        await db.GetTable<SessionRow>().DeleteAsync(session => session.UserId == userId, cancellationToken);
        await OAuthGrants.EndAllAsync(db, userId, cancellationToken);
    }

    /// <summary>Removes sessions that ended by themselves.</summary>
    public Task<int> PurgeAsync(CancellationToken cancellationToken)
    {
        var now = clock.Now();
        return database.WriteAsync((db, ct) => db.GetTable<SessionRow>().DeleteAsync(session => session.ExpiresAt <= now, ct), cancellationToken);
    }

    private static string Hash(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));

    private Task<(SessionRow Session, UserRow User)?> LiveAsync(
        string which, (string Name, object? Value)[] parameters, CancellationToken cancellationToken) =>
        database.ReadAsync<(SessionRow, UserRow)?>(
            async (db, ct) =>
            {
                var session = await db.RowAsync<SessionRow>(
                    $"select * from sessions where {which} and expires_at > @now", ct, [.. parameters, ("now", clock.Now())]);
                var user = session is null
                    ? null
                    : await db.RowAsync<UserRow>("select * from users where id = @id and deleted_at is null", ct, ("id", session.UserId));
                return user is null ? null : (session!, user);
            },
            cancellationToken);
}
