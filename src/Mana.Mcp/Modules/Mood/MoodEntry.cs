using System.Text.Json.Serialization;

namespace Mana.Mcp.Modules.Mood;

/// <summary>How someone felt at one moment.</summary>
internal sealed record MoodEntry
{
    public required string Date { get; init; }

    public required string Time { get; init; }

    public required int Level { get; init; }

    public required string Emotion { get; init; }

    public required IReadOnlyList<string> SecondaryEmotions { get; init; }

    public required string? Activity { get; init; }

    public required string WithWhom { get; init; }

    public required string Notes { get; init; }

    public required IReadOnlyList<string> Tags { get; init; }
}

internal sealed record LogMood(
    int Level,
    string Emotion,
    IReadOnlyList<string> SecondaryEmotions,
    string? Activity,
    string WithWhom,
    string Notes,
    IReadOnlyList<string> Tags,
    string? Date,
    string? Time);

internal sealed record MoodOfDay(string? Date);

internal sealed record RecentMood(int Days, int Limit);

internal sealed record MoodPeriod(int Days);

/// <summary>What the moods of a period have in common; means only beside the number of entries that they stand on.</summary>
internal sealed record MoodInsights
{
    public required int Days { get; init; }

    public required int Entries { get; init; }

    public required int DaysWithEntries { get; init; }

    public required double? MeanLevel { get; init; }

    public required int? MedianLevel { get; init; }

    public required int? LowestLevel { get; init; }

    public required int? HighestLevel { get; init; }

    /// <summary>Mean of the later half of the period less that of the earlier one; null when one of them has fewer than three entries.</summary>
    public required double? Change { get; init; }

    public required IReadOnlyList<MoodGroup> Emotions { get; init; }

    public required IReadOnlyList<MoodGroup> Activities { get; init; }

    public required IReadOnlyList<MoodGroup> Weekdays { get; init; }

    public required IReadOnlyList<MoodGroup> Tags { get; init; }
}

/// <summary>The entries that have something in common.</summary>
internal sealed record MoodGroup(string Name, int Entries, double MeanLevel);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(MoodEntry))]
[JsonSerializable(typeof(LogMood))]
[JsonSerializable(typeof(MoodOfDay))]
[JsonSerializable(typeof(RecentMood))]
[JsonSerializable(typeof(MoodPeriod))]
[JsonSerializable(typeof(MoodInsights))]
internal sealed partial class MoodJson : JsonSerializerContext;
