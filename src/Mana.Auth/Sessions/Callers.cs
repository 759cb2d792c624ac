using Mana.Auth.Keys;
using Mana.Auth.Storage;
using Microsoft.AspNetCore.Http;

namespace Mana.Auth.Sessions;

/// <summary>Finds out who calls: by session (cookie or opaque bearer), or by JWT where an endpoint allows it.</summary>
internal sealed class Callers(SessionStore sessions, SessionCookies cookies, AccessTokens tokens)
{
    private const string Scheme = "Bearer ";

    /// <summary>The session of the cookie, else of the bearer token. A JWT is no session: it would prolong itself for ever.</summary>
    public async Task<LiveSession?> FindSessionAsync(HttpContext context)
    {
        if (cookies.TryRead(context.Request, out var token)
            && await sessions.FindAsync(token, context.RequestAborted) is { } session)
        {
            if (session.IsExtended)
            {
                cookies.Set(context.Response, session);
            }

            return session;
        }

        return Bearer(context) is { } bearer && !IsJwt(bearer)
            ? await sessions.FindAsync(bearer, context.RequestAborted)
            : null;
    }

    /// <summary>The user behind a session or behind a JWT whose session still lives.</summary>
    public async Task<UserRow?> FindUserAsync(HttpContext context)
    {
        if (await FindSessionAsync(context) is { } session)
        {
            return session.User;
        }

        return Bearer(context) is { } bearer && IsJwt(bearer)
            ? (await FindByJwtAsync(bearer, context.RequestAborted))?.User
            : null;
    }

    /// <summary>The claims of a JWT and the user as it is now; null when the token or its session is not valid.</summary>
    public async Task<(AccessClaims Claims, UserRow User)?> FindByJwtAsync(string token, CancellationToken cancellationToken)
    {
        if (await tokens.ValidateAsync(token, cancellationToken) is not { } claims
            || await sessions.FindUserAsync(claims.SessionId, claims.UserId, cancellationToken) is not { } user)
        {
            return null;
        }

        return (claims, user);
    }

    /// <summary>What follows <c>Bearer </c> (the scheme's case counts), or null.</summary>
    public static string? Bearer(HttpContext context)
    {
        var header = context.Request.Headers.Authorization.ToString();
        return header.StartsWith(Scheme, StringComparison.Ordinal) && header[Scheme.Length..].Trim() is { Length: > 0 } token ? token : null;
    }

    private static bool IsJwt(string token) => token.Contains('.', StringComparison.Ordinal);
}
