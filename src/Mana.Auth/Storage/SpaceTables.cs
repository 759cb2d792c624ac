using LinqToDB.Mapping;
using Mana.Contracts;

namespace Mana.Auth.Storage;

[Table("organizations")]
internal class OrganizationRow
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

/// <summary>A space as one of its members sees it.</summary>
internal sealed class JoinedSpaceRow : OrganizationRow
{
    [Column("role")]
    public string Role { get; set; } = "";
}

[Table("members")]
internal sealed class MemberRow
{
    [PrimaryKey, Column("id")]
    public string Id { get; set; } = "";

    [Column("organization_id")]
    public string OrganizationId { get; set; } = "";

    [Column("user_id")]
    public string UserId { get; set; } = "";

    [Column("role")]
    public string Role { get; set; } = SpaceRoles.Owner;

    [Column("created_at")]
    public DateTimeOffset CreatedAt { get; set; }
}

[Table("invitations")]
internal class InvitationRow
{
    [PrimaryKey, Column("id")]
    public string Id { get; set; } = "";

    [Column("organization_id")]
    public string OrganizationId { get; set; } = "";

    /// <summary>Always lower case.</summary>
    [Column("email")]
    public string Email { get; set; } = "";

    [Column("role")]
    public string Role { get; set; } = SpaceRoles.Member;

    [Column("invited_by")]
    public string InvitedBy { get; set; } = "";

    [Column("created_at")]
    public DateTimeOffset CreatedAt { get; set; }

    [Column("expires_at")]
    public DateTimeOffset ExpiresAt { get; set; }
}

/// <summary>An invitation with what the invited person should see of the space.</summary>
internal sealed class InvitationToRow : InvitationRow
{
    [Column("space_name")]
    public string SpaceName { get; set; } = "";

    [Column("slug")]
    public string Slug { get; set; } = "";

    [Column("metadata")]
    public string? Metadata { get; set; }

    [Column("inviter")]
    public string Inviter { get; set; } = "";
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
