using System.Text.Json.Serialization;

namespace Mana.Mcp.Modules.Search;

internal sealed record SearchEverything(string Query, string? Module, int Limit, string? Cursor);

internal sealed record SearchResults
{
    public required IReadOnlyList<FoundRecord> Results { get; init; }

    public required bool HasMore { get; init; }

    public required string? NextCursor { get; init; }
}

/// <summary>A record of any module, as much of it as a list of results needs.</summary>
internal sealed record FoundRecord
{
    public required string Id { get; init; }

    public required string Module { get; init; }

    /// <summary>What the module calls it: "task", "journal entry".</summary>
    public required string Kind { get; init; }

    public required string Title { get; init; }

    public required string Snippet { get; init; }

    public required string UpdatedAt { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(SearchEverything))]
[JsonSerializable(typeof(SearchResults))]
internal sealed partial class SearchJson : JsonSerializerContext;
