namespace Mana.PersonaRunner.Recording;

/// <summary>
/// Text from models and foreign servers as every store takes it: PostgreSQL refuses the NUL character and halves of a
/// surrogate pair, and a row that cannot be stored would fail the whole visit.
/// </summary>
internal static class PlainText
{
    private const char Replacement = '\uFFFD';

    /// <summary>The text with what cannot be stored replaced by U+FFFD; the same instance when there is nothing to replace.</summary>
    public static string Clean(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                i++;
            }
            else if (text[i] == '\0' || char.IsSurrogate(text[i]))
            {
                return Replaced(text);
            }
        }

        return text;
    }

    /// <summary>At most so many characters, an ellipsis included where something was cut off.</summary>
    public static string Cut(string text, int length)
    {
        if (text.Length <= length)
        {
            return text;
        }

        return text[..Boundary(text, length - 1)] + "…";
    }

    /// <summary>The place at or before <paramref name="index"/> at which no surrogate pair is split.</summary>
    public static int Boundary(string text, int index) => index > 0 && char.IsHighSurrogate(text[index - 1]) ? index - 1 : index;

    private static string Replaced(string text) => string.Create(text.Length, text, static (clean, source) =>
    {
        for (var i = 0; i < source.Length; i++)
        {
            var isPair = char.IsHighSurrogate(source[i]) && i + 1 < source.Length && char.IsLowSurrogate(source[i + 1]);
            if (isPair)
            {
                clean[i] = source[i];
                clean[i + 1] = source[++i];
            }
            else
            {
                clean[i] = source[i] == '\0' || char.IsSurrogate(source[i]) ? Replacement : source[i];
            }
        }
    });
}
