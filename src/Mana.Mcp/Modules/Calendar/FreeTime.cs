using Mana.Mcp.Tools;

namespace Mana.Mcp.Modules.Calendar;

/// <summary>Finds the gaps between events.</summary>
internal static class FreeTime
{
    private static readonly TimeSpan Quarter = TimeSpan.FromMinutes(15);

    /// <summary>The hours of each day in which somebody would like to be asked.</summary>
    /// <param name="first">The first day.</param>
    /// <param name="days">How many days, weekends counted.</param>
    /// <param name="dayStart">From this time of day…</param>
    /// <param name="dayEnd">…to this one; of the next day where it is not the later one.</param>
    /// <param name="withWeekends">Whether Saturdays and Sundays are among them.</param>
    /// <param name="call">Who asks, and when: what is over is offered no more.</param>
    public static List<(DateTimeOffset Start, DateTimeOffset End)> Windows(
        DateOnly first, int days, TimeOnly dayStart, TimeOnly dayEnd, bool withWeekends, ToolCall call)
    {
        var zone = call.Caller.TimeZone;
        var earliest = new DateTimeOffset((call.Now.UtcTicks + Quarter.Ticks - 1) / Quarter.Ticks * Quarter.Ticks, TimeSpan.Zero);
        var windows = new List<(DateTimeOffset, DateTimeOffset)>();
        for (var day = first; day < first.AddDays(days); day = day.AddDays(1))
        {
            if (withWeekends || day.DayOfWeek is not (DayOfWeek.Saturday or DayOfWeek.Sunday))
            {
                var start = ZonedTime.At(day.ToDateTime(dayStart), zone);
                var end = ZonedTime.At(day.AddDays(dayEnd > dayStart ? 0 : 1).ToDateTime(dayEnd), zone);
                windows.Add((start > earliest ? start : earliest, end));
            }
        }

        return windows;
    }

    /// <summary>What is left of the windows, in pieces of at least this length.</summary>
    /// <param name="windows">In order.</param>
    /// <param name="busy">In order of their start.</param>
    /// <param name="least">The length that is needed.</param>
    public static IEnumerable<(DateTimeOffset Start, DateTimeOffset End)> Between(
        IEnumerable<(DateTimeOffset Start, DateTimeOffset End)> windows, IReadOnlyList<(DateTimeOffset Start, DateTimeOffset End)> busy, TimeSpan least)
    {
        foreach (var window in windows)
        {
            var free = window.Start;
            foreach (var taken in busy.Where(taken => taken.End > window.Start && taken.Start < window.End))
            {
                if (taken.Start - free >= least)
                {
                    yield return (free, taken.Start);
                }

                free = taken.End > free ? taken.End : free;
            }

            if (window.End - free >= least)
            {
                yield return (free, window.End);
            }
        }
    }
}
