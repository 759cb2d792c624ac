using System.Globalization;

namespace Mana.Ports.Model;

/// <summary>Consecutive port numbers, both ends included.</summary>
/// <param name="First">The lowest.</param>
/// <param name="Last">The highest.</param>
public readonly record struct PortSpan(int First, int Last)
{
    /// <summary>The highest number there is.</summary>
    public const int Highest = 65_535;

    /// <summary>How many numbers.</summary>
    public int Count => Last - First + 1;

    /// <summary>Whether a number is in it.</summary>
    /// <param name="port">The number.</param>
    public bool Contains(int port) => port >= First && port <= Last;

    /// <summary>Whether the two have a number in common.</summary>
    /// <param name="other">The other one.</param>
    public bool Overlaps(PortSpan other) => First <= other.Last && other.First <= Last;

    /// <inheritdoc/>
    public override string ToString() =>
        First == Last ? First.ToString(CultureInfo.InvariantCulture) : string.Create(CultureInfo.InvariantCulture, $"{First}-{Last}");

    /// <summary>Reads <c>3017</c>, <c>3006-3009</c> and lists of these with commas.</summary>
    /// <param name="text">The text.</param>
    /// <param name="spans">The spans, in the order of the text.</param>
    /// <returns>False where the text is none.</returns>
    public static bool TryParseList(string text, out IReadOnlyList<PortSpan> spans)
    {
        ArgumentNullException.ThrowIfNull(text);
        var found = new List<PortSpan>();
        spans = found;
        foreach (var part in text.Split(','))
        {
            var ends = part.Replace('\u2013', '-').Split('-');
            if (ends.Length > 2 || !TryParsePort(ends[0].Trim(), out var first) || !TryParsePort(ends[^1].Trim(), out var last) || last < first)
            {
                return false;
            }

            found.Add(new PortSpan(first, last));
        }

        return true;
    }

    /// <summary>Reads a number as ports are written: decimal digits, no sign, no zero in front.</summary>
    /// <param name="text">The text.</param>
    /// <param name="port">The number.</param>
    /// <returns>False where the text is none, or beyond 65535.</returns>
    public static bool TryParsePort(string text, out int port)
    {
        ArgumentNullException.ThrowIfNull(text);
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is > 0 and <= Highest && text[0] != '0';
    }
}
