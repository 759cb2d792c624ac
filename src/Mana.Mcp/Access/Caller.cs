using Mana.Contracts;

namespace Mana.Mcp.Access;

/// <summary>Who makes this request, and in which space: proven by the token and by mana-auth, for this request alone.</summary>
/// <param name="User">The <c>sub</c> of the token.</param>
/// <param name="Space">The space of <c>X-Mana-Space</c> or of the call's own argument; the user is a member of it.</param>
/// <param name="Role">The user's role in that space.</param>
/// <param name="Jwt">The token, for calls on the user's behalf. Never log it.</param>
/// <param name="TimeZone">The user's zone when the client names one, else the service's own.</param>
internal sealed record Caller(UserId User, SpaceId Space, string Role, string Jwt, TimeZoneInfo TimeZone)
{
    /// <summary>What kind of space it is; null where mana-auth has not said.</summary>
    public string? SpaceType { get; init; }

    /// <summary>What the token allows.</summary>
    public TokenScopes Scopes { get; init; } = TokenScopes.Everything;

    /// <summary>The OAuth client that the user let in; null for a first-party sign-in.</summary>
    public string? ClientId { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{User} in {Space}";
}
