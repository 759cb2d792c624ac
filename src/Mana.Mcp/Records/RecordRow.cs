using LinqToDB.Mapping;

namespace Mana.Mcp.Records;

/// <summary>One record of any module; <see cref="Data"/> is the module's own part as JSON.</summary>
[Table("records")]
internal sealed class RecordRow
{
    [PrimaryKey, Identity, Column("seq")]
    public long Seq { get; set; }

    [Column("id")]
    public required string Id { get; set; }

    [Column("space_id")]
    public required string SpaceId { get; set; }

    [Column("collection")]
    public required string Collection { get; set; }

    [Column("author_id")]
    public required string AuthorId { get; set; }

    [Column("visibility")]
    public required string Visibility { get; set; }

    /// <summary>The record that this one belongs to: the habit of a check-in.</summary>
    [Column("parent_id")]
    public string? ParentId { get; set; }

    /// <summary>What lists filter by: open or completed, active or archived.</summary>
    [Column("state")]
    public required string State { get; set; }

    /// <summary>What lists are sorted by, newest first: a date or time in ISO form.</summary>
    [Column("order_key")]
    public required string OrderKey { get; set; }

    /// <summary>The searched text, folded by <see cref="SearchText.Fold"/>; null where the module has no search.</summary>
    [Column("search_text")]
    public string? SearchText { get; set; }

    /// <summary>The idempotency key of the call that made it; null where the call had none.</summary>
    [Column("call_key")]
    public string? CallKey { get; set; }

    [Column("data")]
    public required string Data { get; set; }

    [Column("created_at")]
    public required DateTimeOffset CreatedAt { get; set; }

    [Column("updated_at")]
    public required DateTimeOffset UpdatedAt { get; set; }

    [Column("deleted_at")]
    public DateTimeOffset? DeletedAt { get; set; }
}

/// <summary>How many records of a kind a space ever had.</summary>
[Table("record_counters")]
internal sealed class RecordCounter
{
    [PrimaryKey(1), Column("space_id")]
    public required string SpaceId { get; set; }

    [PrimaryKey(2), Column("collection")]
    public required string Collection { get; set; }

    [Column("created")]
    public required long Created { get; set; }
}

/// <summary>How far the records that are older than the index have been indexed.</summary>
[Table("record_indexing")]
internal sealed class IndexingRow
{
    [Column("done_until")]
    public required long DoneUntil { get; set; }

    [Column("last")]
    public required long Last { get; set; }
}
