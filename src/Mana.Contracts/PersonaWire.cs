using System.Text.Json;
using System.Text.Json.Serialization;

namespace Mana.Contracts;

/// <summary>A persona as <c>GET /api/v1/internal/personas/due</c> gives it. The last five fields are ours; an older mana-auth leaves them out.</summary>
public sealed record DuePersona(
    UserId UserId,
    string Email,
    string Archetype,
    string SystemPrompt,
    IReadOnlyDictionary<string, double> ModuleMix,
    string TickCadence,
    DateTimeOffset? LastActiveAt,
    string? Name = null,
    string? TimeZone = null,
    string? Language = null,
    string? ActiveHours = null,
    int Failures = 0);

/// <summary>Answer of <c>due</c>. <c>Next</c> (ours) is the <c>after</c> of the next page, null on the last.</summary>
public sealed record DueResponse(IReadOnlyList<DuePersona> Personas, DateTimeOffset ServerTime, string? Next = null);

/// <summary>
/// One tool call as delivered to mana-auth. <c>Seq</c> (ours) is its place in the tick from 0, so that split batches
/// neither collide nor lose their order.
/// </summary>
public sealed record ActionRow(
    TickId TickId,
    string ToolName,
    string Result,
    string? InputHash = null,
    string? ErrorMessage = null,
    int? LatencyMs = null,
    int? Seq = null);

/// <summary>Body of <c>POST /api/v1/internal/personas/:id/actions</c>; at most <see cref="MaxBatch"/> rows.</summary>
public sealed record ActionsRequest(IReadOnlyList<ActionRow> Actions)
{
    /// <summary>The most rows of one batch.</summary>
    public const int MaxBatch = 500;
}

/// <summary>A rating of one module in one tick, 1 to 5.</summary>
public sealed record FeedbackRow(TickId TickId, string Module, int Rating, string? Notes = null);

/// <summary>Body of <c>POST /api/v1/internal/personas/:id/feedback</c>; at most <see cref="MaxBatch"/> rows.</summary>
public sealed record FeedbackRequest(IReadOnlyList<FeedbackRow> Feedback)
{
    /// <summary>The most rows of one batch.</summary>
    public const int MaxBatch = 100;
}

/// <summary>Answer to both: <c>Written</c> is the number of rows inserted, not sent.</summary>
public sealed record WrittenResponse(bool Ok, int Written);

/// <summary>How a tick ended (<see cref="TickOutcomes"/>); body of <c>POST /api/v1/internal/personas/:id/ticks</c> (ours).</summary>
public sealed record TickOutcomeRequest(
    TickId TickId,
    string Outcome,
    DateTimeOffset StartedAt,
    DateTimeOffset EndedAt,
    string Brain,
    int ToolCalls,
    string? Error = null);

/// <summary>Answer: when the persona is due again, and how many ticks in a row have failed.</summary>
public sealed record TickOutcomeResponse(bool Ok, bool Recorded, DateTimeOffset? NextDueAt, int Failures);

/// <summary>The values of <see cref="TickOutcomeRequest.Outcome"/>.</summary>
public static class TickOutcomes
{
    /// <summary>The persona acted and was asked for its ratings.</summary>
    public const string Completed = "completed";

    /// <summary>Nothing to do: no tool was called, or no module of the mix has tools.</summary>
    public const string Idle = "idle";

    /// <summary>A stage failed; the error says which.</summary>
    public const string Failed = "failed";

    /// <summary>The tick passed its deadline; what it did is kept.</summary>
    public const string TimedOut = "timed-out";

    /// <summary>All values.</summary>
    public static IReadOnlyList<string> All { get; } = [Completed, Idle, Failed, TimedOut];
}

/// <summary>
/// Body of <c>POST /api/v1/admin/personas</c>. The last four fields are ours and optional; without
/// <c>AllowDestructive</c> the persona's tool policy stays as it is.
/// </summary>
public sealed record PersonaUpsert(
    string Email,
    string? Name,
    string Password,
    string Archetype,
    string SystemPrompt,
    IReadOnlyDictionary<string, double> ModuleMix,
    string? TickCadence = null,
    string? TimeZone = null,
    string? Language = null,
    string? ActiveHours = null,
    IReadOnlyList<string>? AllowDestructive = null);

/// <summary>Answer of the upsert.</summary>
public sealed record PersonaUpsertResponse(bool Ok, UserId UserId, string Email);

/// <summary>A row of <c>GET /api/v1/admin/personas</c>.</summary>
public sealed record PersonaSummary(
    UserId UserId,
    string Email,
    string Name,
    string Archetype,
    string TickCadence,
    DateTimeOffset? LastActiveAt,
    DateTimeOffset CreatedAt,
    int Actions7d,
    DateTimeOffset? NextDueAt = null,
    int Failures = 0,
    DateTimeOffset? LastFailedAt = null,
    string? LastError = null);

/// <summary>Answer of <c>GET /api/v1/admin/personas</c>.</summary>
public sealed record PersonaListResponse(IReadOnlyList<PersonaSummary> Personas);

/// <summary>The persona of <see cref="PersonaDetailResponse"/>.</summary>
public sealed record PersonaDetail(
    UserId UserId,
    string Email,
    string Name,
    string Archetype,
    string SystemPrompt,
    IReadOnlyDictionary<string, double> ModuleMix,
    string TickCadence,
    DateTimeOffset? LastActiveAt,
    DateTimeOffset CreatedAt,
    string? TimeZone = null,
    string? Language = null,
    string? ActiveHours = null,
    DateTimeOffset? NextDueAt = null,
    int Failures = 0,
    DateTimeOffset? LastFailedAt = null,
    string? LastError = null,
    IReadOnlyList<string>? AllowDestructive = null);

/// <summary>A stored action row; <c>Seq</c> (ours) is its place in the tick, or in its batch when the caller sent none.</summary>
public sealed record StoredAction(
    string Id,
    string PersonaId,
    TickId TickId,
    string ToolName,
    string? InputHash,
    string Result,
    string? ErrorMessage,
    int? LatencyMs,
    DateTimeOffset CreatedAt,
    int? Seq);

/// <summary>Average rating of a module over all ticks, with the number of ratings behind it.</summary>
public sealed record ModuleFeedback(string Module, double AvgRating, int Count);

/// <summary>Answer of <c>GET /api/v1/admin/personas/:id</c>.</summary>
public sealed record PersonaDetailResponse(
    PersonaDetail Persona,
    IReadOnlyList<StoredAction> RecentActions,
    IReadOnlyList<ModuleFeedback> FeedbackByModule);

/// <summary>JSON of mana-auth's wire: camelCase, ISO times, unknown members ignored.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.Never, Converters = [typeof(IsoTimeConverter)])]
[JsonSerializable(typeof(LoginRequest))]
[JsonSerializable(typeof(LoginResponse))]
[JsonSerializable(typeof(TokenResponse))]
[JsonSerializable(typeof(IReadOnlyList<SpaceView>))]
[JsonSerializable(typeof(MembershipResponse))]
[JsonSerializable(typeof(ToolPolicy))]
[JsonSerializable(typeof(UserToolPolicy))]
[JsonSerializable(typeof(DueResponse))]
[JsonSerializable(typeof(ActionsRequest))]
[JsonSerializable(typeof(FeedbackRequest))]
[JsonSerializable(typeof(WrittenResponse))]
[JsonSerializable(typeof(TickOutcomeRequest))]
[JsonSerializable(typeof(TickOutcomeResponse))]
[JsonSerializable(typeof(PersonaUpsert))]
[JsonSerializable(typeof(PersonaUpsertResponse))]
[JsonSerializable(typeof(PersonaListResponse))]
[JsonSerializable(typeof(PersonaDetailResponse))]
[JsonSerializable(typeof(OAuthClientRequest))]
[JsonSerializable(typeof(OAuthClientView))]
[JsonSerializable(typeof(OAuthClientsResponse))]
[JsonSerializable(typeof(OAuthGrantsResponse))]
[JsonSerializable(typeof(PurgeRequest))]
[JsonSerializable(typeof(PurgeResponse))]
[JsonSerializable(typeof(CatalogSpace))]
[JsonSerializable(typeof(CatalogSpacesResponse))]
[JsonSerializable(typeof(JsonElement))]
public sealed partial class AuthJson : JsonSerializerContext;
