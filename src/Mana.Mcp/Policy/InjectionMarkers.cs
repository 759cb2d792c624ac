using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Mana.Mcp.Policy;

/// <summary>Phrases by which stored text tries to give orders to a model, in English and German.</summary>
internal static class InjectionMarkers
{
    // NonBacktracking: arguments are long and come from strangers; no text may make the match slow.
    private const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.IgnoreCase;

    private static readonly Regex[] Markers =
    [
        new(@"\b(ignore|disregard|forget)\s+((all|any|the|of|your|these|those)\s+)*(previous|prior|earlier|above|preceding)\s+(instructions?|messages?|prompts?|rules)", Options),
        new(@"you are now .{0,40}(assistant|gpt|claude|gemini)", Options),
        new(@"\b(ignorier(e|en sie|t)?|vergiss|vergessen sie|missachte)\s+((bitte|alle|die|deine|ihre|all|sämtliche|jegliche)\s+)*(vorherige|vorige|bisherige|obige|frühere)n?\s+(anweisung(en)?|instruktion(en)?|nachricht(en)?|regeln?|vorgaben?|befehle?)", Options),
        new(@"du bist (jetzt|nun|ab jetzt|ab sofort) .{0,40}(assistent|gpt|claude|gemini)", Options),
        new(@"<\s*/?\s*system\b", Options),
        new(@"\{\{.+\}\}", Options),
        new(@"```\s*system", Options),
    ];

    /// <summary>Whether any text in the arguments, names of fields included and however deep, holds a marker.</summary>
    public static bool Occur(IEnumerable<KeyValuePair<string, JsonElement>> arguments) =>
        arguments.Any(argument => OccurIn(argument.Key) || Occur(argument.Value));

    private static bool Occur(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => OccurIn(value.GetString()!),
        JsonValueKind.Array => value.EnumerateArray().Any(Occur),
        JsonValueKind.Object => value.EnumerateObject().Any(property => OccurIn(property.Name) || Occur(property.Value)),
        _ => false,
    };

    private static bool OccurIn(string text)
    {
        var plain = Ascii.IsValid(text) ? text : Plain(text);
        return Array.Exists(Markers, marker => marker.IsMatch(plain));
    }

    // Wide letters and invisible characters read the same to a model.
    private static string Plain(string text) =>
        string.Concat(text.Normalize(NormalizationForm.FormKC).Where(c => char.GetUnicodeCategory(c) != System.Globalization.UnicodeCategory.Format));
}
