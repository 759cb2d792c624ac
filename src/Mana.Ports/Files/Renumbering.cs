using System.Globalization;

namespace Mana.Ports.Files;

/// <summary>Replaces numbers where they stand.</summary>
internal static class Renumbering
{
    /// <summary>
    /// The edits after which mentions say what they should. Where a service has several ports in one role and one of them
    /// is right, the others are somebody's business; where none is, nobody can tell which one is meant.
    /// </summary>
    public static IEnumerable<(int Offset, int Length, string With)> Edits(
        SourceText source, IEnumerable<PortMention> mentions, Func<PortMention, int> wanted)
    {
        foreach (var group in mentions.GroupBy(mention => (mention.Role, Wanted: wanted(mention))))
        {
            var numbers = group.Select(mention => mention.Port).Distinct().ToList();
            if (numbers.Contains(group.Key.Wanted))
            {
                continue;
            }

            if (numbers.Count > 1)
            {
                var first = group.First();
                throw source.Fault(
                    source.OffsetOf(first.Line, first.Column),
                    $"{first.Service} has several ports here ({string.Join(", ", numbers)}), so nobody can tell which one becomes {group.Key.Wanted}; edit it by hand");
            }

            foreach (var mention in group)
            {
                yield return Edit(source, mention, group.Key.Wanted);
            }
        }
    }

    /// <summary>The edit that puts another number in a mention's place.</summary>
    public static (int Offset, int Length, string With) Edit(SourceText source, PortMention mention, int port)
    {
        var offset = source.OffsetOf(mention.Line, mention.Column);
        var digits = mention.Port.ToString(CultureInfo.InvariantCulture);
        var after = offset + digits.Length;
        var text = source.Text;
        var isLiteral = string.CompareOrdinal(text, offset, digits, 0, digits.Length) == 0
            && (after >= text.Length || !char.IsAsciiDigit(text[after]))
            && !(after + 1 < text.Length && text[after] == '-' && char.IsAsciiDigit(text[after + 1]));
        return isLiteral
            ? (offset, digits.Length, port.ToString(CultureInfo.InvariantCulture))
            : throw source.Fault(offset, $"{mention.Service}'s port {digits} stands in a range or a variable here ({mention.Text}); edit it by hand");
    }
}
