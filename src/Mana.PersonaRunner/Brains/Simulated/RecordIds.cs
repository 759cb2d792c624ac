using System.Text.Json;
using System.Text.RegularExpressions;

namespace Mana.PersonaRunner.Brains.Simulated;

/// <summary>How ids are named: which parameters want one, and of what.</summary>
internal static partial class RecordIds
{
    private static readonly string[] OneSuffixes = ["Id", "ID", "_id", "-id", "Uuid"];
    private static readonly string[] ManySuffixes = ["Ids", "IDs", "_ids", "-ids"];

    public static bool IsIdParameter(string name, JsonElement schema, JsonElement root)
    {
        schema = Schemas.Resolve(schema, root);
        if (schema.ValueKind != JsonValueKind.Object)
        {
            return Stem(name) is not null;
        }

        if (schema.TryGetProperty("enum", out _) || schema.TryGetProperty("const", out _))
        {
            return false;
        }

        return Stem(name) is not null
            || Schemas.Text(schema, "format") == "uuid"
            || Schemas.Alternatives(schema).Any(branch => Schemas.Text(Schemas.Resolve(branch, root), "format") == "uuid")
            || (schema.TryGetProperty("items", out var items) && Schemas.Text(Schemas.Resolve(items, root), "format") == "uuid");
    }

    /// <summary>What kind of record a name speaks of: <c>habitId</c> is habit, <c>id</c> is "" (the module's own); null if it is no id's name.</summary>
    public static string? Stem(string name)
    {
        if (name is "id" or "ID" or "Id" or "ids" or "uuid")
        {
            return "";
        }

        foreach (var suffix in ManySuffixes.Concat(OneSuffixes))
        {
            if (name.Length > suffix.Length && name.EndsWith(suffix, StringComparison.Ordinal))
            {
                return Kind(name[..^suffix.Length]);
            }
        }

        return null;
    }

    /// <summary>The kind of record that a description speaks of: "The id of the journal entry, as …" is journalentry; "" if of none.</summary>
    public static string Noun(string description) => IdOf().Match(description) is { Success: true } found ? Kind(found.Groups[1].Value) : "";

    /// <summary>The kind of record behind a property name: <c>journalEntries</c> is journalentry.</summary>
    public static string Kind(string name)
    {
        var key = SimulatedTool.Key(name);
        return key switch
        {
            _ when key.EndsWith("ies", StringComparison.Ordinal) => key[..^3] + "y",
            _ when key.EndsWith('s') && !key.EndsWith("ss", StringComparison.Ordinal) => key[..^1],
            _ => key,
        };
    }

    [GeneratedRegex(@"\bid of (?:the|an?) ([a-z][a-z -]{1,40}?)(?:[,.;:(]|$)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex IdOf();
}
