using System.Security.Cryptography;
using System.Text;
using Mana.Contracts;
using Mana.Hosting;
using Mana.Hosting.Identity;
using Microsoft.AspNetCore.Http;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Mana.Mcp.Access;

/// <summary>Whom a good token speaks for.</summary>
/// <param name="User">The <c>sub</c>.</param>
/// <param name="Scopes">What it allows.</param>
/// <param name="ClientId">The OAuth client that it was given to; null for a first-party sign-in.</param>
internal sealed record TokenBearer(UserId User, TokenScopes Scopes, string? ClientId);

/// <summary>
/// Checks a JWT of mana-auth: EdDSA only, a published key, issuer, audience and lifetime on the domain clock. A tick
/// brings the same token with each of its calls: that a signature is good is remembered for a while, whether its key is
/// still published and its time still runs is looked at every time.
/// </summary>
internal sealed class TokenValidator(McpSettings settings, ResourceAddress address, SigningKeys keys, DomainClock clock)
{
    private static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan RememberedFor = TimeSpan.FromMinutes(15);
    private const int Capacity = 20_000;

    private readonly JsonWebTokenHandler _handler = new() { MapInboundClaims = false };

    // By hash, so that no token lies about in memory longer than its request.
    private readonly ExpiringCache<string, VerifiedToken> _verified = new(clock, RememberedFor, Capacity);

    /// <summary>The user whom the token was made for, and what it allows.</summary>
    /// <exception cref="AccessDeniedException">The token is not good (401).</exception>
    /// <exception cref="AuthUnavailableException">It cannot be judged now.</exception>
    public async Task<TokenBearer> ValidateAsync(string jwt, CancellationToken cancellationToken)
    {
        var hash = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(jwt)));
        if (_verified.TryGet(hash, out var known)
            && IsWithinLifetime(known.NotBefore, known.Expires)
            && IsSame(known.Key, await keys.FindAsync(known.Key.KeyId, cancellationToken)))
        {
            return known.Bearer;
        }

        // Each caller for itself: one that waits for slow keys must not hold up another that need not.
        var token = await VerifyAsync(jwt, cancellationToken);
        _verified.Set(hash, token);
        return token.Bearer;
    }

    private async Task<VerifiedToken> VerifyAsync(string jwt, CancellationToken cancellationToken)
    {
        var unverified = Parse(jwt);
        if (unverified.Alg != EdDsaSecurityKey.Algorithm)
        {
            throw Invalid($"the algorithm must be {EdDsaSecurityKey.Algorithm}");
        }

        if (string.IsNullOrEmpty(unverified.Kid))
        {
            throw Invalid("it names no key (kid)");
        }

        var key = await keys.FindAsync(unverified.Kid, cancellationToken) ?? throw Invalid("it was signed with an unknown key");
        var result = await _handler.ValidateTokenAsync(jwt, new TokenValidationParameters
        {
            ValidAlgorithms = [EdDsaSecurityKey.Algorithm],
            IssuerSigningKey = key,
            ValidIssuers = settings.Issuers,
            ValidAudiences = [settings.Audience, .. address.Audiences],
            RequireExpirationTime = true,
            LifetimeValidator = (notBefore, expires, _, _) => CheckLifetime(notBefore, expires),
        });
        if (!result.IsValid)
        {
            throw Invalid(Reason(result.Exception), result.Exception);
        }

        var subject = result.ClaimsIdentity.FindFirst(JwtRegisteredClaimNames.Sub)?.Value;
        if (string.IsNullOrEmpty(subject))
        {
            throw new AccessDeniedException(StatusCodes.Status401Unauthorized, "Token has no `sub` claim");
        }

        var bearer = new TokenBearer(
            new UserId(subject),
            TokenScopes.Of([.. result.ClaimsIdentity.FindAll("scope").Select(claim => claim.Value)]),
            result.ClaimsIdentity.FindFirst("client_id")?.Value);
        return PlainId.IsValid(subject)
            ? new VerifiedToken(bearer, key, result.SecurityToken.ValidFrom, result.SecurityToken.ValidTo)
            : throw Invalid("its `sub` claim is no user id");
    }

    // The keys are read anew every few minutes: the same key is another object then.
    private static bool IsSame(SecurityKey one, SecurityKey? other) =>
        ReferenceEquals(one, other)
        || (one is EdDsaSecurityKey { PublicKey.Span: var bytes } && other is EdDsaSecurityKey { PublicKey.Span: var others } && bytes.SequenceEqual(others));

    private bool IsWithinLifetime(DateTime notBefore, DateTime expires)
    {
        var now = clock.Now().UtcDateTime;
        return expires > now - ClockSkew && notBefore <= now + ClockSkew;
    }

    private static JsonWebToken Parse(string jwt)
    {
        // Three parts: an encrypted token has five and would need a key that we do not have.
        if (jwt.Count(c => c == '.') != 2)
        {
            throw Invalid("it is no JSON Web Token");
        }

        try
        {
            return new JsonWebToken(jwt);
        }
        catch (Exception e) when (e is ArgumentException or SecurityTokenException)
        {
            throw Invalid("it is no JSON Web Token", e);
        }
    }

    private bool CheckLifetime(DateTime? notBefore, DateTime? expires)
    {
        var now = clock.Now().UtcDateTime;
        if (expires is null)
        {
            throw new SecurityTokenNoExpirationException();
        }

        if (expires <= now - ClockSkew)
        {
            throw new SecurityTokenExpiredException();
        }

        if (notBefore > now + ClockSkew)
        {
            throw new SecurityTokenNotYetValidException();
        }

        return true;
    }

    // The library's own texts repeat parts of the token; ours say only what the caller needs.
    private static string Reason(Exception? error) => error switch
    {
        SecurityTokenExpiredException => "it has expired; sign in again",
        SecurityTokenNotYetValidException => "it is not valid yet",
        SecurityTokenNoExpirationException => "it has no expiry",
        SecurityTokenInvalidAudienceException => "it was made for another audience",
        SecurityTokenInvalidIssuerException => "it comes from another issuer",
        SecurityTokenInvalidSignatureException => "its signature is wrong",
        _ => "it cannot be verified",
    };

    private static AccessDeniedException Invalid(string reason, Exception? inner = null) =>
        new(StatusCodes.Status401Unauthorized, $"Invalid token: {reason}", inner);

    private sealed record VerifiedToken(TokenBearer Bearer, SecurityKey Key, DateTime NotBefore, DateTime Expires);
}
