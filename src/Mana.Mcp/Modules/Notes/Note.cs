using System.Text.Json.Serialization;

namespace Mana.Mcp.Modules.Notes;

/// <summary>A note.</summary>
internal sealed record Note
{
    public required string Title { get; init; }

    public required string Content { get; init; }

    /// <summary>True in a list where <see cref="Content"/> is only the beginning; never stored.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? IsShortened { get; init; }

    public required string? Color { get; init; }

    public required bool IsPinned { get; init; }

    public required bool IsArchived { get; init; }
}

internal sealed record CreateNote(string Title, string Content, string? Color, bool IsPinned);

internal sealed record SearchNotes(string Query, bool IncludeArchived, int Limit);

internal sealed record ListNotes(bool IncludeArchived, int Limit, string? Cursor, bool OnlyPinned);

internal sealed record AppendToNote(string Id, string Text);

internal sealed record PinNote(string Id, bool Pinned);

internal sealed record ArchiveNote(string Id, bool Archived);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Note))]
[JsonSerializable(typeof(CreateNote))]
[JsonSerializable(typeof(SearchNotes))]
[JsonSerializable(typeof(ListNotes))]
[JsonSerializable(typeof(AppendToNote))]
[JsonSerializable(typeof(PinNote))]
[JsonSerializable(typeof(ArchiveNote))]
internal sealed partial class NotesJson : JsonSerializerContext;
