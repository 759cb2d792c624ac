using System.Globalization;
using Mana.Cli.Catalog;
using Mana.Cli.Output;
using Mana.Contracts;

namespace Mana.Cli.Commands.Personas;

/// <summary>What is wrong with a catalog that can be read: a pure comparison with the modules that have tools.</summary>
internal static class MixLint
{
    public const string DuplicateEmail = "duplicate-email";
    public const string NoMix = "no-mix";
    public const string MissingModule = "missing-module";
    public const string UnknownMember = "unknown-member";

    /// <param name="catalog">The personas.</param>
    /// <param name="liveModules">Canonical names; null when they are not known.</param>
    public static IReadOnlyList<LintFinding> Check(PersonaCatalog catalog, IReadOnlySet<string>? liveModules)
    {
        var findings = new List<LintFinding>();
        foreach (var same in catalog.Personas.GroupBy(persona => persona.Email, StringComparer.OrdinalIgnoreCase).Where(group => group.Count() > 1))
        {
            var lines = string.Join(", ", same.Select(persona => persona.Line.ToString(CultureInfo.InvariantCulture)));
            findings.Add(new LintFinding(
                DuplicateEmail, null, [.. same.Select(persona => persona.Name)], $"duplicate e-mail {same.Key}: {Names(same)} (lines {lines})"));
        }

        foreach (var persona in catalog.Personas)
        {
            if (MixFault(persona) is { } fault)
            {
                findings.Add(new LintFinding(NoMix, null, [persona.Name], $"no mix: {persona.Name} ({fault})"));
            }
        }

        var emails = catalog.Personas.Select(persona => persona.Email).ToHashSet(StringComparer.OrdinalIgnoreCase);
        findings.AddRange(catalog.Spaces
            .Select(space => (Space: space, Unknown: space.Members.Where(member => !emails.Contains(member.Email)).Select(member => member.Email).ToList()))
            .Where(pair => pair.Unknown.Count > 0)
            .Select(pair => new LintFinding(
                UnknownMember, null, pair.Unknown,
                $"unknown member of {pair.Space.Slug}: {string.Join(", ", pair.Unknown)} (no persona of this catalog)")));
        if (liveModules is not null)
        {
            findings.AddRange(catalog.Personas
                .SelectMany(persona => persona.ModuleMix.Keys.Select(module => (Module: ModuleNames.Normalise(module), Persona: persona)))
                .Where(use => !liveModules.Contains(use.Module))
                .GroupBy(use => use.Module, use => use.Persona, StringComparer.Ordinal)
                .OrderBy(group => group.Key, StringComparer.Ordinal)
                .Select(group => new LintFinding(
                    MissingModule, group.Key, [.. group.Select(persona => persona.Name)], $"missing module {group.Key}: {Names(group)}")));
        }

        return findings;
    }

    /// <summary>What members like to use and cannot in a space that they share: it stays in their own spaces.</summary>
    public static IReadOnlyList<string> Notes(PersonaCatalog catalog)
    {
        var notes = new List<string>();
        foreach (var space in catalog.Spaces)
        {
            var uses = catalog.Personas
                .Where(persona => space.Members.Any(member => string.Equals(member.Email, persona.Email, StringComparison.OrdinalIgnoreCase)))
                .SelectMany(persona => persona.ModuleMix.Keys.Select(module => (Module: ModuleNames.Normalise(module), persona.Name)))
                .Where(use => !SpaceTypes.Allows(space.Type, use.Module))
                .GroupBy(use => use.Module, use => use.Name, StringComparer.Ordinal)
                .Select(group => $"{group.Key} ({string.Join(", ", group)})")
                .ToList();
            if (uses.Count > 0)
            {
                notes.Add($"{space.Slug} is a {space.Type}, which has no {string.Join(", no ", uses)}; it stays in their own spaces");
            }
        }

        return notes;
    }

    private static string? MixFault(CatalogPersona persona)
    {
        if (persona.ModuleMix.Count == 0)
        {
            return "it is empty";
        }

        foreach (var (module, weight) in persona.ModuleMix)
        {
            if (!double.IsFinite(weight) || weight < 0)
            {
                return $"the weight of {module} must be a number from 0, not {weight.ToString(CultureInfo.InvariantCulture)}";
            }
        }

        if (persona.ModuleMix.Values.Sum() <= 0)
        {
            return "its weights sum to 0";
        }

        var twice = persona.ModuleMix.Keys.GroupBy(ModuleNames.Normalise, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1);
        return twice is null ? null : $"{string.Join(" and ", twice)} are the same module";
    }

    private static string Names(IEnumerable<CatalogPersona> personas) => string.Join(", ", personas.Select(persona => persona.Name));
}
