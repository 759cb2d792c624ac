namespace Mana.Ports.Model;

/// <summary>Guesses what a person meant to write.</summary>
public static class Suggestions
{
    /// <summary>The known word nearest to a mistyped one; null where none is near.</summary>
    /// <param name="word">As it was written.</param>
    /// <param name="known">What could have been meant.</param>
    public static string? Nearest(string word, IEnumerable<string> known)
    {
        ArgumentNullException.ThrowIfNull(word);
        ArgumentNullException.ThrowIfNull(known);
        var most = Math.Max(1, word.Length / 3);
        string? nearest = null;
        foreach (var candidate in known)
        {
            if (Math.Abs(candidate.Length - word.Length) <= most && Distance(word, candidate) is var distance && distance <= most
                && (nearest is null || distance < Distance(word, nearest)))
            {
                nearest = candidate;
            }
        }

        return nearest;
    }

    /// <summary><c>; did you mean "x"?</c>, or the known words where none is near.</summary>
    internal static string Hint(string word, IReadOnlyCollection<string> known) =>
        Nearest(word, known) is { } nearest ? $"; did you mean \"{nearest}\"?"
        : known.Count == 0 ? "; there are none yet"
        : $"; known are {Some(known)}";

    /// <summary>The first of many words: a fleet has thousands.</summary>
    /// <param name="known">All of them.</param>
    public static string Some(IReadOnlyCollection<string> known)
    {
        ArgumentNullException.ThrowIfNull(known);
        return $"{string.Join(", ", known.Take(20))}{(known.Count > 20 ? ", …" : "")}";
    }

    // Edits and swapped neighbours each count one: "helath" is one slip from "health".
    private static int Distance(string a, string b)
    {
        var before = new int[b.Length + 1];
        var last = new int[b.Length + 1];
        var row = new int[b.Length + 1];
        for (var j = 0; j <= b.Length; j++)
        {
            last[j] = j;
        }

        for (var i = 1; i <= a.Length; i++)
        {
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var change = char.ToUpperInvariant(a[i - 1]) == char.ToUpperInvariant(b[j - 1]) ? 0 : 1;
                row[j] = Math.Min(Math.Min(row[j - 1], last[j]) + 1, last[j - 1] + change);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    row[j] = Math.Min(row[j], before[j - 2] + 1);
                }
            }

            (before, last, row) = (last, row, before);
        }

        return last[b.Length];
    }
}
