using System.Security.Cryptography;
using System.Text;
using LinqToDB;
using LinqToDB.Data;
using Mana.Auth.Storage;
using Mana.Hosting;
using Mana.Hosting.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.Tokens;

namespace Mana.Auth.OAuth;

/// <summary>What a client gets: the access token is made of it, the refresh token is known this once only.</summary>
internal sealed record IssuedGrant(UserRow User, string ClientId, string Resource, string Scope, string RefreshToken);

/// <summary>An error of the token endpoint.</summary>
internal sealed record TokenFailure(string Error, string Description)
{
    public static TokenFailure InvalidRequest(string description) => new("invalid_request", description);

    public static TokenFailure InvalidGrant(string description) => new("invalid_grant", description);

    public static TokenFailure InvalidTarget { get; } = new("invalid_target", "resource must be the one that the user allowed");

    public static TokenFailure InvalidScope { get; } = new("invalid_scope", "scope must be a part of what the user allowed");
}

/// <summary>
/// Codes and refresh tokens. Both work once; who brings a used one again is taken for a thief (or has been robbed), and
/// the whole grant ends.
/// </summary>
internal sealed partial class OAuthGrants(ServiceDatabase database, DomainClock clock, AuthMetrics metrics, ILogger<OAuthGrants> logger)
{
    /// <summary>How long a code can be exchanged.</summary>
    public static readonly TimeSpan CodeLifetime = TimeSpan.FromSeconds(60);

    /// <summary>How long a refresh token waits for its use.</summary>
    public static readonly TimeSpan RefreshLifetime = TimeSpan.FromDays(30);

    /// <summary>After this the user is asked again, however busy the client was.</summary>
    public static readonly TimeSpan GrantLifetime = TimeSpan.FromDays(365);

    private static readonly TimeSpan UsedCodesKept = TimeSpan.FromDays(1);

    /// <summary>A code for what the user has just allowed; null when the session ended meanwhile.</summary>
    public async Task<string?> CreateCodeAsync(AuthorizationRequest request, SessionRow session, CancellationToken cancellationToken)
    {
        var code = Secrets.New();
        var now = clock.Now();
        var row = new OAuthCodeRow
        {
            CodeHash = Secrets.Hash(code),
            ClientId = request.Client.Id,
            UserId = session.UserId,
            RedirectUri = request.RedirectUri,
            CodeChallenge = request.CodeChallenge,
            Resource = request.Resource,
            Scope = Scopes.Text(request.Scopes),
            CreatedAt = now,
            ExpiresAt = now + CodeLifetime,
        };
        var isStored = await database.WriteAsync(
            async (db, ct) =>
            {
                await db.KeepUserAsync(session.UserId, ct);

                // A new password ends the sessions and then the codes: it waits for us here, and finds ours, or we find no session.
                if (await db.RunAsync("update sessions set updated_at = updated_at where id = @id", ct, ("id", session.Id)) == 0)
                {
                    return false;
                }

                await db.InsertAsync(row, token: ct);
                return true;
            },
            cancellationToken);
        if (!isStored)
        {
            return null;
        }

        metrics.OAuth("code");
        return code;
    }

    /// <summary>Exchanges a code.</summary>
    public Task<(IssuedGrant? Grant, TokenFailure? Failure)> ExchangeAsync(
        OAuthClient client, string code, string verifier, string? redirectUri, string? resource, CancellationToken cancellationToken) =>
        database.WriteAsync<(IssuedGrant?, TokenFailure?)>(
            async (db, ct) =>
            {
                var now = clock.Now();
                var hash = Secrets.Hash(code);
                var row = await CodeAsync(db, hash, ct);
                if (row is null || row.ClientId != client.Id)
                {
                    return (null, TokenFailure.InvalidGrant("The code is unknown"));
                }

                await db.KeepClientAsync(client.Id, ct);
                await db.KeepUserAsync(row.UserId, ct);

                // Whatever is wrong with the rest: a code that was shown once is worth nothing any more.
                if (await db.RunAsync("update oauth_codes set used_at = @now where code_hash = @hash and used_at is null", ct, ("now", now), ("hash", hash)) == 0)
                {
                    if (await CodeAsync(db, hash, ct) is not { } used)
                    {
                        return (null, TokenFailure.InvalidGrant("The code is unknown"));
                    }

                    await EndAsync(db, used.GrantId, client, "code", ct);
                    return (null, TokenFailure.InvalidGrant("The code was used before; what it gave is revoked"));
                }

                if (row.ExpiresAt <= now)
                {
                    return (null, TokenFailure.InvalidGrant("The code has expired"));
                }

                if (redirectUri is not null && redirectUri != row.RedirectUri)
                {
                    return (null, TokenFailure.InvalidGrant("redirect_uri is not the one of the authorization request"));
                }

                if (!Secrets.AreEqual(Base64UrlEncoder.Encode(SHA256.HashData(Encoding.ASCII.GetBytes(verifier))), row.CodeChallenge))
                {
                    return (null, TokenFailure.InvalidGrant("code_verifier does not belong to the code"));
                }

                if (resource is not null && !Resources.TryFind(resource, [row.Resource], out _))
                {
                    return (null, TokenFailure.InvalidTarget);
                }

                if (await UserAsync(db, row.UserId, ct) is not { } user)
                {
                    return (null, TokenFailure.InvalidGrant("The account is gone"));
                }

                var grant = new OAuthGrantRow
                {
                    Id = RandomId.Long(),
                    ClientId = client.Id,
                    UserId = user.Id,
                    Resource = row.Resource,
                    Scope = row.Scope,
                    CreatedAt = now,
                    LastUsedAt = now,
                    ExpiresAt = now + RefreshLifetime,
                };
                await db.InsertAsync(grant, token: ct);
                await db.RunAsync("update oauth_codes set grant_id = @grant where code_hash = @hash", ct, ("grant", grant.Id), ("hash", hash));
                var token = await AddTokenAsync(db, grant, now, ct);
                metrics.OAuth("exchange");
                return (new IssuedGrant(user, client.Id, grant.Resource, grant.Scope, token), null);
            },
            cancellationToken);

    /// <summary>Exchanges a refresh token for the next one.</summary>
    public Task<(IssuedGrant? Grant, TokenFailure? Failure)> RefreshAsync(
        OAuthClient client, string token, string? scope, string? resource, CancellationToken cancellationToken) =>
        database.WriteAsync<(IssuedGrant?, TokenFailure?)>(
            async (db, ct) =>
            {
                var now = clock.Now();
                var hash = Secrets.Hash(token);
                if (await LockedAsync(db, hash, client, ct) is not var (row, grant))
                {
                    return (null, TokenFailure.InvalidGrant("The refresh token is unknown or revoked"));
                }

                if (row.UsedAt is null && (row.ExpiresAt <= now || grant.CreatedAt + GrantLifetime <= now))
                {
                    return (null, TokenFailure.InvalidGrant("The refresh token has expired"));
                }

                if (row.UsedAt is null && resource is not null && !Resources.TryFind(resource, [grant.Resource], out _))
                {
                    return (null, TokenFailure.InvalidTarget);
                }

                var scopes = Scopes.Choose(scope, grant.Scope);
                if (row.UsedAt is null && scopes.Count == 0)
                {
                    return (null, TokenFailure.InvalidScope);
                }

                if (await db.RunAsync(
                    "update oauth_refresh_tokens set used_at = @now where token_hash = @hash and used_at is null", ct, ("now", now), ("hash", hash)) == 0)
                {
                    await EndAsync(db, grant.Id, client, "refresh token", ct);
                    return (null, TokenFailure.InvalidGrant("The refresh token was used before; the grant is revoked"));
                }

                if (await UserAsync(db, grant.UserId, ct) is not { } user)
                {
                    return (null, TokenFailure.InvalidGrant("The account is gone"));
                }

                grant.LastUsedAt = now;
                grant.ExpiresAt = Earlier(now + RefreshLifetime, grant.CreatedAt + GrantLifetime);
                await db.UpdateAsync(grant, token: ct);
                var next = await AddTokenAsync(db, grant, now, ct);
                metrics.OAuth("refresh");
                return (new IssuedGrant(user, client.Id, grant.Resource, Scopes.Text(scopes), next), null);
            },
            cancellationToken);

    /// <summary>Ends the grant of a refresh token, used or not; of somebody else's nothing happens.</summary>
    public Task RevokeAsync(OAuthClient client, string token, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async (db, ct) =>
            {
                if (await LockedAsync(db, Secrets.Hash(token), client, ct) is var (_, grant))
                {
                    await db.GetTable<OAuthGrantRow>().DeleteAsync(row => row.Id == grant.Id, ct);
                    metrics.OAuth("revoke");
                }
            },
            cancellationToken);

    /// <summary>What the user has allowed and not taken back.</summary>
    public Task<List<NamedGrantRow>> OfUserAsync(string userId, CancellationToken cancellationToken) =>
        database.ReadAsync(
            (db, ct) => db.RowsAsync<NamedGrantRow>(
                """
                select oauth_grants.*, oauth_clients.name as client_name from oauth_grants
                join oauth_clients on oauth_clients.id = oauth_grants.client_id
                where oauth_grants.user_id = @user and oauth_grants.expires_at > @now order by oauth_grants.created_at, oauth_grants.id
                """,
                ct,
                ("user", userId), ("now", clock.Now())),
            cancellationToken);

    /// <summary>Takes a grant back; false when the user has none of this id.</summary>
    public async Task<bool> TakeBackAsync(string userId, string grantId, CancellationToken cancellationToken) =>
        await database.WriteAsync((db, ct) => db.GetTable<OAuthGrantRow>().DeleteAsync(row => row.Id == grantId && row.UserId == userId, ct), cancellationToken) > 0;

    /// <summary>Ends everything that clients hold of a user, within the caller's transaction: its password was changed.</summary>
    public static async Task EndAllAsync(DataConnection db, string userId, CancellationToken cancellationToken)
    {
        await db.GetTable<OAuthCodeRow>().DeleteAsync(row => row.UserId == userId, cancellationToken);
        await db.GetTable<OAuthGrantRow>().DeleteAsync(row => row.UserId == userId, cancellationToken);
    }

    /// <summary>Removes what has expired.</summary>
    public Task PurgeAsync(CancellationToken cancellationToken) =>
        database.WriteAsync(
            async (db, ct) =>
            {
                var now = clock.Now();
                var codes = now - UsedCodesKept;
                await db.GetTable<OAuthCodeRow>().DeleteAsync(row => row.ExpiresAt <= codes, ct);
                await db.GetTable<OAuthGrantRow>().DeleteAsync(row => row.ExpiresAt <= now, ct);
                await db.GetTable<OAuthRefreshTokenRow>().DeleteAsync(row => row.ExpiresAt <= now, ct);
            },
            cancellationToken);

    private static Task<OAuthCodeRow?> CodeAsync(DataConnection db, string hash, CancellationToken cancellationToken) =>
        db.RowAsync<OAuthCodeRow>("select * from oauth_codes where code_hash = @hash", cancellationToken, ("hash", hash));

    /// <summary>
    /// The token with its grant, which others wait for from here on. The end of a grant takes its tokens along: whoever had
    /// the token first and then wanted the grant could wait for it for ever, and be chosen as the one that fails.
    /// </summary>
    private static async Task<(OAuthRefreshTokenRow Token, OAuthGrantRow Grant)?> LockedAsync(
        DataConnection db, string hash, OAuthClient client, CancellationToken cancellationToken)
    {
        if (await TokenAsync(db, hash, cancellationToken) is not { } known)
        {
            return null;
        }

        await db.LockGrantAsync(known.GrantId, cancellationToken);
        var grant = await db.RowAsync<OAuthGrantRow>(
            "select * from oauth_grants where id = @id and client_id = @client", cancellationToken, ("id", known.GrantId), ("client", client.Id));

        // As it is now: it may have been used while we waited.
        return grant is not null && await TokenAsync(db, hash, cancellationToken) is { } token ? (token, grant) : null;
    }

    private static Task<OAuthRefreshTokenRow?> TokenAsync(DataConnection db, string hash, CancellationToken cancellationToken) =>
        db.RowAsync<OAuthRefreshTokenRow>("select * from oauth_refresh_tokens where token_hash = @hash", cancellationToken, ("hash", hash));

    private static Task<UserRow?> UserAsync(DataConnection db, string userId, CancellationToken cancellationToken) =>
        db.RowAsync<UserRow>("select * from users where id = @id and deleted_at is null", cancellationToken, ("id", userId));

    private static async Task<string> AddTokenAsync(DataConnection db, OAuthGrantRow grant, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var token = Secrets.New();
        await db.InsertAsync(
            new OAuthRefreshTokenRow { TokenHash = Secrets.Hash(token), GrantId = grant.Id, CreatedAt = now, ExpiresAt = grant.ExpiresAt }, token: cancellationToken);
        return token;
    }

    private async Task EndAsync(DataConnection db, string? grantId, OAuthClient client, string what, CancellationToken cancellationToken)
    {
        Log.Reused(logger, what, client.Id);
        metrics.OAuth("reuse");
        if (grantId is not null)
        {
            await db.GetTable<OAuthGrantRow>().DeleteAsync(row => row.Id == grantId, cancellationToken);
        }
    }

    private static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "A used {What} of client {ClientId} came again; its grant is revoked")]
        public static partial void Reused(ILogger logger, string what, string clientId);
    }
}
