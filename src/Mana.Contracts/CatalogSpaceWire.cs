namespace Mana.Contracts;

/// <summary>A member of a <see cref="CatalogSpace"/>.</summary>
public sealed record CatalogSpaceMember(string Email, string Role);

/// <summary>
/// Body and answer of <c>PUT /api/v1/admin/spaces/:slug</c> (ours): a shared space of personas, as a catalog describes
/// it. The answer carries the <c>Id</c>.
/// </summary>
public sealed record CatalogSpace(string Slug, string Name, string Type, IReadOnlyList<CatalogSpaceMember> Members, SpaceId? Id = null);

/// <summary>Answer of <c>GET /api/v1/admin/spaces</c>.</summary>
public sealed record CatalogSpacesResponse(IReadOnlyList<CatalogSpace> Spaces);
