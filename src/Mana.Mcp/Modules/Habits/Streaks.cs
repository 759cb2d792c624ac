namespace Mana.Mcp.Modules.Habits;

/// <summary>
/// Streaks of days or of weeks (from Monday). The day or week that still runs counts when its target is reached, and
/// breaks nothing when it is not.
/// </summary>
internal static class Streaks
{
    /// <param name="kept">The days on which the daily target was reached.</param>
    /// <param name="today">The caller's day.</param>
    /// <param name="daysPerWeek">The weekly target; null for every day.</param>
    public static (int Current, int Longest) Of(IEnumerable<DateOnly> kept, DateOnly today, long? daysPerWeek)
    {
        var days = kept.Where(day => day <= today);
        return daysPerWeek is { } target
            ? Of(days.GroupBy(WeekOf).Where(week => week.Distinct().Count() >= target).Select(week => week.Key), WeekOf(today))
            : Of(days.Select(day => day.DayNumber), today.DayNumber);
    }

    /// <summary>The number of the week: Mondays are multiples of seven from the first Monday of the calendar.</summary>
    public static int WeekOf(DateOnly day) => day.DayNumber / 7;

    /// <summary>The Monday of a day's week.</summary>
    public static DateOnly MondayOf(DateOnly day) => DateOnly.FromDayNumber(WeekOf(day) * 7);

    private static (int Current, int Longest) Of(IEnumerable<int> kept, int now)
    {
        var longest = 0;
        var run = 0;
        var previous = int.MinValue;
        foreach (var period in kept.Distinct().Order())
        {
            run = period == previous + 1 ? run + 1 : 1;
            longest = Math.Max(longest, run);
            previous = period;
        }

        return (previous >= now - 1 ? run : 0, longest);
    }
}
