using System.Text.Json.Serialization;

namespace Mana.Mcp.Modules.Journal;

/// <summary>An entry of the diary.</summary>
internal sealed record JournalEntry
{
    public required string? Title { get; init; }

    public required string Content { get; init; }

    /// <summary>True in a list where <see cref="Content"/> is only the beginning; never stored.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? IsShortened { get; init; }

    public required string EntryDate { get; init; }

    public required string? Mood { get; init; }

    public required IReadOnlyList<string> Tags { get; init; }

    public required int WordCount { get; init; }

    public required bool IsPinned { get; init; }

    public required bool IsFavorite { get; init; }

    public required bool IsArchived { get; init; }
}

internal sealed record AddEntry(string? Title, string Content, string? EntryDate, string? Mood, IReadOnlyList<string> Tags);

internal sealed record ListEntries(string? From, string? To, bool IncludeArchived, int Limit, string? Cursor, string? Tag, bool FavoritesOnly, bool OnlyPinned);

internal sealed record SearchEntries(string Query, bool IncludeArchived, int Limit);

internal sealed record DayOfEntries(string? Date);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(JournalEntry))]
[JsonSerializable(typeof(AddEntry))]
[JsonSerializable(typeof(ListEntries))]
[JsonSerializable(typeof(SearchEntries))]
[JsonSerializable(typeof(DayOfEntries))]
internal sealed partial class JournalJson : JsonSerializerContext;
