using Mana.Mcp.Records;
using Mana.Mcp.Tools;

namespace Mana.Mcp.Modules.Calendar;

/// <summary>Takes single dates out of a repeated event, and puts them back.</summary>
internal static class SkippedDate
{
    private const int Max = 500;

    /// <exception cref="ToolInputException">The event does not begin on that day.</exception>
    public static CalendarEvent Set(CalendarEvent calendarEvent, string date, bool isSkipped, ToolCall call)
    {
        if (calendarEvent.RecurrenceRule is null)
        {
            throw new ToolInputException("\"id\" must be that of a repeated event; this one takes place once: move it with calendar.update or remove it with calendar.delete.");
        }

        EventTimes.CheckYear("date", date);
        var times = EventTimes.Of(calendarEvent);
        var day = EventTimes.IsDay(date) || times.IsAllDay ? EventTimes.Day(Iso.DateOf(date)) : TimeZoneInfo.ConvertTime(EventTimes.Moment(date), times.Zone).Date;
        var around = Recurrence.Of(calendarEvent, times).Starts(day.AddDays(-1)).TakeWhile(start => start < day.AddDays(60)).Take(10).ToList();

        // A plain day was perhaps read off a list, which shows the days of whoever looks.
        var starts = around.Where(start => start.Date == day)
            .Concat(around.Where(start => !times.IsAllDay && TimeZoneInfo.ConvertTime(times.Span(start, call.Caller.TimeZone).Start, call.Caller.TimeZone).Date == day))
            .ToList();
        if (starts.Count == 0)
        {
            var next = around.Where(start => start >= day).Select(start => Iso.Date(DateOnly.FromDateTime(start))).Take(3).ToList();
            throw new ToolInputException(
                $"\"date\" must be a day on which the event begins; you sent \"{date}\", "
                + (next.Count == 0 ? "and it takes place no more after that." : $"and the next ones are {string.Join(", ", next)}."));
        }

        var begins = Iso.Date(DateOnly.FromDateTime(starts[0]));
        if (!isSkipped)
        {
            return calendarEvent with { SkippedDates = [.. calendarEvent.SkippedDates.Where(known => known != begins)] };
        }

        var skipped = calendarEvent.SkippedDates.Append(begins).Distinct().Order(StringComparer.Ordinal).ToList();
        return skipped.Count <= Max
            ? calendarEvent with { SkippedDates = skipped }
            : throw new ToolInputException($"\"date\" cannot be skipped: {Max} dates of this event are already; change its recurrenceRule with calendar.update.");
    }
}
