using System.Globalization;
using Mana.Mcp.Records;
using Mana.Mcp.Tools;

namespace Mana.Mcp.Modules.Todo;

/// <summary>
/// What a due date means to the caller. Midnight UTC is how a date without a time is stored: it is that day wherever
/// the caller lives. Anything else is a moment.
/// </summary>
internal static class DueDates
{
    public const string Daily = "daily";
    public const string Weekdays = "weekdays";
    public const string Weekly = "weekly";
    public const string Monthly = "monthly";
    public const string Yearly = "yearly";

    public static readonly string[] Recurrences = [Daily, Weekdays, Weekly, Monthly, Yearly];

    /// <summary>The day on which it is due, where the caller lives.</summary>
    public static DateOnly DayOf(string due, ToolCall call)
    {
        var time = Parse(due);
        return DateOnly.FromDateTime(IsDate(time) ? time.UtcDateTime : TimeZoneInfo.ConvertTime(time, call.Caller.TimeZone).DateTime);
    }

    /// <summary>Whether the time for it has passed: the moment, or the whole day.</summary>
    public static bool IsOverdue(string due, ToolCall call)
    {
        var time = Parse(due);
        return IsDate(time) ? DayOf(due, call) < call.Today : time < call.Now;
    }

    /// <summary>The first date of the series after the last one that is not in the past: what was missed is not asked for again.</summary>
    /// <param name="since">The first due date of the series.</param>
    /// <param name="last">The due date of the task that was completed.</param>
    /// <param name="recurrence">How often.</param>
    /// <param name="call">Who asks, and when.</param>
    public static string Next(string since, string last, string recurrence, ToolCall call)
    {
        // On the clock of the caller: what is due at nine stays due at nine when the clocks change.
        var isDate = IsDate(Parse(since));
        var zone = isDate ? TimeZoneInfo.Utc : call.Caller.TimeZone;
        var start = TimeZoneInfo.ConvertTime(Parse(since), zone).DateTime;
        var lastDay = DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(Parse(last), zone).DateTime);
        var after = lastDay > call.Today ? lastDay : call.Today;
        var steps = FirstGuess(start, after, recurrence);
        var next = Step(start, steps, recurrence);
        while (DateOnly.FromDateTime(next) <= after || (recurrence == Weekdays && next.DayOfWeek is DayOfWeek.Saturday or DayOfWeek.Sunday))
        {
            next = Step(start, ++steps, recurrence);
        }

        // A time that the clock leaves out is an hour later.
        return Iso.Time(new DateTimeOffset(TimeZoneInfo.ConvertTimeToUtc(zone.IsInvalidTime(next) ? next.AddHours(1) : next, zone), TimeSpan.Zero));
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

    private static bool IsDate(DateTimeOffset time) => time.UtcDateTime.TimeOfDay == TimeSpan.Zero;

    private static DateTimeOffset Parse(string due) => DateTimeOffset.Parse(due, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
}
