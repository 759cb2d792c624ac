using Mana.Contracts;
using Mana.Hosting;

namespace Mana.Mcp.Access;

/// <summary>Who belongs to which space, as mana-auth says; a yes is believed for 30 seconds, a no is asked again.</summary>
internal sealed class Memberships(AuthClient auth, DomainClock clock)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(30);
    private const int Capacity = 50_000;

    private readonly ExpiringCache<(SpaceId, UserId), MembershipResponse> _cache = new(clock, Lifetime, Capacity);

    /// <exception cref="AuthUnavailableException">mana-auth cannot be asked.</exception>
    public Task<MembershipResponse> FindAsync(SpaceId space, UserId user, CancellationToken cancellationToken) =>
        _cache.GetAsync(
            (space, user),
            ct => auth.GetMembershipAsync(space, user, ct),
            membership => membership.IsMember,
            cancellationToken);

    /// <summary>Asks anew about everybody in a space: it is being removed, and nobody may write into what is gone.</summary>
    public void Forget(SpaceId space) => _cache.Forget(key => key.Item1 == space);

    /// <summary>Asks anew about a user, who is being removed.</summary>
    public void Forget(UserId user) => _cache.Forget(key => key.Item2 == user);
}
