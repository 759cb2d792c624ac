using System.Collections.Frozen;

namespace Mana.Contracts;

/// <summary>What kinds of spaces there are, and which modules are at home in each.</summary>
/// <remarks>
/// The table is ours; the wire contract's own lists are of another product and left out what a family plans and notes
/// with. Diary, mood and dreams never leave a person's own space.
/// </remarks>
public static class SpaceTypes
{
    /// <summary>The space that everybody has from the start; every module is at home there.</summary>
    public const string Personal = "personal";

    private static readonly FrozenDictionary<string, FrozenSet<string>> Modules = new Dictionary<string, FrozenSet<string>>(StringComparer.Ordinal)
    {
        ["family"] = Set("todo", "notes", "calendar", "contacts", "articles", "library", "goals", "habits", "tags", "cards"),
        ["team"] = Set("todo", "notes", "calendar", "contacts", "articles", "goals", "invoices", "tags", "cards", "news-research"),
        ["brand"] = Set("todo", "notes", "calendar", "contacts", "articles", "library", "goals", "invoices", "tags", "news-research"),
        ["club"] = Set("todo", "notes", "calendar", "contacts", "articles", "library", "goals", "tags", "invoices"),
        ["practice"] = Set("todo", "notes", "calendar", "contacts", "articles", "library", "goals", "invoices", "cards", "tags"),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The types that people share.</summary>
    public static IReadOnlyList<string> Shared { get; } = ["brand", "club", "family", "team", "practice"];

    /// <summary>Whether the module is at home in a space of the type; nothing is in a shared space of unknown type.</summary>
    /// <param name="type">The type; null or <see cref="Personal"/> for a person's own space.</param>
    /// <param name="module">In any spelling.</param>
    public static bool Allows(string? type, string module) =>
        type is null or Personal || (Modules.TryGetValue(type, out var modules) && modules.Contains(ModuleNames.Normalise(module)));

    // Looking for things and for spaces is part of being anywhere, and so is having second thoughts.
    private static FrozenSet<string> Set(params string[] modules) => modules.Append("search").Append("spaces").Append("trash").ToFrozenSet(StringComparer.Ordinal);
}

/// <summary>The roles of a space's members.</summary>
public static class SpaceRoles
{
    /// <summary>May do everything, and give the space away; every space has at least one.</summary>
    public const string Owner = "owner";

    /// <summary>Invites, and manages members and viewers.</summary>
    public const string Admin = "admin";

    /// <summary>Reads and writes.</summary>
    public const string Member = "member";

    /// <summary>Reads.</summary>
    public const string Viewer = "viewer";

    /// <summary>All roles, the mightiest first.</summary>
    public static IReadOnlyList<string> All { get; } = [Owner, Admin, Member, Viewer];

    /// <summary>Whether somebody of the role may change what is in the space.</summary>
    public static bool CanWrite(string role) => role is Owner or Admin or Member;
}
