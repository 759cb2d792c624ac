using System.Text.Json;
using System.Text.Json.Serialization;
using Mana.Contracts;

namespace Mana.Auth.Http;

/// <summary>Envelope A.</summary>
internal sealed record AuthErrorBody(
    string Error,
    string Message,
    int Status,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? RetryAfterSec);

/// <summary>Envelope C.</summary>
internal sealed record NativeErrorBody(
    string Message,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Code);

/// <summary>Envelope D.</summary>
internal sealed record ErrorBody(
    string Error,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Message,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Hint,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? Details);

internal sealed record RegisterResponse(string? Token, UserView User);

internal sealed record SignInResponse(bool Redirect, string Token, UserView User);

internal sealed record RefreshResponse(string AccessToken, string RefreshToken);

internal sealed record SignupStatus(bool RegistrationOpen, int? SpotsRemaining, int TotalToday, int Limit, DateTimeOffset ResetsAt);

internal sealed record SessionView(
    string Id,
    string Token,
    DateTimeOffset ExpiresAt,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    string? IpAddress,
    string? UserAgent,
    string UserId,
    string? ActiveOrganizationId);

internal sealed record SessionResponse(SessionView Session, UserView User);

internal sealed record SuccessResponse(bool Success);

internal sealed record TokenValidity(
    bool Valid,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] JsonElement? Payload);

internal sealed record JwkView(string Alg, string Crv, string X, string Kty, string Kid);

internal sealed record JwksResponse(IReadOnlyList<JwkView> Keys);

internal sealed record RotatedResponse(bool Ok, string Kid, DateTimeOffset CreatedAt);

internal sealed record MemberView(string Id, string OrganizationId, string UserId, string Role, DateTimeOffset CreatedAt);

internal sealed record CreatedSpace(
    string Id,
    string Name,
    string Slug,
    string? Logo,
    DateTimeOffset CreatedAt,
    JsonElement Metadata,
    IReadOnlyList<MemberView> Members);

internal sealed record MembershipView(
    string OrganizationId,
    string Role,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? SpaceType);

internal sealed record MembershipsResponse(string UserId, IReadOnlyList<MembershipView> Memberships);

internal sealed record DoneResponse(bool Ok);

internal sealed record SpaceMember(string UserId, string Name, string Email, string Kind, string Role, DateTimeOffset CreatedAt);

/// <summary><c>Role</c> is the caller's.</summary>
internal sealed record SpaceMembersResponse(string SpaceId, string Role, IReadOnlyList<SpaceMember> Members);

internal sealed record InvitationView(string Id, string SpaceId, string Email, string Role, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt);

/// <summary><c>Role</c> is the caller's.</summary>
internal sealed record InvitationsResponse(string Role, IReadOnlyList<InvitationView> Invitations);

/// <summary>What somebody is invited to, and as what.</summary>
internal sealed record MyInvitationView(
    string Id,
    string SpaceId,
    string SpaceName,
    string Slug,
    string? Type,
    string Role,
    string InvitedBy,
    DateTimeOffset CreatedAt,
    DateTimeOffset ExpiresAt);

internal sealed record MyInvitationsResponse(IReadOnlyList<MyInvitationView> Invitations);

internal sealed record DeletedResponse(bool Ok, string Deleted);

internal sealed record HealthResponse(string Status, string Service, DateTimeOffset Timestamp, string Version);

/// <summary>What this service writes: camelCase, times as ISO 8601 with milliseconds and Z.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    DefaultIgnoreCondition = JsonIgnoreCondition.Never,
    Converters = [typeof(IsoTimeConverter)])]
[JsonSerializable(typeof(AuthErrorBody))]
[JsonSerializable(typeof(NativeErrorBody))]
[JsonSerializable(typeof(ErrorBody))]
[JsonSerializable(typeof(RegisterResponse))]
[JsonSerializable(typeof(SignInResponse))]
[JsonSerializable(typeof(LoginResponse))]
[JsonSerializable(typeof(RefreshResponse))]
[JsonSerializable(typeof(SignupStatus))]
[JsonSerializable(typeof(SessionResponse))]
[JsonSerializable(typeof(SuccessResponse))]
[JsonSerializable(typeof(TokenValidity))]
[JsonSerializable(typeof(TokenResponse))]
[JsonSerializable(typeof(JwksResponse))]
[JsonSerializable(typeof(RotatedResponse))]
[JsonSerializable(typeof(IReadOnlyList<SpaceView>))]
[JsonSerializable(typeof(CreatedSpace))]
[JsonSerializable(typeof(MembershipResponse))]
[JsonSerializable(typeof(MembershipsResponse))]
[JsonSerializable(typeof(DoneResponse))]
[JsonSerializable(typeof(PurgeResponse))]
[JsonSerializable(typeof(OAuthClientView))]
[JsonSerializable(typeof(OAuthClientsResponse))]
[JsonSerializable(typeof(OAuthGrantsResponse))]
[JsonSerializable(typeof(SpaceMember))]
[JsonSerializable(typeof(MemberView))]
[JsonSerializable(typeof(SpaceMembersResponse))]
[JsonSerializable(typeof(InvitationView))]
[JsonSerializable(typeof(InvitationsResponse))]
[JsonSerializable(typeof(MyInvitationsResponse))]
[JsonSerializable(typeof(CatalogSpace))]
[JsonSerializable(typeof(CatalogSpacesResponse))]
[JsonSerializable(typeof(DueResponse))]
[JsonSerializable(typeof(WrittenResponse))]
[JsonSerializable(typeof(TickOutcomeResponse))]
[JsonSerializable(typeof(PersonaUpsertResponse))]
[JsonSerializable(typeof(PersonaListResponse))]
[JsonSerializable(typeof(PersonaDetailResponse))]
[JsonSerializable(typeof(DeletedResponse))]
[JsonSerializable(typeof(HealthResponse))]
[JsonSerializable(typeof(ToolPolicy))]
[JsonSerializable(typeof(UserToolPolicy))]
[JsonSerializable(typeof(IReadOnlyList<string>))]
[JsonSerializable(typeof(IReadOnlyDictionary<string, double>))]
internal sealed partial class AuthServerJson : JsonSerializerContext;
