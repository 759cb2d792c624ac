using Spectre.Console;

namespace Mana.Cli.Output;

/// <summary>A column of a <see cref="FittedTable"/>.</summary>
/// <param name="Title">Its head.</param>
/// <param name="Rank">0 is always shown; of the others the highest goes first where there is little room.</param>
/// <param name="Wraps">Its texts may go over several lines, all others are whole: what is broken cannot be copied.</param>
internal sealed record FittedColumn(string Title, int Rank = 0, bool Wraps = false);

/// <summary>A cell.</summary>
/// <param name="Markup">Its text.</param>
/// <param name="Short">What says enough where there is little room.</param>
internal readonly record struct FittedCell(string Markup, string? Short = null)
{
    public static implicit operator FittedCell(string markup) => new(markup);
}

/// <summary>
/// A table that fits its terminal: where there is not room for everything, first times and names are shortened, then columns
/// are left out, those first that are empty or zero in all rows, and a line below says which of the others.
/// </summary>
internal sealed class FittedTable(params FittedColumn[] columns)
{
    private const int LeastWrapped = 24;

    // Of the border that Texts.Table has: one blank at each side and one between, and one around each cell.
    private const int PerColumn = 3, PerTable = 1;

    private readonly List<FittedCell[]> _rows = [];

    public void AddRow(params FittedCell[] cells) => _rows.Add(cells);

    /// <summary>Writes it, as wide as the console at most.</summary>
    public void Write(IAnsiConsole console)
    {
        var room = console.Profile.Width;
        var shown = Enumerable.Range(0, columns.Length).ToList();
        var isShort = Needed(shown, isShort: false) > room;
        var leftOut = new List<int>();
        while (Needed(shown, isShort) > room && NextToGo(shown) is { } next)
        {
            shown.Remove(next);
            leftOut.Add(next);
        }

        var table = Texts.Table([.. shown.Select(column => columns[column].Title)]);
        foreach (var (at, column) in shown.Index())
        {
            var own = Width(column, isShort);
            if (columns[column].Wraps)
            {
                var others = Needed([.. shown.Where(other => other != column)], isShort);
                table.Columns[at].NoWrap = false;
                own = Math.Min(own, Math.Max(LeastWrapped, room - others - PerColumn));
            }

            table.Columns[at].Width = own;
        }

        foreach (var row in _rows)
        {
            table.AddRow([.. shown.Select(column => Text(row[column], isShort))]);
        }

        console.Write(table);
        var missed = leftOut.Where(column => !IsEmpty(column) && columns[column].Title.Length > 0).Order().Select(column => columns[column].Title).ToList();
        if (missed.Count > 0)
        {
            console.MarkupLine($"[grey]Not shown here: {Markup.Escape(string.Join(", ", missed))}; a wider terminal or --json has all.[/]");
        }
    }

    /// <summary>What says nothing goes before what says something.</summary>
    private int? NextToGo(List<int> shown) => shown.Where(column => columns[column].Rank > 0)
        .OrderByDescending(IsEmpty).ThenByDescending(column => columns[column].Rank).Select(column => (int?)column).FirstOrDefault();

    private int Needed(List<int> shown, bool isShort) =>
        PerTable + shown.Sum(column => PerColumn + (columns[column].Wraps ? Math.Min(LeastWrapped, Width(column, isShort)) : Width(column, isShort)));

    private int Width(int column, bool isShort) =>
        _rows.Select(row => Markup.Remove(Text(row[column], isShort)).Length).Append(columns[column].Title.Length).Max();

    private bool IsEmpty(int column) => _rows.TrueForAll(row => row[column].Markup is "" or "0");

    private static string Text(FittedCell cell, bool isShort) => isShort ? cell.Short ?? cell.Markup : cell.Markup;
}
