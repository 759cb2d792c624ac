namespace Mana.Mcp.Records;

/// <summary>Words and lists of words, as records keep them.</summary>
internal static class Words
{
    /// <summary>How much of a text a list shows: with more, a hundred of the longest would be more than anybody can take in.</summary>
    public const int ShownInLists = 10_000;

    /// <summary>The text as a list shows it; what is left out is said.</summary>
    public static (string Shown, bool? IsShortened) InLists(string text) =>
        text.Length <= ShownInLists ? (text, null) : (text[..(char.IsHighSurrogate(text[ShownInLists - 1]) ? ShownInLists - 1 : ShownInLists)] + "…", true);

    /// <summary>How many words a text has.</summary>
    public static int Count(string text)
    {
        var count = 0;
        var isInWord = false;
        foreach (var character in text)
        {
            var isSpace = char.IsWhiteSpace(character);
            count += !isSpace && !isInWord ? 1 : 0;
            isInWord = !isSpace;
        }

        return count;
    }

    /// <summary>Each word once whatever its case, in the order in which they came, without blanks around them.</summary>
    public static IReadOnlyList<string> Distinct(IEnumerable<string> words) =>
        [.. words.Select(word => word.Trim()).Where(word => word.Length > 0).DistinctBy(SearchText.Fold)];

    /// <summary>Whether a list has this word, whatever its case; a word of null is in every list.</summary>
    public static bool Has(IEnumerable<string> words, string? word) =>
        word is null || (SearchText.Fold(word.Trim()) is var folded && words.Any(one => SearchText.Fold(one) == folded));
}
