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

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(MoodEntry))]
[JsonSerializable(typeof(LogMood))]
[JsonSerializable(typeof(MoodOfDay))]
[JsonSerializable(typeof(RecentMood))]
internal sealed partial class MoodJson : JsonSerializerContext;
