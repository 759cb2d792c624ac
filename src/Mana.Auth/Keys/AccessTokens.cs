using System.Buffers;
using System.Text;
using System.Text.Json;
using Mana.Auth.Storage;
using Mana.Hosting;
using Mana.Hosting.Identity;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Mana.Auth.Keys;

/// <summary>The claims of a JWT that was accepted.</summary>
internal sealed record AccessClaims(string UserId, string Email, string Role, string SessionId);

/// <summary>Issues and checks the JWTs of 15 minutes.</summary>
internal sealed class AccessTokens(SigningKeys keys, AuthSettings settings, DomainClock clock)
{
    /// <summary>How long a token lives.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(15);

    /// <summary>How long the token of a client lives; it cannot be taken back.</summary>
    public static readonly TimeSpan ClientLifetime = TimeSpan.FromMinutes(10);

    private const string ClientTokenType = "at+jwt";

    private readonly JsonWebTokenHandler _handler = new() { MapInboundClaims = false };

    /// <summary>A token for a session; the claims stand in the contract's order.</summary>
    public Task<string> IssueAsync(UserRow user, string sessionId, CancellationToken cancellationToken) =>
        SignAsync(type: null, Payload(user, sessionId), cancellationToken);

    /// <summary>A token for a client that a user let in (RFC 9068): good for one resource and the scopes alone, and never here.</summary>
    public Task<string> IssueForClientAsync(UserRow user, string clientId, string resource, string scope, CancellationToken cancellationToken) =>
        SignAsync(ClientTokenType, ClientPayload(user, clientId, resource, scope), cancellationToken);

    /// <summary>The claims, or null when signature, issuer, audience or time are not in order. Whether the session lives is another question.</summary>
    public async Task<AccessClaims?> ValidateAsync(string token, CancellationToken cancellationToken)
    {
        if (await ReadAsync(token, cancellationToken) is not { } jwt)
        {
            return null;
        }

        return jwt.Subject is { Length: > 0 } && Claim(jwt, "sid") is { Length: > 0 } sessionId
            ? new AccessClaims(jwt.Subject, Claim(jwt, "email") ?? "", Claim(jwt, "role") ?? UserRoles.User, sessionId)
            : null;
    }

    /// <summary>The payload as JSON, or null when the token is not valid now.</summary>
    public async Task<JsonElement?> ReadPayloadAsync(string token, CancellationToken cancellationToken)
    {
        if (await ReadAsync(token, cancellationToken) is not { } jwt)
        {
            return null;
        }

        using var document = JsonDocument.Parse(Base64UrlEncoder.Decode(jwt.EncodedPayload));
        return document.RootElement.Clone();
    }

    private static string? Claim(JsonWebToken jwt, string name) => jwt.TryGetPayloadValue<string>(name, out var value) ? value : null;

    private async Task<JsonWebToken?> ReadAsync(string token, CancellationToken cancellationToken)
    {
        // Three parts: the handler also reads encrypted tokens (five), which we never issue.
        if (token.Count(c => c == '.') != 2 || !_handler.CanReadToken(token))
        {
            return null;
        }

        string keyId;
        try
        {
            keyId = _handler.ReadJsonWebToken(token).Kid;
        }
        catch (Exception e) when (e is ArgumentException or SecurityTokenException)
        {
            return null;
        }

        if (string.IsNullOrEmpty(keyId) || await keys.FindAsync(keyId, cancellationToken) is not { } key)
        {
            return null;
        }

        var result = await _handler.ValidateTokenAsync(token, new TokenValidationParameters
        {
            ValidAlgorithms = [EdDsaSecurityKey.Algorithm],
            ValidIssuer = settings.Issuer,
            ValidAudience = settings.Audience,
            IssuerSigningKey = key,
            TryAllIssuerSigningKeys = false,
            RequireExpirationTime = true,

            // The library would look at the system's clock.
            LifetimeValidator = (_, expires, _, _) => expires > clock.GetUtcNow().UtcDateTime,
        });
        return result.IsValid ? (JsonWebToken)result.SecurityToken : null;
    }

    // By hand: the handler adds a typ to the header, which the contract's tokens do not have.
    private async Task<string> SignAsync(string? type, string payload, CancellationToken cancellationToken)
    {
        var key = await keys.CurrentAsync(cancellationToken);
        var typ = type is null ? "" : $"\"typ\":\"{type}\",";
        var header = $$"""{"alg":"{{EdDsaSecurityKey.Algorithm}}",{{typ}}"kid":"{{key.KeyId}}"}""";
        var signed = $"{Base64UrlEncoder.Encode(header)}.{Base64UrlEncoder.Encode(payload)}";
        var signature = key.CryptoProviderFactory.CreateForSigning(key, EdDsaSecurityKey.Algorithm).Sign(Encoding.ASCII.GetBytes(signed));
        return $"{signed}.{Base64UrlEncoder.Encode(signature)}";
    }

    private string ClientPayload(UserRow user, string clientId, string resource, string scope)
    {
        var issuedAt = clock.GetUtcNow().ToUnixTimeSeconds();
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteNumber("iat", issuedAt);
            writer.WriteString("sub", user.Id);
            writer.WriteString("kind", user.Kind);
            writer.WriteString("client_id", clientId);
            writer.WriteString("scope", scope);
            writer.WriteString("jti", RandomId.Long());
            writer.WriteNumber("exp", issuedAt + (long)ClientLifetime.TotalSeconds);
            writer.WriteString("iss", settings.Issuer);
            writer.WriteString("aud", resource);
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private string Payload(UserRow user, string sessionId)
    {
        var issuedAt = clock.GetUtcNow().ToUnixTimeSeconds();
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteNumber("iat", issuedAt);
            writer.WriteString("sub", user.Id);
            writer.WriteString("email", user.Email);
            writer.WriteString("role", user.Role);
            writer.WriteString("sid", sessionId);
            writer.WriteString("tier", user.AccessTier);
            writer.WriteString("kind", user.Kind);
            writer.WriteNumber("exp", issuedAt + (long)Lifetime.TotalSeconds);
            writer.WriteString("iss", settings.Issuer);
            writer.WriteString("aud", settings.Audience);
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
