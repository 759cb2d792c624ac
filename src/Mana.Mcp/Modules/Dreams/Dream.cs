using System.Text.Json.Serialization;

namespace Mana.Mcp.Modules.Dreams;

/// <summary>A dream, as it was remembered.</summary>
internal sealed record Dream
{
    public required string? Title { get; init; }

    public required string Content { get; init; }

    /// <summary>True in a list where <see cref="Content"/> is only the beginning; never stored.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? IsShortened { get; init; }

    public required string DreamDate { get; init; }

    public required string? Mood { get; init; }

    public required int? Clarity { get; init; }

    public required bool IsLucid { get; init; }

    public required bool IsRecurring { get; init; }

    public required int? SleepQuality { get; init; }

    public required string? Location { get; init; }

    public required IReadOnlyList<string> People { get; init; }

    public required IReadOnlyList<string> Emotions { get; init; }

    public required IReadOnlyList<string> Symbols { get; init; }

    public required string? Interpretation { get; init; }
}

internal sealed record AddDream(
    string? Title,
    string Content,
    string? DreamDate,
    string? Mood,
    int? Clarity,
    bool IsLucid,
    bool IsRecurring,
    int? SleepQuality,
    string? Location,
    IReadOnlyList<string> People,
    IReadOnlyList<string> Emotions,
    IReadOnlyList<string> Symbols,
    string? Interpretation);

internal sealed record ListDreams(string? From, string? To, string? Symbol, bool LucidOnly, int Limit, string? Cursor);

internal sealed record SearchDreams(string Query, int Limit);

internal sealed record CountSymbols(int Days, int Limit);

/// <summary>How often a symbol was dreamt of.</summary>
internal sealed record SymbolCount(string Symbol, int Count, string LastDate);

internal sealed record SymbolCounts(IReadOnlyList<SymbolCount> Symbols, int Dreams, bool HasMore);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Dream))]
[JsonSerializable(typeof(AddDream))]
[JsonSerializable(typeof(ListDreams))]
[JsonSerializable(typeof(SearchDreams))]
[JsonSerializable(typeof(CountSymbols))]
[JsonSerializable(typeof(SymbolCounts))]
internal sealed partial class DreamsJson : JsonSerializerContext;
