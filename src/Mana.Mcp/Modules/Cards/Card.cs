using System.Text.Json.Serialization;

namespace Mana.Mcp.Modules.Cards;

/// <summary>A pile of cards about one subject.</summary>
internal sealed record Deck
{
    public required string Name { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Description { get; init; }

    public required string Color { get; init; }

    public required string? LastStudied { get; init; }
}

/// <summary>A question and its answer, with what is known of how well it is remembered.</summary>
internal sealed record Card
{
    public required string DeckId { get; init; }

    public required string Front { get; init; }

    public required string Back { get; init; }

    /// <summary>From 1 (easy) to 5 (hard), by its ease.</summary>
    public required int Difficulty { get; init; }

    /// <summary>The day on which it is asked again.</summary>
    public required string NextReview { get; init; }

    public required int ReviewCount { get; init; }

    public required Memory Memory { get; init; }

    /// <summary>Absent until it was asked for the first time.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? LastReviewedAt { get; init; }

    public required int Order { get; init; }
}

/// <summary>The state of SM-2.</summary>
/// <param name="Repetitions">How often it was known in a row.</param>
/// <param name="Ease">By how much the interval grows; 2.5 in the beginning, never below 1.3.</param>
/// <param name="IntervalDays">Days until the next review; 0 when it is to be asked again today.</param>
/// <param name="Lapses">How often it was forgotten.</param>
internal sealed record Memory(int Repetitions, decimal Ease, int IntervalDays, int Lapses);

internal sealed record CreateDeck(string Name, string? Description, string Color);

internal sealed record ListDecks(int Limit, string? Cursor);

internal sealed record AddCard(string DeckId, string Front, string Back);

internal sealed record AddCards(string DeckId, IReadOnlyList<NewCard> Cards);

internal sealed record NewCard(string Front, string Back);

internal sealed record ListCards(string? DeckId, string? Search, int Limit, string? Cursor);

internal sealed record DueCards(string? DeckId, int Limit);

internal sealed record ReviewCard(string CardId, string Grade);

internal sealed record DeckStats
{
    public required string DeckId { get; init; }

    public required int Cards { get; init; }

    /// <summary>Never asked so far.</summary>
    public required int New { get; init; }

    public required int DueToday { get; init; }

    /// <summary>Asked, and to be asked again within three weeks.</summary>
    public required int Learning { get; init; }

    /// <summary>To be asked again after three weeks or later.</summary>
    public required int Mature { get; init; }

    public required int Reviews { get; init; }

    public required int Lapses { get; init; }

    public required string? LastStudied { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Deck))]
[JsonSerializable(typeof(Card))]
[JsonSerializable(typeof(CreateDeck))]
[JsonSerializable(typeof(ListDecks))]
[JsonSerializable(typeof(AddCard))]
[JsonSerializable(typeof(AddCards))]
[JsonSerializable(typeof(ListCards))]
[JsonSerializable(typeof(DueCards))]
[JsonSerializable(typeof(ReviewCard))]
[JsonSerializable(typeof(DeckStats))]
internal sealed partial class CardsJson : JsonSerializerContext;
