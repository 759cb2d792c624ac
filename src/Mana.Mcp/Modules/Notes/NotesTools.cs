using Mana.Mcp.Records;
using Mana.Mcp.Tools;
using Mana.Mcp.Tools.Schemas;

namespace Mana.Mcp.Modules.Notes;

/// <summary>Free text with a title, found again by its words.</summary>
internal sealed class NotesTools() : ToolModule("notes")
{
    private const string Active = "active";
    private const string Archived = "archived";
    private const int MaxContent = 200_000;

    private static readonly RecordShapes<Note> Notes = new(
        new RecordSet<Note>("notes.notes", "note", NotesJson.Default.Note)
        {
            FoundBy = "notes.list with includeArchived true",
            State = note => note.IsArchived ? Archived : Active,
            Title = note => note.Title,
            Searched = note => $"{note.Title}\n{note.Content}",
        },
        "note",
        "notes");

    public override IEnumerable<ToolDefinition> Tools() =>
    [
        Tool(
            "create", "Write a note", ToolEffect.Adds,
            "Stores a note with a title and a text (Markdown is fine). Use it for knowledge, ideas, quotes and minutes of meetings: things to look up later. "
            + "Something to be done is a task (todo.create), something experienced a journal entry (journal.add).",
            InputSchema.Of(
                Title().Required(), Content().Default(""), Color().Default(null),
                IsPinned().Default(false)),
            NotesJson.Default.CreateNote, Notes.One, CreateAsync),
        Tool(
            "search", "Search notes", ToolEffect.Reads,
            "Finds notes whose title or text contains the query, whatever its case; the newest come first. An empty query gives the newest notes. "
            + "Use it before writing a note that may exist already, and to answer from what was noted. Where isShortened is true, notes.get has the rest of a very long text.",
            InputSchema.Of(
                Field.Text("query", max: 500).Default("").About("A word or a part of a sentence as it stands in the note; not a question."),
                IncludeArchived(),
                Field.Limit(max: 100, fallback: 20)),
            NotesJson.Default.SearchNotes, Notes.List,
            async (arguments, call, cancellationToken) => (await call.Records.ListAsync(
                Notes.Set,
                new RecordQuery(arguments.Limit, State: arguments.IncludeArchived ? null : Active, Search: arguments.Query),
                cancellationToken)).Showing(Shown)),
        Tool(
            "list", "List notes", ToolEffect.Reads,
            "Lists notes, newest first, page by page. Use it to look around, or with onlyPinned for those that should stay at hand; "
            + "to find something particular use notes.search. Where isShortened is true, notes.get has the rest of a very long text.",
            InputSchema.Of(
                IncludeArchived(), Field.Limit(max: 100, fallback: 20), Field.Cursor(),
                Field.Flag("onlyPinned").Default(false).About("True for pinned notes only.")),
            NotesJson.Default.ListNotes, Notes.Page,
            async (arguments, call, cancellationToken) => (await call.Records.ListAsync(
                Notes.Set,
                new RecordQuery(arguments.Limit, State: arguments.IncludeArchived ? null : Active, Cursor: arguments.Cursor),
                note => note.IsPinned || !arguments.OnlyPinned,
                cancellationToken)).Showing(Shown)),
        Get(Notes, "Reads one note with its whole text. Use it when the id is known, for instance before changing the text."),
        Update(
            Notes,
            "Changes fields of a note: title, content, color, isPinned, isArchived. Only the given fields change, and content is replaced as a whole: "
            + "to add to a text use notes.append. Archiving hides a note without losing it.",
            [Title(), Content(), Color(), IsPinned(), Field.Flag("isArchived").About("True hides the note from lists and searches.")]),
        Tool(
            "append", "Add to a note", ToolEffect.Adds,
            "Adds a paragraph at the end of a note and keeps what is there. Use it for a list or a log that grows; to rewrite a note use notes.update.",
            InputSchema.Of(NoteId(), Field.Text("text", 1, 50_000).Required().About("What is added, on a line of its own.")),
            NotesJson.Default.AppendToNote, Notes.Changed,
            (arguments, call, cancellationToken) => call.Records.UpdateAsync(Notes.Set, arguments.Id, note => Appended(note, arguments.Text), cancellationToken)),
        Tool(
            "pin", "Pin a note", ToolEffect.Changes,
            "Marks a note to stay at hand, or no longer with pinned false. Use it for what the user needs again and again.",
            InputSchema.Of(NoteId(), Field.Flag("pinned").Default(true).About("False takes the pin off.")),
            NotesJson.Default.PinNote, Notes.Changed,
            (arguments, call, cancellationToken) => call.Records.UpdateAsync(
                Notes.Set, arguments.Id, note => note with { IsPinned = arguments.Pinned }, cancellationToken)),
        Tool(
            "archive", "Archive a note", ToolEffect.Changes,
            "Puts a note away without losing it, or brings it back with archived false. Use it for what is finished but may be wanted again.",
            InputSchema.Of(NoteId(), Field.Flag("archived").Default(true).About("False brings the note back.")),
            NotesJson.Default.ArchiveNote, Notes.Changed,
            (arguments, call, cancellationToken) => call.Records.UpdateAsync(
                Notes.Set, arguments.Id, note => note with { IsArchived = arguments.Archived }, cancellationToken)),
        Delete(
            Notes,
            "Removes a note from every list and search. Use it only for a note that is wrong or unwanted; an old one is better archived with notes.archive.",
            "put the note away with notes.archive."),
    ];

    private static Field NoteId() => Field.Id().Required().About("The id of the note, as another tool returned it.");

    private static Field Title() => Field.Text("title", 1, 500).About("What the note is about.");

    private static Field Content() => Field.Text("content", max: MaxContent).About("The text of the note.");

    private static Field Color() => Field.Color("color").OrNull().About("A color such as #f59e0b, or null for none.");

    private static Field IsPinned() => Field.Flag("isPinned").About("True for a note that should stay at hand.");

    private static Field IncludeArchived() => Field.Flag("includeArchived").Default(false).About("True to see archived notes as well.");

    private static Task<Stored<Note>> CreateAsync(CreateNote arguments, ToolCall call, CancellationToken cancellationToken) =>
        call.Records.CreateAsync(
            Notes.Set,
            _ => new Note
            {
                Title = arguments.Title,
                Content = arguments.Content,
                Color = arguments.Color,
                IsPinned = arguments.IsPinned,
                IsArchived = false,
            },
            cancellationToken);

    private static Note Shown(Note note)
    {
        var (content, isShortened) = Words.InLists(note.Content);
        return note with { Content = content, IsShortened = isShortened };
    }

    private static Note Appended(Note note, string text)
    {
        var content = note.Content.Length == 0 ? text : $"{note.Content.TrimEnd('\n')}\n{text}";
        return content.Length <= MaxContent
            ? note with { Content = content }
            : throw new ToolInputException($"The note would be longer than {MaxContent} characters; begin a new one with notes.create.");
    }
}
