using System.Text.Json.Serialization;

namespace Mana.Mcp.Modules.Library;

/// <summary>A book, film, series or comic, and how far the user is with it.</summary>
internal sealed record LibraryEntry
{
    public required string Kind { get; init; }

    public required string Status { get; init; }

    public required string Title { get; init; }

    public required string? OriginalTitle { get; init; }

    public required IReadOnlyList<string> Creators { get; init; }

    public required int? Year { get; init; }

    public required int? Rating { get; init; }

    public required string? Review { get; init; }

    public required IReadOnlyList<string> Tags { get; init; }

    public required IReadOnlyList<string> Genres { get; init; }

    public required string? StartedAt { get; init; }

    public required string? CompletedAt { get; init; }

    public required bool IsFavorite { get; init; }

    /// <summary>How often it was completed.</summary>
    public required int Times { get; init; }
}

internal sealed record AddEntry(
    string Kind,
    string Title,
    string Status,
    string? OriginalTitle,
    IReadOnlyList<string> Creators,
    int? Year,
    IReadOnlyList<string> Tags,
    IReadOnlyList<string> Genres,
    int? Rating,
    string? Review,
    string? StartedAt,
    string? CompletedAt);

internal sealed record ListEntries(string? Kind, string? Status, string? Tag, bool FavoritesOnly, int Limit, string? Cursor);

internal sealed record SearchEntries(string Query, string? Kind, int Limit);

internal sealed record SetEntryStatus(string Id, string Status, string? Date);

internal sealed record RateEntry(string Id, int Rating, string? Review);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(LibraryEntry))]
[JsonSerializable(typeof(AddEntry))]
[JsonSerializable(typeof(ListEntries))]
[JsonSerializable(typeof(SearchEntries))]
[JsonSerializable(typeof(SetEntryStatus))]
[JsonSerializable(typeof(RateEntry))]
internal sealed partial class LibraryJson : JsonSerializerContext;
