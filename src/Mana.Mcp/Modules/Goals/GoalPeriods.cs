using Mana.Mcp.Records;

namespace Mana.Mcp.Modules.Goals;

/// <summary>The periods in which goals are measured.</summary>
internal static class GoalPeriods
{
    public const string Total = "total";

    public static readonly string[] All = ["day", "week", "month", "year", Total];

    /// <summary>The period of a day, as first and last day.</summary>
    public static (DateOnly First, DateOnly Last) Around(DateOnly day, string period) => period switch
    {
        "day" => (day, day),
        "week" => day.AddDays(-(((int)day.DayOfWeek + 6) % 7)) is var monday ? (monday, monday.AddDays(6)) : default,
        "month" => new DateOnly(day.Year, day.Month, 1) is var first ? (first, first.AddMonths(1).AddDays(-1)) : default,
        "year" => (new DateOnly(day.Year, 1, 1), new DateOnly(day.Year, 12, 31)),
        _ => (DateOnly.MinValue, DateOnly.MaxValue),
    };

    /// <summary>The last periods, the present one first.</summary>
    public static List<(DateOnly First, DateOnly Last)> Latest(DateOnly today, string period, int count)
    {
        var periods = new List<(DateOnly First, DateOnly Last)> { Around(today, period) };
        while (periods.Count < count && period != Total)
        {
            periods.Add(Around(periods[^1].First.AddDays(-1), period));
        }

        return periods;
    }

    /// <summary>How a goal stands after these steps.</summary>
    public static PeriodProgress Measure(Goal goal, (DateOnly First, DateOnly Last) period, IEnumerable<GoalProgress> steps)
    {
        var (first, last) = (Iso.Date(period.First), Iso.Date(period.Last));
        var value = steps
            .Where(step => string.CompareOrdinal(step.Date, first) >= 0 && string.CompareOrdinal(step.Date, last) <= 0)
            .Sum(step => step.Amount);
        var isForAllTime = goal.Period == Total;
        return new PeriodProgress(
            isForAllTime ? null : first,
            isForAllTime ? null : last,
            value,
            goal.TargetValue,
            (int)Math.Clamp(value / goal.TargetValue * 100, -1_000_000, 1_000_000),
            goal.Comparison == GoalsTools.AtMost ? value <= goal.TargetValue : value >= goal.TargetValue);
    }
}
