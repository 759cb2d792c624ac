using Mana.Contracts;

namespace Mana.Cli.Catalog;

/// <summary>One persona of a catalog file.</summary>
/// <param name="Name">First name; the display name of the account.</param>
/// <param name="Email">The key of the persona, exactly as written: the password is derived from it.</param>
/// <param name="Archetype">Groups personas in reports.</param>
/// <param name="SystemPrompt">Who the persona is.</param>
/// <param name="ModuleMix">Modules and their weights.</param>
/// <param name="TickCadence">hourly, daily, weekdays or <c>cron:</c> with five fields.</param>
/// <param name="TimeZone">IANA zone; null means UTC.</param>
/// <param name="Language">de or en; null leaves it to mana-auth.</param>
/// <param name="ActiveHours">HH:mm-HH:mm; null means the whole day.</param>
/// <param name="AllowDestructive">The destructive tools that may run for it; empty for none.</param>
/// <param name="Line">Where it starts in the file, from 1.</param>
public sealed record CatalogPersona(
    string Name,
    string Email,
    string Archetype,
    string SystemPrompt,
    IReadOnlyDictionary<string, double> ModuleMix,
    string TickCadence,
    string? TimeZone,
    string? Language,
    string? ActiveHours,
    IReadOnlyList<string> AllowDestructive,
    int Line)
{
    /// <summary>The request that creates or updates this persona.</summary>
    public PersonaUpsert ToUpsert(string password) =>
        new(Email, Name, password, Archetype, SystemPrompt, ModuleMix, TickCadence, TimeZone, Language, ActiveHours, AllowDestructive);
}

/// <summary>The catalog cannot be used; the message names the file, the line and the way out.</summary>
public sealed class CatalogException(string message) : Exception(message);
