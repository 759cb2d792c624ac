using System.Text.Json.Serialization;

namespace Mana.Mcp.Modules.Trash;

internal sealed record ListDeleted(string? Module, int Limit, string? Cursor);

internal sealed record DeletedRecords(IReadOnlyList<DeletedRecord> Records, string? NextCursor);

/// <summary>A record that was deleted, as much of it as is needed to know it again.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Module">Where it was kept.</param>
/// <param name="Kind">What the module calls it: "task", "journal entry".</param>
/// <param name="Title">What it is known by.</param>
/// <param name="DeletedAt">When it was deleted.</param>
/// <param name="GoneForGoodAt">From when on it cannot be restored any more; sooner where the space is full.</param>
internal sealed record DeletedRecord(string Id, string Module, string Kind, string Title, string DeletedAt, string GoneForGoodAt);

/// <summary>A record that is there again.</summary>
/// <param name="Ok">Always.</param>
/// <param name="Id">Its id, which is the old one.</param>
/// <param name="Module">Where it is kept.</param>
/// <param name="Kind">What the module calls it.</param>
/// <param name="Title">What it is known by.</param>
/// <param name="Restored">How many records came back: it, and what was deleted with it; 0 where it was not deleted.</param>
internal sealed record RestoredRecord(bool Ok, string Id, string Module, string Kind, string Title, int Restored);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ListDeleted))]
[JsonSerializable(typeof(DeletedRecords))]
[JsonSerializable(typeof(RestoredRecord))]
internal sealed partial class TrashJson : JsonSerializerContext;
