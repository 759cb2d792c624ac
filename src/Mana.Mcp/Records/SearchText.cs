using System.Globalization;
using System.Text;

namespace Mana.Mcp.Records;

/// <summary>A word of a text.</summary>
/// <param name="Start">Where it begins in the text.</param>
/// <param name="Length">How long it is there.</param>
/// <param name="Folded">The form in which it is compared: small letters, ä as ae, ß as ss, no accents.</param>
/// <param name="Plain">The same with ä as a, for those who have no umlauts on their keyboard; equal to <paramref name="Folded"/> when there are none.</param>
internal readonly record struct Word(int Start, int Length, string Folded, string Plain);

/// <summary>
/// How texts are compared, in code and not by the databases: their own folding knows no umlauts (SQLite) or depends on
/// the server's locale (PostgreSQL), and both have to find the same.
/// </summary>
internal static class SearchText
{
    /// <summary>Longer words are compared by their beginning.</summary>
    public const int MaxWord = 64;

    /// <summary>For the search of a part of a text: makes "Ärger" and "ärger" equal.</summary>
    public static string Fold(string text) => text.Normalize(NormalizationForm.FormC).ToLowerInvariant();

    /// <summary>
    /// The words of a text: runs of letters and digits. Where a script writes no spaces (Chinese, Japanese), each
    /// character is a word.
    /// </summary>
    public static IEnumerable<Word> Words(string text)
    {
        var start = -1;
        var index = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            var isAlone = IsWordByItself(rune);
            var isInside = !isAlone && (Rune.IsLetterOrDigit(rune) || (start >= 0 && IsMark(Rune.GetUnicodeCategory(rune))));
            if (!isInside && start >= 0)
            {
                if (Make(text, start, index - start) is { } word)
                {
                    yield return word;
                }

                start = -1;
            }

            if (isAlone && Make(text, index, rune.Utf16SequenceLength) is { } single)
            {
                yield return single;
            }
            else if (isInside && start < 0)
            {
                start = index;
            }

            index += rune.Utf16SequenceLength;
        }

        if (start >= 0 && Make(text, start, text.Length - start) is { } last)
        {
            yield return last;
        }
    }

    private static Word? Make(string text, int start, int length)
    {
        var written = text.AsSpan(start, length);
        if (Ascii.IsValid(written))
        {
            var simple = Cut(text.Substring(start, length).ToLowerInvariant());
            return new Word(start, length, simple, simple);
        }

        var lower = written.ToString().Normalize(NormalizationForm.FormC).ToLowerInvariant();
        var folded = new StringBuilder(lower.Length + 4);
        var plain = new StringBuilder(lower.Length);
        foreach (var character in lower)
        {
            if (Letters(character) is var (asFolded, asPlain))
            {
                folded.Append(asFolded);
                plain.Append(asPlain);
            }
            else
            {
                folded.Append(character);
                plain.Append(character);
            }
        }

        var word = new Word(start, length, Cut(WithoutAccents(folded.ToString())), Cut(WithoutAccents(plain.ToString())));
        return word.Folded.Length > 0 && word.Plain.Length > 0 ? word : null;
    }

    // What Unicode takes apart by itself (é, å, fi) needs no entry.
    private static (string Folded, string Plain)? Letters(char character) => character switch
    {
        'ä' => ("ae", "a"),
        'ö' => ("oe", "o"),
        'ü' => ("ue", "u"),
        'ß' => ("ss", "ss"),
        'æ' => ("ae", "ae"),
        'œ' => ("oe", "oe"),
        'ø' => ("oe", "o"),
        'ł' => ("l", "l"),
        'đ' => ("d", "d"),
        'ı' => ("i", "i"),
        _ => null,
    };

    private static string WithoutAccents(string word)
    {
        var result = new StringBuilder(word.Length);
        foreach (var rune in word.Normalize(NormalizationForm.FormKD).EnumerateRunes())
        {
            if (Rune.IsLetterOrDigit(rune))
            {
                result.Append(Rune.ToLowerInvariant(rune).ToString());
            }
        }

        return result.ToString();
    }

    private static string Cut(string word)
    {
        if (word.Length <= MaxWord)
        {
            return word;
        }

        return word[..(char.IsHighSurrogate(word[MaxWord - 1]) ? MaxWord - 1 : MaxWord)];
    }

    private static bool IsMark(UnicodeCategory category) =>
        category is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark;

    // Kana, and the ideographs of both basic blocks.
    private static bool IsWordByItself(Rune rune) =>
        rune.Value is (>= 0x3040 and <= 0x30FF) or (>= 0x3400 and <= 0x4DBF) or (>= 0x4E00 and <= 0x9FFF) && Rune.IsLetterOrDigit(rune);
}
