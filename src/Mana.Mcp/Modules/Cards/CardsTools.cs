using System.Text.Json.Nodes;
using Mana.Mcp.Records;
using Mana.Mcp.Tools;
using Mana.Mcp.Tools.Schemas;

namespace Mana.Mcp.Modules.Cards;

/// <summary>Flash cards in decks, asked again when they are about to be forgotten (<see cref="Sm2"/>).</summary>
internal sealed class CardsTools() : ToolModule("cards")
{
    private const string DeckId = "deckId";
    private const string CardId = "cardId";
    private const string AboutName = "The name of the deck: its subject.";
    private const int ReadAtOnce = 500;

    // Three weeks: what is asked this rarely is remembered.
    private const int MatureDays = 21;

    private static readonly RecordShapes<Deck> Decks = new(
        new RecordSet<Deck>("cards.decks", "deck", CardsJson.Default.Deck)
        {
            FoundBy = "cards.listDecks",
            Title = deck => deck.Name,
            Searched = deck => $"{deck.Name}\n{deck.Description}",
        },
        "deck",
        "decks");

    private static readonly RecordShapes<Card> Cards = new(
        new RecordSet<Card>("cards.cards", "card", CardsJson.Default.Card)
        {
            FoundBy = "cards.listCards",
            Parent = card => card.DeckId,

            // What was not known is asked again after all others of its day, not at once.
            OrderKey = (card, _) => $"{card.NextReview} {card.LastReviewedAt}".TrimEnd(),
            Title = card => card.Front,
            Searched = card => $"{card.Front}\n{card.Back}",
        },
        "card",
        "cards");

    private static readonly OutputShape<IReadOnlyList<Stored<Card>>> Added = OutputShape.Of<IReadOnlyList<Stored<Card>>>(
        [new("card", Cards.RecordSchema), new("added", new JsonObject { ["type"] = "integer" })],
        cards => new JsonObject { ["card"] = Cards.View(cards[^1]), ["added"] = cards.Count });

    public override IEnumerable<ToolDefinition> Tools() =>
    [
        Tool(
            "createDeck", "Start a deck", ToolEffect.Adds,
            "Starts a deck of flash cards. Use it when the user wants to learn a subject by heart; look at cards.listDecks first, the deck may exist.",
            InputSchema.Of(
                Field.Text("name", 1, 200).Required().About(AboutName), Description(), Color().Default("#6366f1")),
            CardsJson.Default.CreateDeck, Decks.One,
            (arguments, call, cancellationToken) => call.Records.CreateAsync(
                Decks.Set,
                _ => new Deck { Name = arguments.Name, Description = arguments.Description, Color = arguments.Color, LastStudied = null },
                cancellationToken)),
        Tool(
            "listDecks", "List decks", ToolEffect.Reads,
            "Lists the decks, newest first. Use it to find the id of a deck; how it stands is told by cards.stats.",
            InputSchema.Of(Field.Limit(max: 100, fallback: 50), Field.Cursor()),
            CardsJson.Default.ListDecks, Decks.Page,
            (arguments, call, cancellationToken) => call.Records.ListAsync(
                Decks.Set, new RecordQuery(arguments.Limit, Cursor: arguments.Cursor), cancellationToken)),
        Update(
            Decks,
            "Changes fields of a deck: name, description, color. Only the given fields change.",
            [Field.Text("name", 1, 200).About(AboutName), Description(), Color()],
            verb: "updateDeck", idName: DeckId),
        Tool(
            "addCard", "Add a card", ToolEffect.Adds,
            "Adds one card to a deck: a question on the front, its answer on the back. Use it for something worth remembering; ask for one thing per card. It is due at once.",
            InputSchema.Of(DeckOf().Required(), Front().Required(), Back().Required()),
            CardsJson.Default.AddCard, Cards.One,
            async (arguments, call, cancellationToken) =>
                (await AddAsync(arguments.DeckId, [new NewCard(arguments.Front, arguments.Back)], call, cancellationToken))[0]),
        Tool(
            "addCards", "Add several cards", ToolEffect.Adds,
            "Adds up to 50 cards to a deck in one call. Use it to turn a text or a list of words into cards. Returns how many were added, and the last of them.",
            InputSchema.Of(
                DeckOf().Required(),
                Field.List("cards", Field.Object("card", Front().Required(), Back().Required()), max: 50, min: 1).Required().About("The cards, in order.")),
            CardsJson.Default.AddCards, Added,
            (arguments, call, cancellationToken) => AddAsync(arguments.DeckId, arguments.Cards, call, cancellationToken)),
        Tool(
            "listCards", "List cards", ToolEffect.Reads,
            "Lists cards with their answers, those that are due last first. Use it to see what a deck holds, or to find the id of a card; to learn use cards.due.",
            InputSchema.Of(
                DeckOf().OrNull().Default(null),
                Field.Text("search", max: 200).OrNull().Default(null).About("Only cards whose front or back contains this, whatever the case."),
                Field.Limit(max: 200, fallback: 50),
                Field.Cursor()),
            CardsJson.Default.ListCards, Cards.Page, ListAsync),
        Tool(
            "due", "Cards to learn now", ToolEffect.Reads,
            "Lists the cards that are due today, longest due first and those last that were not known today. Use it to study: show the front, let the user answer, compare with the back, then call cards.review.",
            InputSchema.Of(DeckOf().OrNull().Default(null), Field.Limit(max: 100, fallback: 20)),
            CardsJson.Default.DueCards, Cards.List, DueAsync),
        Tool(
            "review", "Grade an answer", ToolEffect.Adds,
            "Notes how well a card was known and sets the day of its next review: again (not known: it stays due), hard, good or easy. Use it once for each answer.",
            InputSchema.Of(
                Field.Id(CardId).Required().About("The id of the card, as cards.due returned it."),
                Field.OneOf("grade", [Sm2.Again, Sm2.Hard, Sm2.Good, Sm2.Easy]).Required().About("How well the answer was known.")),
            CardsJson.Default.ReviewCard, Cards.Changed, ReviewAsync),
        Update(
            Cards,
            "Changes the front or the back of a card; its reviews stay. Use it to correct a card or to make it clearer.",
            [Front(), Back()],
            verb: "updateCard", idName: CardId),
        ById(
            "stats", "How a deck stands", ToolEffect.Reads,
            "Counts the cards of a deck: new, due today, being learnt, and mature (three weeks or more until the next review). Use it to tell about progress or to plan a session.",
            "deck", OutputShape.Of(CardsJson.Default.DeckStats), StatsAsync, DeckId),
        Delete(
            Cards,
            "Removes one card. Use it only for a card that is wrong and cannot be corrected with cards.updateCard.",
            "correct the card with cards.updateCard.", "deleteCard", CardId),
        ById(
            "deleteDeck", "Delete a deck", ToolEffect.Deletes,
            "Removes a deck together with all its cards. Use it only when the user asks for exactly that.",
            "deck", Decks.Deleted, DeleteDeckAsync, DeckId) with
        {
            InsteadOfDeleting = "keep the deck, and rename it with cards.updateDeck if its subject has changed.",
        },
    ];

    private static Field DeckOf() => Field.Id(DeckId).About("The id of the deck, as cards.listDecks returns it.");

    private static Field Description() => Field.Text("description", max: 2000).About("What it is for.");

    private static Field Color() => Field.Color("color").About("A color such as #f59e0b.");

    private static Field Front() => Field.Text("front", 1, 2000).About("The question.");

    private static Field Back() => Field.Text("back", 1, 5000).About("The answer.");

    private static async Task<IReadOnlyList<Stored<Card>>> AddAsync(
        string deckId, IReadOnlyList<NewCard> cards, ToolCall call, CancellationToken cancellationToken)
    {
        var deck = await call.Records.GetAsync(Decks.Set, deckId, cancellationToken);
        var added = new List<Stored<Card>>(cards.Count);
        foreach (var card in cards)
        {
            added.Add(await call.Records.CreateAsync(
                Cards.Set,
                order => new Card
                {
                    DeckId = deck.Id,
                    Front = card.Front,
                    Back = card.Back,
                    Difficulty = Sm2.Difficulty(Sm2.Fresh),
                    NextReview = Iso.Date(call.Today),
                    ReviewCount = 0,
                    Memory = Sm2.Fresh,
                    Order = order,
                },
                cancellationToken));
        }

        return added;
    }

    private static async Task<RecordPage<Card>> ListAsync(ListCards arguments, ToolCall call, CancellationToken cancellationToken) =>
        await call.Records.ListAsync(
            Cards.Set,
            new RecordQuery(
                arguments.Limit,
                ParentId: await DeckIdAsync(arguments.DeckId, call, cancellationToken),
                Search: arguments.Search,
                Cursor: arguments.Cursor),
            cancellationToken);

    private static async Task<RecordPage<Card>> DueAsync(DueCards arguments, ToolCall call, CancellationToken cancellationToken) =>
        await call.Records.ListAsync(
            Cards.Set,
            new RecordQuery(
                arguments.Limit,
                ParentId: await DeckIdAsync(arguments.DeckId, call, cancellationToken),
                Before: Tomorrow(call),
                IsAscending: true),
            cancellationToken);

    private static async Task<Stored<Card>> ReviewAsync(ReviewCard arguments, ToolCall call, CancellationToken cancellationToken)
    {
        var reviewed = await call.Records.UpdateAsync(
            Cards.Set,
            arguments.CardId,
            card =>
            {
                var memory = Sm2.After(card.Memory, arguments.Grade);
                return card with
                {
                    Memory = memory,
                    Difficulty = Sm2.Difficulty(memory),
                    NextReview = Iso.Date(call.Today.AddDays(memory.IntervalDays)),
                    ReviewCount = card.ReviewCount + 1,
                    LastReviewedAt = Iso.Time(call.Now),
                };
            },
            cancellationToken);
        await call.Records.UpdateAsync(Decks.Set, reviewed.Data.DeckId, deck => deck with { LastStudied = Iso.Time(call.Now) }, cancellationToken);
        return reviewed;
    }

    private static async Task<DeckStats> StatsAsync(string id, ToolCall call, CancellationToken cancellationToken)
    {
        var deck = await call.Records.GetAsync(Decks.Set, id, cancellationToken);
        var stats = new DeckStats
        {
            DeckId = deck.Id,
            Cards = 0,
            New = 0,
            DueToday = 0,
            Learning = 0,
            Mature = 0,
            Reviews = 0,
            Lapses = 0,
            LastStudied = deck.Data.LastStudied,
        };
        var tomorrow = Tomorrow(call);
        await foreach (var (card, _) in CardsOfAsync(deck.Id, call, cancellationToken))
        {
            stats = stats with
            {
                Cards = stats.Cards + 1,
                New = stats.New + (card.ReviewCount == 0 ? 1 : 0),
                DueToday = stats.DueToday + (string.CompareOrdinal(card.NextReview, tomorrow) < 0 ? 1 : 0),
                Learning = stats.Learning + (card.ReviewCount > 0 && card.Memory.IntervalDays < MatureDays ? 1 : 0),
                Mature = stats.Mature + (card.Memory.IntervalDays >= MatureDays ? 1 : 0),
                Reviews = stats.Reviews + card.ReviewCount,
                Lapses = stats.Lapses + card.Memory.Lapses,
            };
        }

        return stats;
    }

    private static async Task<string> DeleteDeckAsync(string id, ToolCall call, CancellationToken cancellationToken)
    {
        var deck = await call.Records.GetAsync(Decks.Set, id, cancellationToken);
        await call.Records.DeleteAsync(Decks.Set, deck.Id, cancellationToken);
        await call.Records.DeletePartsAsync(Cards.Set, deck.Id, cancellationToken);
        return deck.Id;
    }

    private static IAsyncEnumerable<(Card Card, string Id)> CardsOfAsync(string deckId, ToolCall call, CancellationToken cancellationToken) =>
        call.Records.ReadAllAsync(Cards.Set, new RecordQuery(ReadAtOnce, ParentId: deckId), cancellationToken).Select(card => (card.Data, card.Id));

    private static async Task<string?> DeckIdAsync(string? id, ToolCall call, CancellationToken cancellationToken) =>
        id is null ? null : (await call.Records.GetAsync(Decks.Set, id, cancellationToken)).Id;

    private static string Tomorrow(ToolCall call) => Iso.Date(call.Today.AddDays(1));
}
