using System.Globalization;
using System.Text.Json.Nodes;
using Mana.Mcp.Records;
using Mana.Mcp.Tools;
using Mana.Mcp.Tools.Schemas;

namespace Mana.Mcp.Modules.Journal;

/// <summary>The diary: what was experienced and thought, by day.</summary>
internal sealed class JournalTools() : ToolModule("journal")
{
    private const string Active = "active";
    private const string Archived = "archived";

    private const int YearsBack = 20;

    // More entries than anyone writes in a day; a bound, because lists have one.
    private const int EntriesPerDay = 100;

    private static readonly string[] Moods = ["dankbar", "glücklich", "zufrieden", "neutral", "nachdenklich", "traurig", "gestresst", "wütend"];

    private static readonly RecordShapes<JournalEntry> Entries = new(
        new RecordSet<JournalEntry>("journal.entries", "journal entry", JournalJson.Default.JournalEntry)
        {
            FoundBy = "journal.list with includeArchived true",
            OrderKey = (entry, _) => entry.EntryDate,
            State = entry => entry.IsArchived ? Archived : Active,
            Title = entry => entry.Title,
            Searched = entry => string.Join('\n', [entry.Title, entry.Content, .. entry.Tags]),
        },
        "entry",
        "entries");

    public override IEnumerable<ToolDefinition> Tools() =>
    [
        Tool(
            "add", "Write a journal entry", ToolEffect.Adds,
            "Writes an entry into the diary. Use it when the user tells what happened or what is on their mind; keep their own words. "
            + "Without entryDate it belongs to today. A bare feeling without a story is better logged with mood.log.",
            InputSchema.Of(Title().Default(null), Content().Required(), EntryDate(), Mood().Default(null), Tags().Default(new JsonArray())),
            JournalJson.Default.AddEntry, Entries.One, AddAsync),
        Tool(
            "list", "Read the journal", ToolEffect.Reads,
            "Lists the entries of the diary, latest day first, page by page. Use it to look back at a day or a week, and to find the id of an entry. "
            + "Where isShortened is true, journal.get has the rest of a very long text.",
            InputSchema.Of(
                Field.Day("from").About("Only entries of this day and later."),
                Field.Day("to").About("Only entries of this day and earlier."),
                Field.Flag("includeArchived").Default(false).About("True to see archived entries as well."),
                Field.Limit(max: 100, fallback: 20),
                Field.Cursor(),
                Field.Text("tag", 1, 60).About("Only entries with this tag."),
                Field.Flag("favoritesOnly").Default(false).About("True for the entries that the user loves only."),
                Field.Flag("onlyPinned").Default(false).About("True for pinned entries only.")),
            JournalJson.Default.ListEntries, Entries.Page, ListAsync),
        Tool(
            "search", "Search the journal", ToolEffect.Reads,
            "Finds entries whose title, text or tags contain the query, whatever its case; the latest day comes first. "
            + "Use it to answer from what was experienced; to look at a day or a week use journal.list.",
            InputSchema.Of(
                Field.Text("query", 1, 500).Required().About("A word or a part of a sentence as it stands in the entry; not a question."),
                Field.Flag("includeArchived").Default(false).About("True to find archived entries as well."),
                Field.Limit(max: 100, fallback: 20)),
            JournalJson.Default.SearchEntries, Entries.List,
            async (arguments, call, cancellationToken) => (await call.Records.ListAsync(
                Entries.Set,
                new RecordQuery(arguments.Limit, State: arguments.IncludeArchived ? null : Active, Search: arguments.Query),
                cancellationToken)).Showing(Shown)),
        Tool(
            "onThisDay", "On this day", ToolEffect.Reads,
            "Lists the entries of the same day in earlier years, latest year first. Use it to remind the user of what was, or to see how things have changed.",
            InputSchema.Of(Field.Day("date").About("Another day than today.")),
            JournalJson.Default.DayOfEntries, Entries.List, OnThisDayAsync),
        Get(Entries, "Reads one entry of the diary. Use it when the id is known."),
        Update(
            Entries,
            "Changes fields of a journal entry: title, content, entryDate, mood, tags, isPinned, isFavorite, isArchived. Only the given fields change; content and tags are replaced as a whole.",
            [
                Title(), Content(), EntryDate(), Mood(), Tags(),
                Field.Flag("isPinned").About("True for an entry that should stay at hand."),
                Field.Flag("isFavorite").About("True for an entry that the user loves."),
                Field.Flag("isArchived").About("True hides the entry from lists."),
            ],
            entry => entry with { EntryDate = Iso.DateOf(entry.EntryDate), WordCount = Words.Count(entry.Content) }),
        Delete(
            Entries,
            "Removes an entry from the diary. Use it only when the user asks for exactly that; to hide one use journal.update with isArchived true.",
            "hide the entry with journal.update and isArchived true."),
    ];

    private static Field Title() => Field.Text("title", max: 500).OrNull().About("A headline, if the entry has one.");

    private static Field Content() => Field.Text("content", 1, 200_000).About("The text of the entry.");

    private static Field EntryDate() => Field.Day("entryDate").About("The day that the entry tells about.");

    private static Field Mood() => Field.OneOf("mood", Moods).OrNull().About("The mood of the day, if it shows.");

    private static Field Tags() => Field.List("tags", Field.Text("tag")).About("Key words.");

    private static Task<Stored<JournalEntry>> AddAsync(AddEntry arguments, ToolCall call, CancellationToken cancellationToken) =>
        call.Records.CreateAsync(
            Entries.Set,
            _ => new JournalEntry
            {
                Title = arguments.Title,
                Content = arguments.Content,
                EntryDate = arguments.EntryDate is null ? Iso.Date(call.Today) : Iso.DateOf(arguments.EntryDate),
                Mood = arguments.Mood,
                Tags = arguments.Tags,
                WordCount = Words.Count(arguments.Content),
                IsPinned = false,
                IsFavorite = false,
                IsArchived = false,
            },
            cancellationToken);

    private static JournalEntry Shown(JournalEntry entry)
    {
        var (content, isShortened) = Words.InLists(entry.Content);
        return entry with { Content = content, IsShortened = isShortened };
    }

    private static async Task<RecordPage<JournalEntry>> ListAsync(ListEntries arguments, ToolCall call, CancellationToken cancellationToken) =>
        (await call.Records.ListAsync(
            Entries.Set,
            new RecordQuery(
                arguments.Limit,
                State: arguments.IncludeArchived ? null : Active,
                From: arguments.From is null ? null : Iso.DateOf(arguments.From),
                Before: arguments.To is null ? null : Iso.DayAfter(arguments.To),
                Cursor: arguments.Cursor),
            entry => (entry.IsFavorite || !arguments.FavoritesOnly) && (entry.IsPinned || !arguments.OnlyPinned) && Words.Has(entry.Tags, arguments.Tag),
            cancellationToken)).Showing(Shown);

    private static async Task<RecordPage<JournalEntry>> OnThisDayAsync(DayOfEntries arguments, ToolCall call, CancellationToken cancellationToken)
    {
        var day = arguments.Date is null ? call.Today : DateOnly.ParseExact(Iso.DateOf(arguments.Date), "yyyy-MM-dd", CultureInfo.InvariantCulture);
        var found = new List<Stored<JournalEntry>>();
        for (var year = day.Year - 1; year >= Math.Max(1, day.Year - YearsBack); year--)
        {
            if (day is { Month: 2, Day: 29 } && !DateTime.IsLeapYear(year))
            {
                continue;
            }

            var then = Iso.Date(new DateOnly(year, day.Month, day.Day));
            var page = await call.Records.ListAsync(
                Entries.Set, new RecordQuery(EntriesPerDay, State: Active, From: then, Before: Iso.DayAfter(then)), cancellationToken);
            found.AddRange(page.Items);
        }

        return new RecordPage<JournalEntry>(found, null).Showing(Shown);
    }
}
