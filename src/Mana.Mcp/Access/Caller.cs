using Mana.Contracts;

namespace Mana.Mcp.Access;

/// <summary>Who makes this request, and in which space: proven by the token and by mana-auth, for this request alone.</summary>
/// <param name="User">The <c>sub</c> of the token.</param>
/// <param name="Space">The space of <c>X-Mana-Space</c>, of which the user is a member.</param>
/// <param name="Role">The user's role in that space.</param>
/// <param name="Jwt">The token, for calls on the user's behalf. Never log it.</param>
/// <param name="TimeZone">The user's zone when the client names one, else UTC.</param>
internal sealed record Caller(UserId User, SpaceId Space, string Role, string Jwt, TimeZoneInfo TimeZone)
{
    /// <inheritdoc/>
    public override string ToString() => $"{User} in {Space}";
}
