using System.Globalization;
using Mana.Mcp.Modules.Calendar;
using Mana.Mcp.Records;
using Mana.Mcp.Tools;

namespace Mana.Mcp.Modules.Todo;

/// <summary>
/// What a due date means to the caller: a day, which is stored as midnight UTC and is that day wherever the caller
/// lives, or a moment.
/// </summary>
internal static class DueDates
{
    public const string Daily = "daily";
    public const string Weekdays = "weekdays";
    public const string Weekly = "weekly";
    public const string Monthly = "monthly";
    public const string Yearly = "yearly";

    public static readonly string[] Recurrences = [Daily, Weekdays, Weekly, Monthly, Yearly];

    /// <summary>A due date as a caller gave it, in the form in which it is stored, and whether it is a moment.</summary>
    public static (string? Text, bool? HasTime) Read(string? given)
    {
        if (given is null)
        {
            return (null, null);
        }

        // Midnight UTC written as such is how many clients say a day; seven in the evening in New York is the same moment and none.
        var time = Parse(given);
        var isDay = EventTimes.IsDay(given) || (time.Offset == TimeSpan.Zero && IsMidnight(time));
        return (Iso.Time(time), isDay ? null : true);
    }

    /// <summary>The day on which it is due, where the caller lives.</summary>
    public static DateOnly DayOf(string due, bool? hasTime, ToolCall call)
    {
        var time = Parse(due);
        return DateOnly.FromDateTime(IsDay(time, hasTime) ? time.UtcDateTime : TimeZoneInfo.ConvertTime(time, call.Caller.TimeZone).DateTime);
    }

    /// <summary>Whether the time for it has passed: the moment, or the whole day.</summary>
    public static bool IsOverdue(string due, bool? hasTime, ToolCall call)
    {
        var time = Parse(due);
        return IsDay(time, hasTime) ? DayOf(due, hasTime, call) < call.Today : time < call.Now;
    }

    /// <summary>Whether a stored due date is a day.</summary>
    public static bool IsDay(string due, bool? hasTime) => IsDay(Parse(due), hasTime);

    /// <summary>The first date of the series after the last one that is not in the past: what was missed is not asked for again.</summary>
    /// <param name="since">The first due date of the series.</param>
    /// <param name="last">The due date of the task that was completed.</param>
    /// <param name="hasTime">Whether they are moments.</param>
    /// <param name="recurrence">How often: one of <see cref="Recurrences"/>.</param>
    /// <param name="call">Who asks, and when.</param>
    public static string Next(string since, string last, bool? hasTime, string recurrence, ToolCall call)
    {
        // On the clock of the caller: what is due at nine stays due at nine when the clocks change.
        var zone = IsDay(since, hasTime) ? TimeZoneInfo.Utc : call.Caller.TimeZone;
        var start = TimeZoneInfo.ConvertTime(Parse(since), zone).DateTime;
        var after = Later(last, zone, call);
        var steps = FirstGuess(start, after, recurrence);
        var next = Step(start, steps, recurrence);
        while (DateOnly.FromDateTime(next) <= after || (recurrence == Weekdays && next.DayOfWeek is DayOfWeek.Saturday or DayOfWeek.Sunday))
        {
            next = Step(start, ++steps, recurrence);
        }

        return Iso.Time(ZonedTime.At(next, zone));
    }

    /// <summary>The same by a rule of RFC 5545; null when the series is over.</summary>
    public static string? NextByRule(string since, string last, bool? hasTime, string rule, ToolCall call)
    {
        var isDay = IsDay(since, hasTime);
        var zone = isDay ? TimeZoneInfo.Utc : call.Caller.TimeZone;
        var from = Later(last, zone, call).AddDays(1).ToDateTime(TimeOnly.MinValue);
        var next = Recurrence.Of(rule, TimesOf(since, isDay, zone)).Starts(from).Select(start => (DateTime?)start).FirstOrDefault();
        return next is { } wall ? Iso.Time(ZonedTime.At(wall, zone)) : null;
    }

    /// <summary>Checks a rule that a caller gave.</summary>
    /// <param name="rule">As it came.</param>
    /// <param name="due">The first due date; null for the first day from today on that the rule names.</param>
    /// <param name="hasTime">Whether that is a moment.</param>
    /// <param name="call">Who asks.</param>
    /// <returns>The rule in the form in which it is stored, and the first due date.</returns>
    /// <exception cref="ToolInputException">It is no rule for tasks, or never comes.</exception>
    public static (string Rule, string Due) ReadRule(string rule, string? due, bool? hasTime, ToolCall call)
    {
        EventTimes.CheckYear("dueDate", due);
        var first = due ?? Iso.TimeOf(Iso.Date(call.Today));
        var isDay = IsDay(first, hasTime);
        var times = TimesOf(first, isDay, isDay ? TimeZoneInfo.Utc : call.Caller.TimeZone);
        var read = Recurrence.Read(rule, times, "dueDate", mayStartBetween: true);
        return (read, due ?? Iso.TimeOf(Iso.Date(DateOnly.FromDateTime(Recurrence.Of(read, times).Starts(times.Start).First()))));
    }

    private static EventTimes TimesOf(string due, bool isDay, TimeZoneInfo zone) => EventTimes.Read(isDay ? Iso.DateOf(due) : due, null, zone);

    // The day of the last one, or today if that is later.
    private static DateOnly Later(string last, TimeZoneInfo zone, ToolCall call)
    {
        var day = DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(Parse(last), zone).DateTime);
        return day > call.Today ? day : call.Today;
    }

    // Not beyond the date looked for, and near it, so that a task forgotten for years takes no longer.
    private static int FirstGuess(DateTime start, DateOnly after, string recurrence)
    {
        var days = Math.Max(0, after.DayNumber - DateOnly.FromDateTime(start).DayNumber);
        return recurrence switch
        {
            Weekly => days / 7,
            Monthly => days / 31,
            Yearly => days / 366,
            _ => days,
        };
    }

    private static DateTime Step(DateTime start, int steps, string recurrence) => recurrence switch
    {
        Weekly => start.AddDays(7 * steps),
        Monthly => start.AddMonths(steps),
        Yearly => start.AddYears(steps),
        _ => start.AddDays(steps),
    };

    // Tasks from before the difference was stored: midnight UTC was a day.
    private static bool IsDay(DateTimeOffset time, bool? hasTime) => hasTime != true && IsMidnight(time);

    private static bool IsMidnight(DateTimeOffset time) => time.UtcDateTime.TimeOfDay == TimeSpan.Zero;

    private static DateTimeOffset Parse(string due) => DateTimeOffset.Parse(due, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
}
