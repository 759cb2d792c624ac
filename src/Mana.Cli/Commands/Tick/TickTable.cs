using System.Globalization;
using Mana.Cli.Output;
using Mana.Contracts;
using Spectre.Console;

namespace Mana.Cli.Commands.Tick;

/// <summary>How a round of ticks went: one row per persona.</summary>
internal static class TickTable
{
    private const int NoteLength = 60;

    public static FittedTable Of(IEnumerable<TickDetail> ticks)
    {
        var table = new FittedTable(new("persona"), new("outcome"), new("calls"), new("ratings", 2, Wraps: true), new("", 1, Wraps: true));
        foreach (var detail in ticks)
        {
            table.AddRow(
                Markup.Escape(detail.Tick.Name),
                Texts.Outcome(detail.Tick.Outcome),
                Calls(detail),
                Texts.Ratings(detail.Ratings),
                Markup.Escape(Texts.Short(detail.Tick.Error ?? "", NoteLength)));
        }

        return table;
    }

    private static string Calls(TickDetail detail)
    {
        var failed = detail.Calls.Count(call => call.Result == "error");
        var calls = detail.Tick.ToolCalls.ToString(CultureInfo.InvariantCulture);
        return failed == 0 ? calls : $"{calls} [red]({failed.ToString(CultureInfo.InvariantCulture)} ✗)[/]";
    }
}
