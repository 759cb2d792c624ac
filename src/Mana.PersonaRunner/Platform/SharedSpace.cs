using Mana.Contracts;

namespace Mana.PersonaRunner.Platform;

/// <summary>A space that the persona shares with others: a tool call acts there only when it says so.</summary>
/// <param name="Name">What its members call it.</param>
/// <param name="Key">What the argument <see cref="Argument"/> names it by: its slug, else its id.</param>
/// <param name="Type">family, team, …; null when the platform does not say.</param>
/// <param name="Role">One of <see cref="SpaceRoles"/>; null when the platform does not say.</param>
public sealed record SharedSpace(string Name, string Key, string? Type, string? Role)
{
    /// <summary>The argument of a tool that names the space to act in; without it a call acts in the personal one.</summary>
    public const string Argument = "space";

    /// <summary>False where the persona is known to be a mere viewer.</summary>
    public bool CanWrite => Role is null || SpaceRoles.CanWrite(Role);

    /// <summary>The spaces of a list that are not the persona's own.</summary>
    internal static IReadOnlyList<SharedSpace> From(IEnumerable<SpaceView> spaces) =>
    [
        .. spaces.Select(space => (Space: space, Type: space.SpaceType()))
            .Where(entry => entry.Type != SpaceTypes.Personal)
            .Select(entry => new SharedSpace(
                entry.Space.Name, entry.Space.Slug is { Length: > 0 } slug ? slug : entry.Space.Id.Value, entry.Type, entry.Space.Role)),
    ];
}
