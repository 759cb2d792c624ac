using System.Text.Json.Nodes;
using Mana.Mcp.Records;
using Mana.Mcp.Tools;
using Mana.Mcp.Tools.Schemas;

namespace Mana.Mcp.Modules.Dreams;

/// <summary>The dream diary.</summary>
internal sealed class DreamsTools() : ToolModule("dreams")
{
    private const int Batch = 500;

    private static readonly string[] Moods = ["angenehm", "neutral", "unangenehm", "albtraum"];

    private static readonly RecordShapes<Dream> Dreams = new(
        new RecordSet<Dream>("dreams.dreams", "dream", DreamsJson.Default.Dream)
        {
            FoundBy = "dreams.list",
            OrderKey = (dream, _) => dream.DreamDate,
            Searched = dream => string.Join('\n', dream.Title, dream.Content, dream.Interpretation, dream.Location,
                string.Join(' ', dream.People), string.Join(' ', dream.Emotions), string.Join(' ', dream.Symbols)),
        },
        "dream",
        "dreams");

    public override IEnumerable<ToolDefinition> Tools() =>
    [
        Tool(
            "add", "Write down a dream", ToolEffect.Adds,
            "Writes a dream into the dream diary. Use it when the user tells one; keep their own words, and list the symbols in it (water, flying, an old house), so that they can be counted. "
            + "Without dreamDate it is that of last night. Something that really happened is a journal entry (journal.add).",
            InputSchema.Of(
                Title().Default(null), Content().Required(), DreamDate(), Mood().Default(null), Clarity().Default(null), IsLucid().Default(false),
                IsRecurring().Default(false), SleepQuality().Default(null), Location().Default(null), People().Default(new JsonArray()),
                Emotions().Default(new JsonArray()), Symbols().Default(new JsonArray()), Interpretation().Default(null)),
            DreamsJson.Default.AddDream, Dreams.One, AddAsync),
        Tool(
            "list", "List dreams", ToolEffect.Reads,
            "Lists the dreams, latest night first, page by page. Use it to look back at a time, or at all dreams with a symbol. "
            + "Where isShortened is true, dreams.get has the rest of a very long text.",
            InputSchema.Of(
                Field.Day("from").About("Only dreams of this day and later."),
                Field.Day("to").About("Only dreams of this day and earlier."),
                Field.Text("symbol", 1, 60).About("Only dreams with this symbol."),
                Field.Flag("lucidOnly").Default(false).About("True to see lucid dreams only."),
                Field.Limit(max: 100, fallback: 20),
                Field.Cursor()),
            DreamsJson.Default.ListDreams, Dreams.Page,
            async (arguments, call, cancellationToken) => (await call.Records.ListAsync(
                Dreams.Set,
                new RecordQuery(
                    arguments.Limit,
                    From: arguments.From is null ? null : Iso.DateOf(arguments.From),
                    Before: arguments.To is null ? null : Iso.DayAfter(arguments.To),
                    Cursor: arguments.Cursor),
                dream => (dream.IsLucid || !arguments.LucidOnly) && Words.Has(dream.Symbols, arguments.Symbol),
                cancellationToken)).Showing(Shown)),
        Tool(
            "search", "Search dreams", ToolEffect.Reads,
            "Finds dreams whose text, interpretation, people, emotions or symbols contain the query, whatever its case; the latest come first. Use it when the user asks whether something was dreamt before.",
            InputSchema.Of(Field.Text("query", 1, 200).Required().About("A word or a part of a sentence."), Field.Limit(max: 100, fallback: 20)),
            DreamsJson.Default.SearchDreams, Dreams.List,
            async (arguments, call, cancellationToken) => (await call.Records.ListAsync(
                Dreams.Set, new RecordQuery(arguments.Limit, Search: arguments.Query), cancellationToken)).Showing(Shown)),
        Get(Dreams, "Reads one dream with all its fields. Use it when the id is known."),
        Update(
            Dreams,
            "Changes fields of a dream, for what came back later or an interpretation. Only the given fields change; content and lists are replaced as a whole.",
            [
                Title(), Content(), DreamDate(), Mood(), Clarity(), IsLucid(), IsRecurring(), SleepQuality(), Location(), People(), Emotions(), Symbols(),
                Interpretation(),
            ],
            dream => dream with
            {
                DreamDate = Iso.DateOf(dream.DreamDate),
                People = Words.Distinct(dream.People),
                Emotions = Words.Distinct(dream.Emotions),
                Symbols = Words.Distinct(dream.Symbols),
            }),
        Tool(
            "symbols", "Count the symbols of dreams", ToolEffect.Reads,
            "Counts in how many dreams of the last days each symbol appeared, most frequent first, with the night of the latest. Use it to see what comes back; dreams.list with symbol shows the dreams.",
            InputSchema.Of(Field.Whole("days", 1, 3660).Default(365).About("How many days to look back."), Field.Limit(max: 200, fallback: 20)),
            DreamsJson.Default.CountSymbols, OutputShape.Of(DreamsJson.Default.SymbolCounts), CountAsync),
        Delete(
            Dreams,
            "Removes a dream from the diary. Use it only when the user asks for exactly that; to correct one use dreams.update.",
            "correct the dream with dreams.update."),
    ];

    private static Field Title() => Field.Text("title", max: 500).OrNull().About("A headline, if the dream has one.");

    private static Field Content() => Field.Text("content", 1, 100_000).About("The dream, as it is remembered.");

    private static Field DreamDate() => Field.Day("dreamDate").About("The morning after the dream.");

    private static Field Mood() => Field.OneOf("mood", Moods).OrNull().About("How it felt: pleasant, neutral, unpleasant, or a nightmare.");

    private static Field Clarity() => Field.Whole("clarity", 1, 5).OrNull().About("How clearly it is remembered, from 1 (a shred) to 5 (every detail).");

    private static Field IsLucid() => Field.Flag("isLucid").About("True when the user knew that it was a dream.");

    private static Field IsRecurring() => Field.Flag("isRecurring").About("True when the user had this dream before.");

    private static Field SleepQuality() => Field.Whole("sleepQuality", 1, 5).OrNull().About("How well the user slept, from 1 (badly) to 5 (very well).");

    private static Field Location() => Field.Text("location", max: 500).OrNull().About("Where the dream took place.");

    private static Field People() => WordList("people").About("Who appeared in it.");

    private static Field Emotions() => WordList("emotions").About("What was felt in it.");

    private static Field Symbols() => WordList("symbols").About("What stood out: things, animals, places, acts, one or two words each.");

    private static Field Interpretation() => Field.Text("interpretation", max: 20_000).OrNull().About("What the user makes of it.");

    private static Field WordList(string name) => Field.List(name, Field.Text("word", 1, 60), max: 30);

    private static Dream Shown(Dream dream)
    {
        var (content, isShortened) = Words.InLists(dream.Content);
        return dream with { Content = content, IsShortened = isShortened };
    }

    private static Task<Stored<Dream>> AddAsync(AddDream arguments, ToolCall call, CancellationToken cancellationToken) =>
        call.Records.CreateAsync(
            Dreams.Set,
            _ => new Dream
            {
                Title = arguments.Title,
                Content = arguments.Content,
                DreamDate = arguments.DreamDate is null ? Iso.Date(call.Today) : Iso.DateOf(arguments.DreamDate),
                Mood = arguments.Mood,
                Clarity = arguments.Clarity,
                IsLucid = arguments.IsLucid,
                IsRecurring = arguments.IsRecurring,
                SleepQuality = arguments.SleepQuality,
                Location = arguments.Location,
                People = Words.Distinct(arguments.People),
                Emotions = Words.Distinct(arguments.Emotions),
                Symbols = Words.Distinct(arguments.Symbols),
                Interpretation = arguments.Interpretation,
            },
            cancellationToken);

    private static async Task<SymbolCounts> CountAsync(CountSymbols arguments, ToolCall call, CancellationToken cancellationToken)
    {
        var counts = new Dictionary<string, SymbolCount>();
        var dreams = 0;
        var query = new RecordQuery(Batch, From: Iso.Date(call.Today.AddDays(1 - arguments.Days)));

        // Latest first: a symbol is spelled as it was last.
        await foreach (var dream in call.Records.ReadAllAsync(Dreams.Set, query, cancellationToken))
        {
            dreams++;
            foreach (var symbol in dream.Data.Symbols)
            {
                var key = SearchText.Fold(symbol);
                counts[key] = counts.TryGetValue(key, out var known) ? known with { Count = known.Count + 1 } : new SymbolCount(symbol, 1, dream.Data.DreamDate);
            }
        }

        return new SymbolCounts(
            [.. counts.Values.OrderByDescending(count => count.Count).ThenBy(count => count.Symbol, StringComparer.Ordinal).Take(arguments.Limit)],
            dreams,
            counts.Count > arguments.Limit);
    }
}
