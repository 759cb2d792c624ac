namespace Mana.Ports.Model;

/// <summary>Takes exceptions out of a schema's text when what they allow is gone.</summary>
internal static class SchemaExceptions
{
    /// <summary>
    /// The text without exceptions for a service. One that stands in a way that cannot be cut out of the text, such as a list in
    /// brackets, stays, and the check says that it allows nothing (PS014).
    /// </summary>
    /// <param name="text">A sound schema.</param>
    /// <param name="service">The service that is no more.</param>
    public static string Without(string text, string service)
    {
        while (Next(text, service) is { } shorter)
        {
            text = shorter;
        }

        return text;
    }

    /// <summary>The text without one of them; null where there is none, or none that can be cut out.</summary>
    private static string? Next(string text, string service)
    {
        if (SchemaWriter.Root(text)?.Find("exceptions") is not YamlList exceptions)
        {
            return null;
        }

        var lines = new TextLines(text);
        foreach (var item in exceptions.Items.OfType<YamlMap>())
        {
            var several = item.Find("services") as YamlMap;
            var at = several?.Entries.FindIndex(entry => entry.Key == service) ?? -1;
            if (item.Find("service") is YamlText { Value: var single } && single == service || (at >= 0 && several!.Entries.Count == 1))
            {
                if (WithoutItem(lines, item) is { } shorter)
                {
                    return shorter;
                }
            }
            else if (at >= 0 && WithoutName(lines, several!, at) is { } shorter)
            {
                return shorter;
            }
        }

        return null;
    }

    private static string? WithoutItem(TextLines lines, YamlMap item)
    {
        var first = item.At.Line - 1;
        var dash = lines[first].Length - lines[first].TrimStart(' ').Length;
        return lines[first][dash] == '-' && lines[first][(dash + 1)..(item.At.Column - 1)].Trim(' ').Length == 0
            ? lines.Remove(first, SchemaWriter.BlockEnd(lines, first, dash))
            : null;
    }

    /// <summary>Of several in braces on one line, or on lines of their own.</summary>
    private static string? WithoutName(TextLines lines, YamlMap several, int at)
    {
        var names = several.Entries;
        var name = names[at];
        if (!several.IsFlow)
        {
            return lines.Remove(name.KeyAt.Line - 1, SchemaWriter.BlockEnd(lines, name.KeyAt.Line - 1, name.KeyAt.Column - 1));
        }

        // Up to the next name, or from the end of the one before; ports are plain numbers, so that their text is their value.
        var (from, to) = at + 1 < names.Count ? (name.KeyAt, names[at + 1].KeyAt) : (End(names[at - 1]), End(name));
        if (from.Line != to.Line)
        {
            return null;
        }

        lines.Replace(from, to.Column - from.Column, "");
        return lines.ToString();
    }

    private static SourcePlace End(YamlEntry entry) =>
        entry.Value is YamlText { IsPlain: true, Value.Length: var length } port ? new SourcePlace(port.At.Line, port.At.Column + length) : entry.Value.At;
}
