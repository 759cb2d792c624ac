namespace Mana.Ports.Files;

/// <summary>Markdown: tables with a column Port and a column Service.</summary>
public sealed class MarkdownFile : IPortFile
{
    /// <inheritdoc/>
    public string Kind => "markdown";

    /// <inheritdoc/>
    public bool Claims(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return path.EndsWith(".md", StringComparison.OrdinalIgnoreCase) || path.EndsWith(".markdown", StringComparison.OrdinalIgnoreCase);
    }

    /// <inheritdoc/>
    public IReadOnlyList<PortMention> Read(string path, string text)
    {
        var source = new SourceText(text);
        return [.. MarkdownTable.All(source).SelectMany(table => table.Rows)
            .Where(row => row.Port is not null && row.Service.Length > 0)
            .Select(row => new PortMention(
                row.Service, row.Port!.Value, PortRole.Documented, path, row.Line + 1, row.PortOffset - source.StartOf(row.Line) + 1, source.Line(row.Line).Trim()))];
    }

    /// <inheritdoc/>
    public string Put(string text, PortFact fact)
    {
        ArgumentNullException.ThrowIfNull(fact);
        var source = new SourceText(text);
        var own = Read("", text).Where(mention => mention.Service == fact.Service).ToList();
        if (own.Count > 0)
        {
            return GeneratedBlock.Restamp(text, source.Replace(Renumbering.Edits(source, own, _ => fact.Port)));
        }

        var tables = MarkdownTable.All(source).ToList();
        var table = tables.FirstOrDefault(one => one.Range is { } range && range.Contains(fact.Port))
            ?? tables.FirstOrDefault(one => one.Rows.Any(row => row.Port <= fact.Port) && one.Rows.Any(row => row.Port >= fact.Port))
            ?? tables.LastOrDefault()
            ?? throw source.Fault(0, "there is no table with a column Port and a column Service; add one with its two heading lines");
        var after = table.Rows.LastOrDefault(row => row.Port < fact.Port)?.Line ?? table.DelimiterLine;
        return GeneratedBlock.Restamp(text, source.InsertAfter(after, [table.Format(fact)]));
    }

    /// <inheritdoc/>
    public string Remove(string text, string service)
    {
        var source = new SourceText(text);
        return MarkdownTable.All(source).SelectMany(table => table.Rows).FirstOrDefault(row => row.Port is not null && row.Service == service) is { } row
            ? Remove(GeneratedBlock.Restamp(text, source.RemoveLines(row.Line, row.Line)), service)
            : text;
    }
}
