using Mana.Contracts;

namespace Mana.Cli.Catalog;

/// <summary>A space that personas of a catalog share.</summary>
/// <param name="Name">What people call it.</param>
/// <param name="Slug">Its key, and what a tool call names it by.</param>
/// <param name="Type">One of <see cref="SpaceTypes.Shared"/>.</param>
/// <param name="Members">Who belongs to it; at least one owner.</param>
/// <param name="Line">Where it starts in the file, from 1.</param>
public sealed record CatalogSharedSpace(string Name, string Slug, string Type, IReadOnlyList<CatalogSpaceMember> Members, int Line)
{
    /// <summary>The request that creates or updates this space.</summary>
    public CatalogSpace ToRequest() => new(Slug, Name, Type, Members);
}

/// <summary>Reads the entries under <c>spaces:</c>.</summary>
internal static class SpaceEntries
{
    private const int MaxLength = 50;

    public static CatalogSharedSpace Check(Entry<SpaceValues> entry, string source)
    {
        var values = entry.Values ?? throw Fault("an entry is empty; remove the dash or fill it in");
        if (string.IsNullOrWhiteSpace(values.Name))
        {
            throw Fault("name of a space is missing; add name: WG, for instance");
        }

        var slug = values.Slug ?? "";
        if (slug.Length is 0 or > MaxLength || !slug.Split('-').All(part => part.Length > 0 && part.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c))))
        {
            throw Fault($"slug \"{slug}\" of {values.Name} must be lower-case letters, digits and single hyphens; write slug: wg-linden, for instance");
        }

        if (values.Type is null || !SpaceTypes.Shared.Contains(values.Type))
        {
            throw Fault($"type \"{values.Type}\" of {values.Name} is no kind of shared space; write one of {string.Join(", ", SpaceTypes.Shared)}");
        }

        if (values.Members is not { Count: > 0 } members)
        {
            throw Fault($"{values.Name} has no members; add members: {{ persona.anna{PersonaCatalog.Domain}: owner }}, for instance");
        }

        if (members.FirstOrDefault(member => !SpaceRoles.All.Contains(member.Value ?? "")) is { Key: not null } odd)
        {
            throw Fault($"the role \"{odd.Value}\" of {odd.Key} in {values.Name} is none; write one of {string.Join(", ", SpaceRoles.All)}");
        }

        if (!members.ContainsValue(SpaceRoles.Owner))
        {
            throw Fault($"{values.Name} has no owner; give one member the role {SpaceRoles.Owner}");
        }

        return new CatalogSharedSpace(
            values.Name.Trim(), slug, values.Type, [.. members.Select(member => new CatalogSpaceMember(member.Key.ToLowerInvariant(), member.Value!))], entry.Line);

        CatalogException Fault(string what) => new($"{source}:{entry.Line}: {what}");
    }
}
