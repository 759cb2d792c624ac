using System.Text.Json.Serialization;

namespace Mana.Mcp.Modules.Habits;

/// <summary>Something that its owner wants to do again and again.</summary>
internal sealed record Habit
{
    public required string Title { get; init; }

    public required string Icon { get; init; }

    public required string Color { get; init; }

    public required long? TargetPerDay { get; init; }

    /// <summary>On how many days a week it should be done; null for every day.</summary>
    public long? TargetPerWeek { get; init; }

    /// <summary>In seconds.</summary>
    public required long? DefaultDuration { get; init; }

    public required int Order { get; init; }

    public required bool IsArchived { get; init; }
}

/// <summary>A habit was done once.</summary>
internal sealed record HabitLog
{
    public required string HabitId { get; init; }

    public required string Date { get; init; }

    public required string? Note { get; init; }
}

internal sealed record CreateHabit(string Title, string Icon, string Color, long? TargetPerDay, long? DefaultDuration, long? TargetPerWeek);

internal sealed record ListHabits(bool IncludeArchived);

internal sealed record ArchiveHabit(string Id, bool Archived);

internal sealed record LogHabit(string Id, string? Date, string? Note);

internal sealed record HabitHistory(string Id, int Days, int Limit);

internal sealed record HabitPeriod(string Id, int Days);

internal sealed record HabitsOfToday(string Date, IReadOnlyList<HabitToday> Habits);

/// <summary>How a habit stands today.</summary>
/// <param name="HabitId">The habit.</param>
/// <param name="Title">What is done.</param>
/// <param name="DoneToday">How often today.</param>
/// <param name="TargetPerDay">How often a day it should be; null for no target.</param>
/// <param name="IsKept">Whether today's target is reached.</param>
/// <param name="KeptThisWeek">Days kept in this week, which begins on Monday.</param>
/// <param name="TargetPerWeek">On how many days a week it should be; null for every day.</param>
/// <param name="IsOpen">Whether it is still to be done today: not where the week's target is reached.</param>
internal sealed record HabitToday(
    string HabitId, string Title, int DoneToday, long? TargetPerDay, bool IsKept, int KeptThisWeek, long? TargetPerWeek, bool IsOpen);

/// <summary>How well a habit is kept.</summary>
internal sealed record HabitStats
{
    public required string HabitId { get; init; }

    /// <summary>What streaks are counted in: days, or weeks for a habit with a weekly target.</summary>
    public required string StreakUnit { get; init; }

    public required int CurrentStreak { get; init; }

    public required int LongestStreak { get; init; }

    public required int CheckIns { get; init; }

    public required string? FirstDay { get; init; }

    public required string? LastDay { get; init; }

    /// <summary>How many of the last days were kept, and how many days that are.</summary>
    public required int KeptDays { get; init; }

    public required int Days { get; init; }

    /// <summary>Days kept in this week, which begins on Monday.</summary>
    public required int KeptThisWeek { get; init; }

    public required long? TargetPerWeek { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Habit))]
[JsonSerializable(typeof(HabitLog))]
[JsonSerializable(typeof(CreateHabit))]
[JsonSerializable(typeof(ListHabits))]
[JsonSerializable(typeof(ArchiveHabit))]
[JsonSerializable(typeof(LogHabit))]
[JsonSerializable(typeof(HabitHistory))]
[JsonSerializable(typeof(HabitPeriod))]
[JsonSerializable(typeof(HabitsOfToday))]
[JsonSerializable(typeof(HabitStats))]
internal sealed partial class HabitsJson : JsonSerializerContext;
