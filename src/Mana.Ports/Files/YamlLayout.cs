namespace Mana.Ports.Files;

/// <summary>Which lines belong to an entry of a block mapping or a block sequence, and how its neighbours are indented.</summary>
internal static class YamlLayout
{
    /// <summary>The lines of an entry that begins in a line, without the blank lines and comments after it.</summary>
    public static (int First, int Last) Block(SourceText source, int first, int contentEnd)
    {
        var indent = source.IndentOf(first);
        var last = first;
        for (var line = first + 1; line < source.LineCount; line++)
        {
            if (source.IsBlank(line))
            {
                continue;
            }

            var deeper = source.IndentOf(line) > indent;
            if (!deeper && !source.IsComment(line))
            {
                break;
            }

            last = deeper ? line : last;
        }

        // A quoted text or a flow collection may go on at any indentation.
        return (first, Math.Max(last, source.LineAt(Math.Max(contentEnd - 1, 0))));
    }

    /// <summary>The lines of a mapping's entry.</summary>
    public static (int First, int Last) Block(SourceText source, YamlEntry entry) =>
        Block(source, source.LineAt(entry.Key.Start), LastContent(source, entry.Key, entry.Value));

    /// <summary>The lines of an item of a block sequence.</summary>
    public static (int First, int Last) Block(SourceText source, YamlNode item) =>
        Block(source, DashLine(source, item), LastContent(source, item, item));

    /// <summary>The line with the dash of an item.</summary>
    public static int DashLine(SourceText source, YamlNode item)
    {
        var line = source.LineAt(item.Start);
        while (line > 0 && !source.Line(line).AsSpan().TrimStart().StartsWith("-", StringComparison.Ordinal))
        {
            line--;
        }

        return line;
    }

    /// <summary>The text without an entry's lines and the one blank line before it that set it apart.</summary>
    public static string RemoveBlock(SourceText source, (int First, int Last) block)
    {
        var (first, last) = GeneratedBlock.Around(source, block);
        return source.RemoveLines(first > 0 && source.IsBlank(first - 1) ? first - 1 : first, last);
    }

    /// <summary>Whether entries are set apart by blank lines.</summary>
    public static bool IsAiry(SourceText source, IEnumerable<int> firstLines) =>
        firstLines.Skip(1).Any(line => GeneratedBlock.Around(source, (line, line)).First is > 0 and var first && source.IsBlank(first - 1));

    // The end of a block collection is the beginning of what follows it; only leaves know where they end.
    private static int LastContent(SourceText source, YamlNode before, YamlNode node)
    {
        var leaf = node switch
        {
            YamlScalar scalar => scalar.End,
            YamlList { Flow: true } or YamlMap { Flow: true } => node.End,
            YamlList { Items: [.., var last] } => LastContent(source, before, last),
            YamlMap { Own: [.., var last] } => LastContent(source, last.Key, last.Value),
            _ => before.End,
        };

        // An alias leads elsewhere; a block scalar ends after the blank lines that follow it.
        var text = source.Text;
        while (leaf > before.End && leaf > 0 && char.IsWhiteSpace(text[leaf - 1]))
        {
            leaf--;
        }

        return leaf < before.Start || source.LineAt(Math.Max(leaf - 1, 0)) < source.LineAt(before.Start) ? before.End : leaf;
    }
}
