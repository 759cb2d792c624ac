using System.Text.Json.Serialization;

namespace Mana.Contracts;

/// <summary>Body of <c>POST /api/v1/admin/oauth-clients</c> (ours).</summary>
/// <param name="Name">What the consent page calls it.</param>
/// <param name="RedirectUris">Where answers may go: https, or http on a loopback name, whose port is then free.</param>
/// <param name="Confidential">Whether it gets a secret.</param>
/// <param name="Scopes">What it may ask for; null for everything.</param>
public sealed record OAuthClientRequest(
    string Name, IReadOnlyList<string> RedirectUris, bool Confidential = false, IReadOnlyList<string>? Scopes = null);

/// <summary>A registered client; <c>ClientSecret</c> only in the answer that registers a confidential one.</summary>
public sealed record OAuthClientView(
    string ClientId,
    string Name,
    IReadOnlyList<string> RedirectUris,
    IReadOnlyList<string> Scopes,
    bool Confidential,
    DateTimeOffset CreatedAt,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ClientSecret = null);

/// <summary>Answer of <c>GET /api/v1/admin/oauth-clients</c>.</summary>
public sealed record OAuthClientsResponse(IReadOnlyList<OAuthClientView> Clients);

/// <summary>What a user has allowed a client.</summary>
public sealed record OAuthGrantView(
    string Id,
    string ClientId,
    string ClientName,
    string Resource,
    IReadOnlyList<string> Scopes,
    DateTimeOffset CreatedAt,
    DateTimeOffset LastUsedAt,
    DateTimeOffset ExpiresAt);

/// <summary>Answer of <c>GET /api/v1/me/oauth-grants</c>.</summary>
public sealed record OAuthGrantsResponse(IReadOnlyList<OAuthGrantView> Grants);
