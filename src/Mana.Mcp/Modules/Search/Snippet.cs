using System.Text;
using Mana.Mcp.Records;

namespace Mana.Mcp.Modules.Search;

/// <summary>The part of a text around the first word that was looked for.</summary>
internal static class Snippet
{
    private const int Before = 60;
    private const int After = 120;

    /// <param name="text">The whole text.</param>
    /// <param name="words">Folded; the last one is the beginning of a word.</param>
    public static string Of(string text, IReadOnlyList<string> words)
    {
        var hit = SearchText.Words(text).Where(word => Fits(word.Folded, words) || Fits(word.Plain, words)).Select(word => word.Start).FirstOrDefault();
        var start = WordBoundary(text, Math.Max(0, hit - Before));
        var end = WordBoundary(text, Math.Min(text.Length, hit + After));
        var snippet = new StringBuilder(end - start + 2);
        snippet.Append(start > 0 ? "…" : "");
        var isAfterSpace = true;
        foreach (var character in text.AsSpan(start, Math.Max(0, end - start)))
        {
            var isSpace = char.IsWhiteSpace(character);
            if (!isSpace || !isAfterSpace)
            {
                snippet.Append(isSpace ? ' ' : character);
            }

            isAfterSpace = isSpace;
        }

        return snippet.ToString().TrimEnd() + (end < text.Length ? "…" : "");
    }

    private static bool Fits(string word, IReadOnlyList<string> words) =>
        words.Contains(word) || word.StartsWith(words[^1], StringComparison.Ordinal);

    // A space near by, else at least not the middle of a surrogate pair.
    private static int WordBoundary(string text, int index)
    {
        const int Reach = 20;
        for (var i = index; i > 0 && i < text.Length && i > index - Reach; i--)
        {
            if (char.IsWhiteSpace(text[i]))
            {
                return i;
            }
        }

        return index > 0 && index < text.Length && char.IsLowSurrogate(text[index]) ? index - 1 : index;
    }
}
