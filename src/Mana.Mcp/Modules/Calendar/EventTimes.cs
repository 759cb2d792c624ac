using System.Globalization;
using Mana.Mcp.Records;
using Mana.Mcp.Tools;

namespace Mana.Mcp.Modules.Calendar;

/// <summary>When an event takes place: either whole days, or from one moment to another.</summary>
/// <param name="IsAllDay">Whether it is about days.</param>
/// <param name="Zone">The zone in whose days it repeats.</param>
/// <param name="Begins">The moment at which it begins; without meaning for whole days.</param>
/// <param name="Start">The same on the clocks of its zone; midnight for whole days.</param>
/// <param name="Length">How long it takes: for whole days a number of them, else real time, also when a clock is changed meanwhile.</param>
internal readonly record struct EventTimes(bool IsAllDay, TimeZoneInfo Zone, DateTimeOffset Begins, DateTime Start, TimeSpan Length)
{
    /// <summary>The earliest and the latest year that a calendar of ours knows.</summary>
    public const int FirstYear = 1970;
    public const int LastYear = 2100;

    /// <summary>The longest event: a year abroad.</summary>
    public static readonly TimeSpan MaxLength = TimeSpan.FromDays(366);

    private static readonly TimeSpan DefaultLength = TimeSpan.FromHours(1);

    public static EventTimes Of(CalendarEvent calendarEvent)
    {
        var zone = ZonedTime.Stored(calendarEvent.TimeZone);
        if (calendarEvent.IsAllDay)
        {
            return Days(Day(calendarEvent.Start), Day(calendarEvent.End), zone);
        }

        var start = Moment(calendarEvent.Start);
        return Hours(start, Moment(calendarEvent.End) - start, zone);
    }

    /// <summary>Reads what a caller gave.</summary>
    /// <param name="start">A date or a date-time.</param>
    /// <param name="end">A date, a date-time, or null for the usual length.</param>
    /// <param name="zone">The zone of the event.</param>
    /// <exception cref="ToolInputException">The end is before the start, or too far from it, or in another age.</exception>
    public static EventTimes Read(string start, string? end, TimeZoneInfo zone)
    {
        CheckYear("start", start);
        CheckYear("end", end);
        EventTimes times;
        if (IsDay(start))
        {
            var first = Day(start);
            var last = end is null ? first : IsDay(end) ? Day(end) : TimeZoneInfo.ConvertTime(Moment(end), zone).Date;
            times = Days(first, last, zone);
        }
        else
        {
            var begins = Moment(start);
            var ends = end is null ? begins + DefaultLength : IsDay(end) ? ZonedTime.At(Day(end).AddDays(1), zone) : Moment(end);
            times = Hours(begins, ends - begins, zone);
        }

        return times.Checked(end);
    }

    /// <summary>The same length from another start on.</summary>
    /// <exception cref="ToolInputException">The start is in another age.</exception>
    public EventTimes MovedTo(string start)
    {
        CheckYear("start", start);
        return IsDay(start) != IsAllDay ? Read(start, null, Zone)
            : IsAllDay ? this with { Start = Day(start) }
            : Hours(Moment(start), Length, Zone);
    }

    /// <summary>The moments between which the event takes place when it begins at this wall-clock time.</summary>
    /// <param name="start">The beginning of this time that it takes place.</param>
    /// <param name="viewer">Whole days are those of whoever looks.</param>
    public (DateTimeOffset Start, DateTimeOffset End) Span(DateTime start, TimeZoneInfo viewer)
    {
        if (IsAllDay)
        {
            return (ZonedTime.At(start, viewer), ZonedTime.At(start + Length, viewer));
        }

        // Of a time that the clocks show twice, the event's own beginning may be the second.
        var begins = start == Start ? Begins : ZonedTime.At(start, Zone);
        return (begins, begins + Length);
    }

    /// <summary>The texts that say this.</summary>
    public (string Start, string End) Texts() => Texts(Start, Zone);

    /// <summary>The texts that say this for one time that it takes place, as seen from a zone.</summary>
    public (string Start, string End) Texts(DateTime start, TimeZoneInfo viewer)
    {
        if (IsAllDay)
        {
            return (Iso.Date(DateOnly.FromDateTime(start)), Iso.Date(DateOnly.FromDateTime((start + Length).AddDays(-1))));
        }

        var (begins, ends) = Span(start, viewer);
        return (ZonedTime.Format(begins, viewer), ZonedTime.Format(ends, viewer));
    }

    /// <summary>Keeps out the years in which no zone and no arithmetic is to be trusted.</summary>
    /// <param name="field">The name of the argument.</param>
    /// <param name="text">A date or a date-time; null is none.</param>
    /// <exception cref="ToolInputException">The year is another age's.</exception>
    public static void CheckYear(string field, string? text)
    {
        if (text is not null && int.Parse(text.AsSpan(0, 4), CultureInfo.InvariantCulture) is < FirstYear or > LastYear)
        {
            throw new ToolInputException($"\"{field}\" must be in the years from {FirstYear} to {LastYear}; you sent \"{text}\".");
        }
    }

    public static bool IsDay(string text) => text.Length == 10;

    public static DateTime Day(string text) => DateTime.ParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture);

    public static DateTimeOffset Moment(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

    private static EventTimes Days(DateTime first, DateTime last, TimeZoneInfo zone) => new(true, zone, default, first, last.AddDays(1) - first);

    private static EventTimes Hours(DateTimeOffset begins, TimeSpan length, TimeZoneInfo zone) =>
        new(false, zone, begins, TimeZoneInfo.ConvertTime(begins, zone).DateTime, length);

    private EventTimes Checked(string? end)
    {
        if (Length < TimeSpan.Zero || (IsAllDay && Length == TimeSpan.Zero))
        {
            throw new ToolInputException($"\"end\" must not be before start ({Texts().Start}); you sent \"{end}\".");
        }

        return Length <= MaxLength
            ? this
            : throw new ToolInputException($"\"end\" must be within {MaxLength.Days} days of start ({Texts().Start}); you sent \"{end}\".");
    }
}
