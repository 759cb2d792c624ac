using LinqToDB.Mapping;

namespace Mana.Auth.Storage;

[Table("oauth_clients")]
internal sealed class OAuthClientRow
{
    [PrimaryKey, Column("id")]
    public string Id { get; set; } = "";

    [Column("name")]
    public string Name { get; set; } = "";

    /// <summary>A JSON array.</summary>
    [Column("redirect_uris")]
    public string RedirectUris { get; set; } = "[]";

    /// <summary>The scopes that it may ask for, separated by spaces.</summary>
    [Column("scope")]
    public string Scope { get; set; } = "";

    /// <summary>Null for a public client.</summary>
    [Column("secret_hash")]
    public string? SecretHash { get; set; }

    /// <summary>The administrator who registered it.</summary>
    [Column("created_by")]
    public string CreatedBy { get; set; } = "";

    [Column("created_at")]
    public DateTimeOffset CreatedAt { get; set; }
}

[Table("oauth_grants")]
internal class OAuthGrantRow
{
    [PrimaryKey, Column("id")]
    public string Id { get; set; } = "";

    [Column("client_id")]
    public string ClientId { get; set; } = "";

    [Column("user_id")]
    public string UserId { get; set; } = "";

    [Column("resource")]
    public string Resource { get; set; } = "";

    [Column("scope")]
    public string Scope { get; set; } = "";

    [Column("created_at")]
    public DateTimeOffset CreatedAt { get; set; }

    [Column("last_used_at")]
    public DateTimeOffset LastUsedAt { get; set; }

    /// <summary>When its newest refresh token ends.</summary>
    [Column("expires_at")]
    public DateTimeOffset ExpiresAt { get; set; }
}

/// <summary>A grant as its user sees it.</summary>
internal sealed class NamedGrantRow : OAuthGrantRow
{
    [Column("client_name")]
    public string ClientName { get; set; } = "";
}

[Table("oauth_codes")]
internal sealed class OAuthCodeRow
{
    [PrimaryKey, Column("code_hash")]
    public string CodeHash { get; set; } = "";

    [Column("client_id")]
    public string ClientId { get; set; } = "";

    [Column("user_id")]
    public string UserId { get; set; } = "";

    [Column("redirect_uri")]
    public string RedirectUri { get; set; } = "";

    [Column("code_challenge")]
    public string CodeChallenge { get; set; } = "";

    [Column("resource")]
    public string Resource { get; set; } = "";

    [Column("scope")]
    public string Scope { get; set; } = "";

    [Column("created_at")]
    public DateTimeOffset CreatedAt { get; set; }

    [Column("expires_at")]
    public DateTimeOffset ExpiresAt { get; set; }

    [Column("used_at")]
    public DateTimeOffset? UsedAt { get; set; }

    /// <summary>What it was exchanged for.</summary>
    [Column("grant_id")]
    public string? GrantId { get; set; }
}

[Table("oauth_refresh_tokens")]
internal sealed class OAuthRefreshTokenRow
{
    [PrimaryKey, Column("token_hash")]
    public string TokenHash { get; set; } = "";

    [Column("grant_id")]
    public string GrantId { get; set; } = "";

    [Column("created_at")]
    public DateTimeOffset CreatedAt { get; set; }

    [Column("expires_at")]
    public DateTimeOffset ExpiresAt { get; set; }

    [Column("used_at")]
    public DateTimeOffset? UsedAt { get; set; }
}
