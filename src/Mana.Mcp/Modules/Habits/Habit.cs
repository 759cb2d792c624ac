using System.Text.Json.Serialization;

namespace Mana.Mcp.Modules.Habits;

/// <summary>Something that its owner wants to do again and again.</summary>
internal sealed record Habit
{
    public required string Title { get; init; }

    public required string Icon { get; init; }

    public required string Color { get; init; }

    public required long? TargetPerDay { get; init; }

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

internal sealed record CreateHabit(string Title, string Icon, string Color, long? TargetPerDay, long? DefaultDuration);

internal sealed record ListHabits(bool IncludeArchived);

internal sealed record ArchiveHabit(string Id, bool Archived);

internal sealed record LogHabit(string Id, string? Date, string? Note);

internal sealed record HabitHistory(string Id, int Days, int Limit);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Habit))]
[JsonSerializable(typeof(HabitLog))]
[JsonSerializable(typeof(CreateHabit))]
[JsonSerializable(typeof(ListHabits))]
[JsonSerializable(typeof(ArchiveHabit))]
[JsonSerializable(typeof(LogHabit))]
[JsonSerializable(typeof(HabitHistory))]
internal sealed partial class HabitsJson : JsonSerializerContext;
