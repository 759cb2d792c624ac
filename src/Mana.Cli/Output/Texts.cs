using System.Globalization;
using Mana.Contracts;
using Spectre.Console;

namespace Mana.Cli.Output;

/// <summary>How values look in a terminal.</summary>
internal static class Texts
{
    public static string Time(DateTimeOffset? time) =>
        time is { } moment ? moment.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture) : "never";

    /// <summary>A time in a table; without year and seconds where there is little room.</summary>
    public static FittedCell TimeCell(DateTimeOffset? time) =>
        new(Time(time), time is { } moment ? moment.UtcDateTime.ToString("MM-dd HH:mm'Z'", CultureInfo.InvariantCulture) : null);

    public static string Milliseconds(int? milliseconds) =>
        milliseconds is { } ms ? string.Create(CultureInfo.InvariantCulture, $"{ms} ms") : "";

    /// <summary>An outcome in its colour.</summary>
    public static string Outcome(string? outcome) => outcome switch
    {
        TickOutcomes.Completed => "[green]completed[/]",
        TickOutcomes.Idle => "[grey]idle[/]",
        TickOutcomes.Failed => "[red]failed[/]",
        TickOutcomes.TimedOut => "[red]timed-out[/]",
        null => "[yellow]running[/]",
        _ => Markup.Escape(outcome),
    };

    /// <summary>A tick's outcome; while it is open, whether it runs.</summary>
    public static string State(TickSummary tick) => tick switch
    {
        { Outcome: { } outcome } => Outcome(outcome),
        { Phase: TickPhases.Queued } => "[yellow]queued[/]",
        { Epoch: > 0, Node: null } => "[yellow]parked[/]",
        _ => Outcome(null),
    };

    /// <summary><c>1 node</c>, <c>2 nodes</c>.</summary>
    public static string Count(int count, string noun) => string.Create(CultureInfo.InvariantCulture, $"{count} {noun}{(count == 1 ? "" : "s")}");

    /// <summary><c>todo 4 · notes –</c>; a dash where the persona gave none.</summary>
    public static string Ratings(IEnumerable<TickRating> ratings) =>
        string.Join(" · ", ratings.Select(rating => $"{Markup.Escape(rating.Module)} {Rating(rating.Rating)}"));

    public static string Rating(int? rating) => rating is { } value ? value.ToString(CultureInfo.InvariantCulture) : "–";

    public static bool Succeeded(string? outcome) => outcome is TickOutcomes.Completed or TickOutcomes.Idle;

    /// <summary>One line of text, cut with an ellipsis.</summary>
    public static string Short(string text, int length)
    {
        var line = text.ReplaceLineEndings(" ").Trim();
        return line.Length <= length ? line : line[..(length - 1)] + "…";
    }

    public static Table Table(params string[] columns)
    {
        var table = new Table { Border = TableBorder.Simple };
        foreach (var column in columns)
        {
            table.AddColumn(new TableColumn($"[bold]{Markup.Escape(column)}[/]").NoWrap());
        }

        return table;
    }
}
