using System.Text.Json.Serialization;

namespace Mana.Contracts;

/// <summary>
/// Body of <c>POST /api/v1/admin/purge</c> (mana-auth) and <c>POST /api/v1/purge</c> (runner), both ours: everything of a
/// persona, or everything of some ticks.
/// </summary>
public sealed record PurgeRequest(string? Email = null, IReadOnlyList<TickId>? TickIds = null)
{
    /// <summary>The most ticks of one request.</summary>
    public const int MaxTicks = 500;
}

/// <summary>
/// What was removed and what is left, row by row, for every table that could hold something; <c>Remaining</c> is counted
/// after the removal, in its transaction. <c>UserId</c> and <c>Spaces</c> only where mana-auth removed a persona.
/// </summary>
public sealed record PurgeResponse(
    bool Ok,
    IReadOnlyDictionary<string, long> Deleted,
    IReadOnlyDictionary<string, long> Remaining,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] UserId? UserId = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<PurgedSpace>? Spaces = null);

/// <summary>A space that went with its persona; <c>Removed</c> once mana-mcp has removed its records too.</summary>
public sealed record PurgedSpace(SpaceId Id, string Slug, bool Removed, string? Error);
