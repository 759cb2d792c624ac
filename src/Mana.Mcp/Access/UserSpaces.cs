using Mana.Contracts;
using Mana.Hosting;

namespace Mana.Mcp.Access;

/// <summary>The spaces of a user with their names and kinds, as mana-auth lists them; a list is believed for 30 seconds.</summary>
internal sealed class UserSpaces(AuthClient auth, DomainClock clock)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(30);
    private const int Capacity = 20_000;

    private readonly ExpiringCache<UserId, IReadOnlyList<SpaceView>?> _cache = new(clock, Lifetime, Capacity);

    /// <summary>The list, a little old perhaps; empty where another mana-auth gives none to a token.</summary>
    /// <exception cref="AuthUnavailableException">mana-auth cannot be asked.</exception>
    public async Task<IReadOnlyList<SpaceView>> OfAsync(Caller caller, CancellationToken cancellationToken) =>
        await OfAsync(caller.User, caller.ClientId, caller.Jwt, cancellationToken) ?? [];

    /// <inheritdoc cref="OfAsync(Caller, CancellationToken)"/>
    public Task<IReadOnlyList<SpaceView>?> OfAsync(UserId user, string? clientId, string jwt, CancellationToken cancellationToken) =>
        _cache.GetAsync(user, ct => AskAsync(user, clientId, jwt, ct), _ => true, cancellationToken);

    /// <summary>The list as it is now.</summary>
    /// <exception cref="AuthUnavailableException">mana-auth cannot be asked, or does not tell.</exception>
    public async Task<IReadOnlyList<SpaceView>> NowAsync(Caller caller, CancellationToken cancellationToken) =>
        await FindNowAsync(caller, cancellationToken) ?? throw new AuthUnavailableException("mana-auth does not list spaces for this token.");

    /// <summary>The list as it is now; null where another mana-auth gives none to a token.</summary>
    /// <exception cref="AuthUnavailableException">mana-auth cannot be asked.</exception>
    public async Task<IReadOnlyList<SpaceView>?> FindNowAsync(Caller caller, CancellationToken cancellationToken)
    {
        var spaces = await AskAsync(caller.User, caller.ClientId, caller.Jwt, cancellationToken);
        if (spaces is not null)
        {
            _cache.Set(caller.User, spaces);
        }

        return spaces;
    }

    // A token that was made for us is never passed on: mana-auth tells us about its user instead, where it can.
    private Task<IReadOnlyList<SpaceView>?> AskAsync(UserId user, string? clientId, string jwt, CancellationToken cancellationToken) =>
        clientId is null ? auth.FindSpacesAsync(jwt, cancellationToken) : auth.FindSpacesOfUserAsync(user, cancellationToken);
}
