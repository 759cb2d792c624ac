using LinqToDB.Mapping;

namespace Mana.Auth.Storage;

/// <summary>Values of <see cref="UserRow.Role"/>.</summary>
internal static class UserRoles
{
    public const string User = "user";
    public const string Admin = "admin";
}

/// <summary>Values of <see cref="UserRow.Kind"/>.</summary>
internal static class UserKinds
{
    public const string Human = "human";
    public const string Persona = "persona";
}

/// <summary>Values of <see cref="UserRow.AccessTier"/> that this service hands out.</summary>
internal static class AccessTiers
{
    public const string Public = "public";
    public const string Founder = "founder";
}

[Table("users")]
internal sealed class UserRow
{
    [PrimaryKey, Column("id")]
    public string Id { get; set; } = "";

    [Column("name")]
    public string Name { get; set; } = "";

    /// <summary>Always lower case.</summary>
    [Column("email")]
    public string Email { get; set; } = "";

    [Column("email_verified")]
    public bool EmailVerified { get; set; }

    [Column("image")]
    public string? Image { get; set; }

    [Column("role")]
    public string Role { get; set; } = UserRoles.User;

    [Column("access_tier")]
    public string AccessTier { get; set; } = AccessTiers.Public;

    [Column("kind")]
    public string Kind { get; set; } = UserKinds.Human;

    [Column("two_factor_enabled")]
    public bool TwoFactorEnabled { get; set; }

    [Column("created_at")]
    public DateTimeOffset CreatedAt { get; set; }

    [Column("updated_at")]
    public DateTimeOffset UpdatedAt { get; set; }

    [Column("deleted_at")]
    public DateTimeOffset? DeletedAt { get; set; }
}

[Table("accounts")]
internal sealed class AccountRow
{
    /// <summary>The provider of accounts with a password.</summary>
    public const string Credential = "credential";

    [PrimaryKey, Column("id")]
    public string Id { get; set; } = "";

    [Column("user_id")]
    public string UserId { get; set; } = "";

    [Column("provider_id")]
    public string ProviderId { get; set; } = Credential;

    [Column("account_id")]
    public string AccountId { get; set; } = "";

    /// <summary>The encoded hash.</summary>
    [Column("password")]
    public string? Password { get; set; }

    [Column("created_at")]
    public DateTimeOffset CreatedAt { get; set; }

    [Column("updated_at")]
    public DateTimeOffset UpdatedAt { get; set; }
}

[Table("sessions")]
internal sealed class SessionRow
{
    [PrimaryKey, Column("id")]
    public string Id { get; set; } = "";

    /// <summary>SHA-256 of the token: a copy of the table opens no session.</summary>
    [Column("token_hash")]
    public string TokenHash { get; set; } = "";

    [Column("user_id")]
    public string UserId { get; set; } = "";

    [Column("expires_at")]
    public DateTimeOffset ExpiresAt { get; set; }

    [Column("created_at")]
    public DateTimeOffset CreatedAt { get; set; }

    [Column("updated_at")]
    public DateTimeOffset UpdatedAt { get; set; }

    [Column("ip_address")]
    public string? IpAddress { get; set; }

    [Column("user_agent")]
    public string? UserAgent { get; set; }

    [Column("remember_me")]
    public bool RememberMe { get; set; }
}

[Table("jwks")]
internal sealed class KeyRow
{
    /// <summary>The <c>kid</c>.</summary>
    [PrimaryKey, Column("id")]
    public string Id { get; set; } = "";

    /// <summary>The <c>x</c> of the JWK.</summary>
    [Column("public_key")]
    public string PublicKey { get; set; } = "";

    /// <summary>The seed, encrypted.</summary>
    [Column("private_key")]
    public string PrivateKey { get; set; } = "";

    [Column("created_at")]
    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>When a newer key took over signing.</summary>
    [Column("retired_at")]
    public DateTimeOffset? RetiredAt { get; set; }
}

[Table("login_failures")]
internal sealed class LoginFailureRow
{
    [PrimaryKey, Column("id")]
    public string Id { get; set; } = "";

    [Column("email")]
    public string Email { get; set; } = "";

    [Column("ip_address")]
    public string? IpAddress { get; set; }

    [Column("attempted_at")]
    public DateTimeOffset AttemptedAt { get; set; }
}

[Table("login_lockouts")]
internal sealed class LoginLockoutRow
{
    [PrimaryKey, Column("email")]
    public string Email { get; set; } = "";

    [Column("locked_until")]
    public DateTimeOffset LockedUntil { get; set; }
}
