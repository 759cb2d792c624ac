using System.Text.Json.Serialization;

namespace Mana.Mcp.Modules.Tags;

/// <summary>A tag of the space, for records of every module.</summary>
internal sealed record Tag
{
    public required string Name { get; init; }

    public required string Color { get; init; }

    public required string? Group { get; init; }

    public required int SortOrder { get; init; }
}

/// <summary>A tag on a record. It stays when the tag is taken off, so that putting it on again is no second one.</summary>
internal sealed record TagLink(string TagId, string RecordId, bool IsActive);

internal sealed record CreateTag(string Name, string Color, string? Group);

internal sealed record ListTags(string? Group, string? RecordId, int Limit);

internal sealed record TagOnRecord(string TagId, string RecordId);

internal sealed record RecordsByTag(string TagId, int Limit);

internal sealed record TaggedRecords
{
    public required IReadOnlyList<TaggedRecord> Records { get; init; }

    public required bool HasMore { get; init; }
}

internal sealed record TaggedRecord
{
    public required string Id { get; init; }

    public required string Module { get; init; }

    public required string Kind { get; init; }

    public required string Title { get; init; }

    /// <summary>True for a tag that was assigned, false for a word of the same name in the record's own list of tags.</summary>
    public required bool IsAssigned { get; init; }

    public required string UpdatedAt { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Tag))]
[JsonSerializable(typeof(TagLink))]
[JsonSerializable(typeof(CreateTag))]
[JsonSerializable(typeof(ListTags))]
[JsonSerializable(typeof(TagOnRecord))]
[JsonSerializable(typeof(RecordsByTag))]
[JsonSerializable(typeof(TaggedRecords))]
internal sealed partial class TagsJson : JsonSerializerContext;
