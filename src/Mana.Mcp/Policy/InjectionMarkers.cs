using System.Text.Json;
using System.Text.RegularExpressions;

namespace Mana.Mcp.Policy;

/// <summary>Phrases by which stored text tries to give orders to a model, in English and German.</summary>
internal static class InjectionMarkers
{
    // NonBacktracking: arguments are long and come from strangers; no text may make the match slow.
    private const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant;

    private static readonly Regex[] Markers =
    [
        new(@"ignore (all |the )?previous (instructions|messages)", Options | RegexOptions.IgnoreCase),
        new(@"you are now .{0,40}(assistant|gpt|claude|gemini)", Options | RegexOptions.IgnoreCase),
        new(@"ignorier(e|en sie)? (bitte )?(alle |die )?(vorherigen|vorigen|bisherigen|obigen) (anweisungen|nachrichten)", Options | RegexOptions.IgnoreCase),
        new(@"du bist (jetzt|nun|ab jetzt|ab sofort) .{0,40}(assistent|gpt|claude|gemini)", Options | RegexOptions.IgnoreCase),
        new(@"<\s*system\b", Options | RegexOptions.IgnoreCase),
        new(@"\{\{.+\}\}", Options),
        new(@"```\s*system", Options | RegexOptions.IgnoreCase),
    ];

    /// <summary>Whether any text in the value, however deep, holds a marker.</summary>
    public static bool Occur(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => OccurIn(value.GetString()!),
        JsonValueKind.Array => value.EnumerateArray().Any(Occur),
        JsonValueKind.Object => value.EnumerateObject().Any(property => Occur(property.Value)),
        _ => false,
    };

    private static bool OccurIn(string text) => Array.Exists(Markers, marker => marker.IsMatch(text));
}
