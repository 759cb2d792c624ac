using System.Globalization;
using Mana.Cli.Output;
using Spectre.Console;

namespace Mana.Cli.Commands.Simulate;

/// <summary>The report for a person.</summary>
internal static class SimulationText
{
    public static void Print(CommandContext context, SimulationReport report)
    {
        Say($"[bold]{report.Ticks} ticks[/] in {report.WallSeconds:0.0} s: {string.Join(", ", report.Outcomes.Select(pair => $"{pair.Value} {Markup.Escape(pair.Key)}"))}; {report.ToolCalls} tool calls, {report.FailedToolCalls} of them refused by a tool");
        Say($"drift   {report.DriftP50Seconds:0.#} s p50, {report.DriftMaxSeconds:0.#} s max (start minus due time, domain time)");
        Say($"days    {report.MissedDays} missed, {report.DoubledDays} doubled");
        foreach (var day in report.FaultyDays)
        {
            Say($"        [red]{day.Fault}[/] {Markup.Escape(day.Email)} on {day.Day}: {day.Visits} visits");
        }

        Say($"errors  {report.Errors.Sum(error => error.Count)}");
        foreach (var error in report.Errors)
        {
            Say($"        [red]{error.Count}[/] {Markup.Escape(error.Stage)}: {Markup.Escape(error.Error)}");
        }

        Say($"ratings [grey]({report.Note})[/]");
        var table = Texts.Table("module", "n", "median", "5s");
        foreach (var module in report.Ratings)
        {
            table.AddRow(
                Markup.Escape(module.Module),
                module.Count.ToString(CultureInfo.InvariantCulture),
                module.Median.ToString("0.#", CultureInfo.InvariantCulture),
                module.ShareOfFives.ToString("P0", CultureInfo.InvariantCulture));
        }

        context.Console.Write(table);
        if (report.Data is { } data)
        {
            Say($"[bold]./mana up --data {Markup.Escape(data)}[/] shows them");
            if (report.End > context.Environment.Time.GetUtcNow())
            {
                Say($"[yellow]The play ends in the future[/]: with MANA_CLOCK_START={report.End:yyyy-MM-dd} `up` goes on from there; otherwise nobody is due before.");
            }
        }

        void Say(FormattableString line) => context.Say(line.ToString(CultureInfo.InvariantCulture));
    }
}
