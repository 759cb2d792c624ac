using System.Globalization;
using System.Text.RegularExpressions;
using Mana.Ports.Model;

namespace Mana.Ports.Files;

/// <summary>A row of a table of ports.</summary>
/// <param name="Line">From 0.</param>
/// <param name="Service">Without emphasis, links and what stands in parentheses behind the name.</param>
/// <param name="Port">Null for rows about several or none.</param>
/// <param name="PortOffset">Of the number.</param>
internal sealed record MarkdownRow(int Line, string Service, int? Port, int PortOffset);

/// <summary>A table with a column Port and a column Service.</summary>
/// <param name="DelimiterLine">The line of dashes, from 0.</param>
/// <param name="Columns">The headings.</param>
/// <param name="Rows">In order.</param>
/// <param name="Range">The ports that the heading above the table speaks of.</param>
/// <param name="Bordered">Whether rows begin and end with a bar.</param>
internal sealed partial record MarkdownTable(
    int DelimiterLine, IReadOnlyList<string> Columns, IReadOnlyList<MarkdownRow> Rows, PortSpan? Range, bool Bordered)
{
    private static readonly string[] ServiceHeadings = ["service", "name", "app", "container"];

    /// <summary>The tables of a text outside of code.</summary>
    public static IEnumerable<MarkdownTable> All(SourceText source)
    {
        PortSpan? range = null;
        string? fence = null;
        for (var line = 0; line < source.LineCount; line++)
        {
            var text = source.Line(line);
            if (Fence().Match(text) is { Success: true } mark)
            {
                fence = fence is null ? mark.Groups[1].Value : mark.Groups[1].Value.StartsWith(fence, StringComparison.Ordinal) ? null : fence;
                continue;
            }

            if (fence is not null)
            {
                continue;
            }

            if (text.StartsWith('#'))
            {
                range = Numbers().Match(text) is { Success: true } numbers
                    && LocatedSpan.Parse(numbers.Value.Replace('–', '-').Replace(" ", "", StringComparison.Ordinal), 0) is { } located ? located.Span : null;
            }
            else if (line > 0 && Delimiter().IsMatch(text) && Find(source, line, range) is { } table)
            {
                yield return table;
                line = table.Rows is [.., var last] ? last.Line : line;
            }
        }
    }

    /// <summary>A row for a service.</summary>
    public string Format(PortFact fact)
    {
        var cells = Columns.Select((column, index) => index == ServiceColumn(Columns) ? fact.Service : column switch
        {
            "port" => fact.Port.ToString(CultureInfo.InvariantCulture),
            "runtime" => fact.Runtime,
            "description" => fact.Description,
            "host" => fact.Host,
            "public" => fact.PublicAddress,
            _ => null,
        }).Select(cell => (cell ?? "").ReplaceLineEndings(" ").Replace("|", "\\|", StringComparison.Ordinal)).ToList();

        // Without bars at the ends an empty cell there would be none.
        return Bordered || cells[0].Length == 0 || cells[^1].Length == 0 ? $"| {string.Join(" | ", cells)} |" : string.Join(" | ", cells);
    }

    private static MarkdownTable? Find(SourceText source, int delimiter, PortSpan? range)
    {
        var header = source.Line(delimiter - 1);
        var columns = Cells(header).Select(cell => Plain(header.Substring(cell.Start, cell.Length)).ToLowerInvariant()).ToList();
        var (port, service) = (columns.IndexOf("port"), ServiceColumn(columns));
        if (port < 0 || service < 0 || Cells(source.Line(delimiter)).Count() != columns.Count)
        {
            return null;
        }

        var rows = new List<MarkdownRow>();
        for (var line = delimiter + 1; line < source.LineCount && source.Line(line).Contains('|', StringComparison.Ordinal); line++)
        {
            var text = source.Line(line);
            var cells = Cells(text).ToList();
            var name = service < cells.Count ? text.Substring(cells[service].Start, cells[service].Length) : "";
            var number = port < cells.Count ? Number().Match(text.Substring(cells[port].Start, cells[port].Length)) : Match.Empty;
            rows.Add(new MarkdownRow(
                line,
                Name(Plain(name)),
                number.Success ? Endpoint.Number(number.Groups[1].ValueSpan) : null,
                number.Success ? source.StartOf(line) + cells[port].Start + number.Groups[1].Index : source.StartOf(line)));
        }

        return new MarkdownTable(delimiter, columns, rows, range, header.TrimStart().StartsWith('|'));
    }

    private static int ServiceColumn(IReadOnlyList<string> columns) =>
        ServiceHeadings.Select(heading => columns.ToList().IndexOf(heading)).FirstOrDefault(index => index >= 0, -1);

    /// <summary>Where the cells of a row stand; a bar behind a backslash belongs to its cell.</summary>
    private static IEnumerable<(int Start, int Length)> Cells(string row)
    {
        var start = row.Length - row.TrimStart().Length;
        start += start < row.Length && row[start] == '|' ? 1 : 0;
        for (var i = start; i < row.Length; i++)
        {
            if (row[i] == '\\')
            {
                i++;
            }
            else if (row[i] == '|')
            {
                yield return (start, i - start);
                start = i + 1;
            }
        }

        if (start < row.Length && !string.IsNullOrWhiteSpace(row[start..]))
        {
            yield return (start, row.Length - start);
        }
    }

    private static string Plain(string cell) => Link().Replace(cell, "$1").Replace("\\|", "|", StringComparison.Ordinal).Trim(' ', '\t', '*', '`', '_');

    private static string Name(string cell)
    {
        var bracket = cell.IndexOf('(', StringComparison.Ordinal);
        return (bracket < 0 ? cell : cell[..bracket]).Trim(' ', '\t', '*', '`', '_');
    }

    [GeneratedRegex(@"^\s{0,3}(`{3,}|~{3,})")]
    private static partial Regex Fence();

    [GeneratedRegex(@"^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$", RegexOptions.NonBacktracking)]
    private static partial Regex Delimiter();

    [GeneratedRegex(@"\b[0-9]{2,5}\s*[-–]\s*[0-9]{2,5}\b")]
    private static partial Regex Numbers();

    [GeneratedRegex(@"^[\s*`_]*([0-9]{1,5})[\s*`_]*\z")]
    private static partial Regex Number();

    [GeneratedRegex(@"\[([^\]\[]*)\]\([^()]*\)")]
    private static partial Regex Link();
}
