using System.Text.Json.Nodes;
using Mana.Mcp.Records;
using Mana.Mcp.Tools;
using Mana.Mcp.Tools.Schemas;

namespace Mana.Mcp.Modules.Library;

/// <summary>Books, films, series and comics: what is planned, under way and done, and how good it was.</summary>
internal sealed class LibraryTools() : ToolModule("library")
{
    private const string Planned = "planned";
    private const string Active = "active";
    private const string Completed = "completed";

    private static readonly string[] Kinds = ["book", "movie", "series", "comic"];
    private static readonly string[] Statuses = [Planned, Active, Completed, "paused", "dropped"];

    private static readonly RecordShapes<LibraryEntry> Entries = new(
        new RecordSet<LibraryEntry>("library.entries", "library entry", LibraryJson.Default.LibraryEntry)
        {
            FoundBy = "library.list or library.search",
            State = entry => entry.Status,
            Searched = entry => string.Join('\n', entry.Title, entry.OriginalTitle, string.Join(' ', entry.Creators), entry.Review,
                string.Join(' ', entry.Tags), string.Join(' ', entry.Genres)),
        },
        "entry",
        "entries");

    public override IEnumerable<ToolDefinition> Tools() =>
    [
        Tool(
            "add", "Add to the library", ToolEffect.Adds,
            "Adds a book, film, series or comic to the user's library. Use it when the user wants to read or watch something (planned), is at it (active), or has finished it (completed). "
            + "Look with library.search first: it may be there already. A page of the web belongs to articles.save. Returns the entry with its id.",
            InputSchema.Of(
                Kind().Required(), Title().Required(), Status().Default(Planned), OriginalTitle().Default(null), Creators().Default(new JsonArray()),
                Year().Default(null), Tags().Default(new JsonArray()), Genres().Default(new JsonArray()), Rating().OrNull().Default(null),
                Review().Default(null), StartedAt().Default(null), CompletedAt().Default(null)),
            LibraryJson.Default.AddEntry, Entries.One, AddAsync),
        Tool(
            "list", "List the library", ToolEffect.Reads,
            "Lists the entries of the library, newest first, page by page. Use it to see what is planned or under way, for instance before proposing something to read or watch.",
            InputSchema.Of(
                Kind().About("Only entries of this kind."),
                Status().About("Only entries in this state."),
                Field.Text("tag", 1, 60).About("Only entries with this tag or genre."),
                Field.Flag("favoritesOnly").Default(false).About("True to see favorites only."),
                Field.Limit(max: 200, fallback: 50),
                Field.Cursor()),
            LibraryJson.Default.ListEntries, Entries.Page,
            (arguments, call, cancellationToken) => call.Records.ListAsync(
                Entries.Set,
                new RecordQuery(arguments.Limit, State: arguments.Status, Cursor: arguments.Cursor),
                entry => (arguments.Kind is null || entry.Kind == arguments.Kind)
                    && (entry.IsFavorite || !arguments.FavoritesOnly)
                    && (Words.Has(entry.Tags, arguments.Tag) || Words.Has(entry.Genres, arguments.Tag)),
                cancellationToken)),
        Tool(
            "search", "Search the library", ToolEffect.Reads,
            "Finds entries by a part of their title, creators, review, tags or genres, whatever its case. Use it to get an id, and before adding something.",
            InputSchema.Of(
                Field.Text("query", 1, 200).Required().About("A part of what is looked for, such as an author or a word of the title."),
                Kind().About("Only entries of this kind."),
                Field.Limit(max: 100, fallback: 20)),
            LibraryJson.Default.SearchEntries, Entries.List,
            (arguments, call, cancellationToken) => call.Records.ListAsync(
                Entries.Set,
                new RecordQuery(arguments.Limit, Search: arguments.Query),
                entry => arguments.Kind is null || entry.Kind == arguments.Kind,
                cancellationToken)),
        Get(Entries, "Reads one entry of the library. Use it when the id is known."),
        Update(
            Entries,
            "Changes what is known about an entry: kind, title, originalTitle, creators, year, tags, genres, review, startedAt, completedAt, isFavorite. Only the given fields change; lists are replaced as a whole. "
            + "For the state use library.setStatus, for stars library.rate.",
            [
                Kind(), Title(), OriginalTitle(), Creators(), Year(), Tags(), Genres(), Review(), StartedAt(), CompletedAt(),
                Field.Flag("isFavorite").About("True for something that the user loves."),
            ],
            entry => Tidy(entry)),
        Tool(
            "setStatus", "Set the state of an entry", ToolEffect.Changes,
            "Says how far the user is: planned, active, completed, paused or dropped. Use it as soon as the user begins, finishes or gives up. "
            + "The first active sets startedAt, each completed sets completedAt and counts one time more; setting the same state again changes nothing.",
            InputSchema.Of(
                EntryId(),
                Status().Required(),
                Field.Day("date").About("The day on which it was begun or finished, if not today.")),
            LibraryJson.Default.SetEntryStatus, Entries.Changed,
            (arguments, call, cancellationToken) => call.Records.UpdateAsync(
                Entries.Set,
                arguments.Id,
                entry => entry.Status == arguments.Status
                    ? entry
                    : Become(entry, arguments.Status, arguments.Date is null ? Iso.Date(call.Today) : Iso.DateOf(arguments.Date)),
                cancellationToken)),
        Tool(
            "rate", "Rate an entry", ToolEffect.Changes,
            "Gives an entry one to five stars, with a review if the user says why. Use it when the user tells how good something was; a new rating replaces the old one.",
            InputSchema.Of(
                EntryId(),
                Rating().Required(),
                Field.Text("review", 1, 10_000).About("What the user thinks of it; leave out to keep the review that is there.")),
            LibraryJson.Default.RateEntry, Entries.Changed,
            (arguments, call, cancellationToken) => call.Records.UpdateAsync(
                Entries.Set, arguments.Id, entry => entry with { Rating = arguments.Rating, Review = arguments.Review ?? entry.Review }, cancellationToken)),
        Delete(
            Entries,
            "Removes an entry from the library. Use it only for one that was added by mistake; what the user gave up is dropped with library.setStatus.",
            "set the entry to dropped with library.setStatus."),
    ];

    private static Field EntryId() => Field.Id().Required().About("The id of the entry, as library.list or library.search returns it.");

    private static Field Kind() => Field.OneOf("kind", Kinds).About("What it is.");

    private static Field Status() => Field.OneOf("status", Statuses).About("How far the user is with it.");

    private static Field Title() => Field.Text("title", 1, 500).About("The title, as the user knows it.");

    private static Field OriginalTitle() => Field.Text("originalTitle", max: 500).OrNull().About("The title in the original language, if it is another.");

    private static Field Creators() => Field.List("creators", Field.Text("creator", 1, 200), max: 20).About("Authors, directors or artists.");

    private static Field Year() => Field.Whole("year", -3000, 2200).OrNull().About("The year in which it came out.");

    private static Field Rating() => Field.Whole("rating", 1, 5).About("Stars: 1 is bad, 5 is excellent.");

    private static Field Review() => Field.Text("review", max: 10_000).OrNull().About("What the user thinks of it.");

    private static Field Tags() => Field.List("tags", Field.Text("tag", 1, 60), max: 20).About("Key words of the user's own.");

    private static Field Genres() => Field.List("genres", Field.Text("genre", 1, 60), max: 10).About("Genres, such as crime or fantasy.");

    private static Field StartedAt() => Field.Day("startedAt").OrNull().About("The day on which the user began.");

    private static Field CompletedAt() => Field.Day("completedAt").OrNull().About("The day on which the user finished.");

    private static Task<Stored<LibraryEntry>> AddAsync(AddEntry arguments, ToolCall call, CancellationToken cancellationToken)
    {
        var entry = Tidy(new LibraryEntry
        {
            Kind = arguments.Kind,
            Status = Planned,
            Title = arguments.Title,
            OriginalTitle = arguments.OriginalTitle,
            Creators = arguments.Creators,
            Year = arguments.Year,
            Rating = arguments.Rating,
            Review = arguments.Review,
            Tags = arguments.Tags,
            Genres = arguments.Genres,
            StartedAt = arguments.StartedAt,
            CompletedAt = arguments.CompletedAt,
            IsFavorite = false,
            Times = 0,
        });

        // When something that was finished long ago was finished, only the user knows.
        entry = arguments.Status == Completed
            ? entry with { Status = Completed, Times = 1 }
            : Become(entry, arguments.Status, entry.StartedAt ?? Iso.Date(call.Today));
        return call.Records.CreateAsync(Entries.Set, _ => entry, cancellationToken);
    }

    private static LibraryEntry Become(LibraryEntry entry, string status, string date) => status switch
    {
        Active => entry with { Status = status, StartedAt = entry.StartedAt ?? date },
        Completed when entry.StartedAt is { } started && string.CompareOrdinal(date, started) < 0 =>
            throw new ToolInputException($"\"date\" must not be before the day on which it was begun ({started}); you sent \"{date}\"."),
        Completed => entry with { Status = status, CompletedAt = date, Times = entry.Times + 1 },
        _ => entry with { Status = status },
    };

    private static LibraryEntry Tidy(LibraryEntry entry)
    {
        var (started, completed) = (Day(entry.StartedAt), Day(entry.CompletedAt));
        if (started is not null && completed is not null && string.CompareOrdinal(completed, started) < 0)
        {
            throw new ToolInputException($"\"completedAt\" must not be before startedAt ({started}); you sent \"{completed}\".");
        }

        return entry with
        {
            Creators = Words.Distinct(entry.Creators),
            Tags = Words.Distinct(entry.Tags),
            Genres = Words.Distinct(entry.Genres),
            StartedAt = started,
            CompletedAt = completed,
        };
    }

    private static string? Day(string? date) => date is null ? null : Iso.DateOf(date);
}
