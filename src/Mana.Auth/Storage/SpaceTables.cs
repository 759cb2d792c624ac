using LinqToDB.Mapping;

namespace Mana.Auth.Storage;

[Table("organizations")]
internal sealed class OrganizationRow
{
    [PrimaryKey, Column("id")]
    public string Id { get; set; } = "";

    [Column("name")]
    public string Name { get; set; } = "";

    [Column("slug")]
    public string Slug { get; set; } = "";

    [Column("logo")]
    public string? Logo { get; set; }

    /// <summary>A JSON value: an object for personal spaces, a JSON string for spaces made through the API.</summary>
    [Column("metadata")]
    public string? Metadata { get; set; }

    [Column("created_at")]
    public DateTimeOffset CreatedAt { get; set; }
}

[Table("members")]
internal sealed class MemberRow
{
    /// <summary>The role of whoever made the space.</summary>
    public const string Owner = "owner";

    [PrimaryKey, Column("id")]
    public string Id { get; set; } = "";

    [Column("organization_id")]
    public string OrganizationId { get; set; } = "";

    [Column("user_id")]
    public string UserId { get; set; } = "";

    [Column("role")]
    public string Role { get; set; } = Owner;

    [Column("created_at")]
    public DateTimeOffset CreatedAt { get; set; }
}

[Table("space_cleanups")]
internal sealed class SpaceCleanupRow
{
    [PrimaryKey, Column("space_id")]
    public string SpaceId { get; set; } = "";

    [Column("attempts")]
    public int Attempts { get; set; }

    [Column("next_attempt_at")]
    public DateTimeOffset NextAttemptAt { get; set; }

    [Column("last_error")]
    public string? LastError { get; set; }

    [Column("created_at")]
    public DateTimeOffset CreatedAt { get; set; }
}
