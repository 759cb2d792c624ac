using System.Text.Json;
using System.Text.Json.Serialization;

namespace Mana.Contracts;

/// <summary>Body of <c>POST /api/v1/auth/login</c> and <c>POST /api/auth/sign-in/email</c>.</summary>
public sealed record LoginRequest(string Email, string Password);

/// <summary>The user object of mana-auth's answers. <c>role</c> is not part of it; it is a claim of the JWT.</summary>
public sealed record UserView(
    string Id,
    string Name,
    string Email,
    bool EmailVerified,
    string? Image,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    bool TwoFactorEnabled,
    string AccessTier,
    string Kind);

/// <summary>
/// Answer of <c>POST /api/v1/auth/login</c>. Two tokens: <c>token</c> (= <c>refreshToken</c>) is the opaque session,
/// <c>accessToken</c> the JWT of 15 minutes. An older mana-auth may leave the last two out.
/// </summary>
public sealed record LoginResponse(bool Redirect, string Token, UserView User, string? AccessToken, string? RefreshToken);

/// <summary>Answer of <c>GET /api/auth/token</c>.</summary>
public sealed record TokenResponse(string Token);

/// <summary>
/// One row of <c>GET /api/auth/organization/list</c>. <c>Metadata</c> is an object, a JSON string or null,
/// depending on how the space was made; <see cref="SpaceType"/> reads all three. <c>Role</c> (ours, one of
/// <see cref="SpaceRoles"/>) is what the caller may do there; another mana-auth leaves it out.
/// </summary>
public sealed record SpaceView(
    SpaceId Id, string Name, string? Slug, string? Logo, DateTimeOffset CreatedAt, JsonElement? Metadata, string? Role = null)
{
    /// <summary>The <c>type</c> of the metadata: personal, brand, club, family, team, practice; null when absent or unreadable.</summary>
    public string? SpaceType()
    {
        if (Metadata is not { } metadata)
        {
            return null;
        }

        try
        {
            if (metadata.ValueKind == JsonValueKind.String)
            {
                using var document = JsonDocument.Parse(metadata.GetString()!);
                return TypeOf(document.RootElement);
            }

            return TypeOf(metadata);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string? TypeOf(JsonElement metadata) =>
        metadata.ValueKind == JsonValueKind.Object
        && metadata.TryGetProperty("type", out var type)
        && type.ValueKind == JsonValueKind.String
            ? type.GetString()
            : null;
}

/// <summary>
/// Answer of <c>GET /api/v1/internal/org/:orgId/member/:userId</c>; <c>Role</c> is empty for a stranger.
/// <c>SpaceType</c> (ours) is absent for strangers, and where another mana-auth answers.
/// </summary>
public sealed record MembershipResponse(
    bool IsMember,
    string Role,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? SpaceType = null);

/// <summary>
/// Body and answer of <c>/api/v1/me/tool-policy</c> (ours): which destructive tools may run for the user, by
/// <see cref="ToolPatterns"/>.
/// </summary>
public sealed record ToolPolicy(IReadOnlyList<string> AllowDestructive);

/// <summary>Answer of <c>GET /api/v1/internal/users/:id/tool-policy</c> (ours).</summary>
public sealed record UserToolPolicy(UserId UserId, IReadOnlyList<string> AllowDestructive);
