using System.Globalization;

namespace Mana.Mcp.Modules.Mood;

/// <summary>Counts and means over mood entries.</summary>
internal static class MoodSummary
{
    private const int EnoughToCompare = 3;
    private const int GroupsShown = 10;

    /// <param name="entries">The entries of the period.</param>
    /// <param name="today">Its last day.</param>
    /// <param name="days">How many days it has.</param>
    public static MoodInsights Of(IReadOnlyList<MoodEntry> entries, DateOnly today, int days)
    {
        var levels = entries.Select(entry => entry.Level).Order().ToList();
        return new MoodInsights
        {
            Days = days,
            Entries = entries.Count,
            DaysWithEntries = entries.Select(entry => entry.Date).Distinct().Count(),
            MeanLevel = levels.Count == 0 ? null : Mean(levels),
            MedianLevel = levels.Count == 0 ? null : levels[(levels.Count - 1) / 2],
            LowestLevel = levels.Count == 0 ? null : levels[0],
            HighestLevel = levels.Count == 0 ? null : levels[^1],
            Change = Change(entries, today.AddDays(1 - ((days + 1) / 2))),
            Emotions = Groups(entries, entry => [entry.Emotion, .. entry.SecondaryEmotions]),
            Activities = Groups(entries, entry => entry.Activity is { } activity ? [activity] : []),
            Weekdays = Groups(entries, entry => [Parse(entry.Date).DayOfWeek.ToString()]),
            Tags = Groups(entries, entry => entry.Tags),
        };
    }

    private static double? Change(IReadOnlyList<MoodEntry> entries, DateOnly middle)
    {
        var later = entries.Where(entry => Parse(entry.Date) >= middle).Select(entry => entry.Level).ToList();
        var earlier = entries.Where(entry => Parse(entry.Date) < middle).Select(entry => entry.Level).ToList();
        return later.Count < EnoughToCompare || earlier.Count < EnoughToCompare ? null : Math.Round(Mean(later) - Mean(earlier), 2);
    }

    // The most frequent first.
    private static List<MoodGroup> Groups(IEnumerable<MoodEntry> entries, Func<MoodEntry, IEnumerable<string>> names) =>
    [
        .. entries
            .SelectMany(entry => names(entry).Distinct(), (entry, name) => (Name: name, entry.Level))
            .GroupBy(entry => entry.Name, entry => entry.Level)
            .Select(group => new MoodGroup(group.Key, group.Count(), Mean([.. group])))
            .OrderByDescending(group => group.Entries)
            .ThenBy(group => group.Name, StringComparer.Ordinal)
            .Take(GroupsShown),
    ];

    private static double Mean(List<int> levels) => Math.Round(levels.Average(), 2);

    private static DateOnly Parse(string date) => DateOnly.ParseExact(date, "yyyy-MM-dd", CultureInfo.InvariantCulture);
}
