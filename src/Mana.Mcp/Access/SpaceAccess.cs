using Mana.Contracts;
using Mana.Mcp.Tools;

namespace Mana.Mcp.Access;

/// <summary>
/// Where a call runs, and whether it may: the space that the call itself names, else the active one; the caller's role
/// there; and whether the module is at home in a space of that kind. Modules know nothing of this.
/// </summary>
internal sealed class SpaceAccess(UserSpaces spaces, Memberships memberships)
{
    private const int ShownSpaces = 20;

    /// <summary>The caller in the space of this call.</summary>
    /// <param name="caller">In the active space.</param>
    /// <param name="tool">What is called.</param>
    /// <param name="named">The id or slug that the call names; null for the active space.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="SpaceRefusedException">It may not run there.</exception>
    /// <exception cref="AuthUnavailableException">mana-auth cannot be asked.</exception>
    public async Task<Caller> EnterAsync(Caller caller, ToolDefinition tool, string? named, CancellationToken cancellationToken)
    {
        if (!tool.TakesSpace)
        {
            return caller;
        }

        var inside = named is null || named == caller.Space.Value ? caller : await GoAsync(caller, named, cancellationToken);
        inside = await WithTypeAsync(inside, cancellationToken);
        if (!SpaceTypes.Allows(inside.SpaceType, tool.Module))
        {
            throw new SpaceRefusedException(SpaceRefusedException.ModuleNotInSpace, await ElsewhereAsync(caller, inside, tool, cancellationToken));
        }

        if (tool.Writes && !SpaceRoles.CanWrite(inside.Role))
        {
            throw new SpaceRefusedException(
                SpaceRefusedException.ViewerRole,
                $"you are {(inside.Role.Length == 0 ? "no member with a role" : inside.Role)} in that space, and only owner, admin and member may write there; "
                + (named is null ? "read only, or write in another space of the user with \"space\"." : "read only, or leave \"space\" out to write in the active space."));
        }

        return inside;
    }

    /// <summary>The caller with the kind of the space, where it can be known.</summary>
    public async Task<Caller> WithTypeAsync(Caller caller, CancellationToken cancellationToken)
    {
        if (caller.SpaceType is not null)
        {
            return caller;
        }

        // Another mana-auth says it in the list only, or nowhere: then nothing speaks against the module.
        var known = (await spaces.OfAsync(caller, cancellationToken)).FirstOrDefault(space => space.Id == caller.Space);
        return caller with { SpaceType = known?.SpaceType() };
    }

    private async Task<Caller> GoAsync(Caller caller, string named, CancellationToken cancellationToken)
    {
        var known = await spaces.OfAsync(caller, cancellationToken);
        var space = Find(known, named);
        if (space is null)
        {
            // Whoever joined a space a moment ago knows it already, and our list does not.
            known = await spaces.FindNowAsync(caller, cancellationToken) ?? known;
            space = Find(known, named);
        }

        // Another mana-auth lists nothing: the id is enough.
        var id = space?.Id ?? (PlainId.IsValid(named) ? new SpaceId(named) : (SpaceId?)null);
        if (id is { } found && await memberships.FindAsync(found, caller.User, cancellationToken) is { IsMember: true } membership)
        {
            return caller with { Space = found, Role = membership.Role, SpaceType = membership.SpaceType ?? space?.SpaceType() };
        }

        throw new SpaceRefusedException(
            SpaceRefusedException.UnknownSpace,
            $"\"space\" must be the id or slug of a space of the user: {Names(known)}; you sent \"{(named.Length > 80 ? named[..80] + "…" : named)}\". "
            + "Leave it out to work in the active space.");
    }

    private static SpaceView? Find(IReadOnlyList<SpaceView> known, string named) =>
        known.FirstOrDefault(space => space.Id.Value == named)
        ?? known.FirstOrDefault(space => string.Equals(space.Slug, named, StringComparison.OrdinalIgnoreCase));

    private async Task<string> ElsewhereAsync(Caller active, Caller inside, ToolDefinition tool, CancellationToken cancellationToken)
    {
        var what = $"{tool.Module} is not kept in a {inside.SpaceType} space";
        if (inside.Space != active.Space && SpaceTypes.Allows((await WithTypeAsync(active, cancellationToken)).SpaceType, tool.Module))
        {
            return $"{what}; leave \"space\" out to work in the active space.";
        }

        var home = (await spaces.OfAsync(active, cancellationToken)).FirstOrDefault(space => space.SpaceType() == SpaceTypes.Personal);
        return home is null
            ? $"{what}; it belongs into the user's personal space: work there, and leave \"space\" out."
            : $"{what}; call it with \"space\": \"{home.Slug ?? home.Id.Value}\", the user's personal space, and leave \"space\" out wherever that one is active.";
    }

    private static string Names(IReadOnlyList<SpaceView> spaces) => spaces.Count == 0
        ? "spaces.list shows them"
        : string.Join(", ", spaces.Take(ShownSpaces).Select(space => $"{space.Slug ?? space.Id.Value} ({space.Name}{(space.SpaceType() is { } type ? ", " + type : "")})"))
            + (spaces.Count > ShownSpaces ? " and more, see spaces.list" : "");
}
