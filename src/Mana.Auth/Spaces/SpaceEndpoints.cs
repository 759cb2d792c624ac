using System.Text.Json;
using System.Text.RegularExpressions;
using LinqToDB;
using Mana.Auth.Http;
using Mana.Auth.Sessions;
using Mana.Auth.Storage;
using Mana.Contracts;
using Mana.Hosting;
using Mana.Hosting.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Mana.Auth.Spaces;

internal static partial class SpaceEndpoints
{
    private const int MaxName = 100;
    private const int MaxSlug = 50;
    private const int BodyLimit = 32 * 1024;

    public static void AddSpaces(this IServiceCollection services)
    {
        services.AddSingleton<SpaceMembers>();
        services.AddSingleton<Invitations>();
        services.AddSingleton<CatalogSpaces>();
        services.AddSingleton<SpaceCleanup>();
        services.AddHostedService(provider => provider.GetRequiredService<SpaceCleanup>());
    }

    public static void MapSpaces(this IEndpointRouteBuilder app)
    {
        app.MapGet("/api/auth/organization/list", ListAsync);
        app.MapPost("/api/auth/organization/create", CreateAsync).RequireTrustedOrigin();
        app.MapGet("/api/v1/internal/org/{orgId}/member/{userId}", MemberAsync);
        app.MapGet("/api/v1/internal/users/{userId}/memberships", MembershipsAsync);
        app.MapGet("/api/v1/internal/users/{userId}/spaces", OfUserAsync);
        app.MapSharing();
        app.MapCatalogSpaces();
    }

    /// <summary>Whether a text can be the slug of a space.</summary>
    public static bool IsSlug(string slug) => slug.Length <= MaxSlug && SlugPattern().IsMatch(slug) && !PersonalSpaces.IsReserved(slug);

    private static async Task<IResult> ListAsync(HttpContext context, Callers callers, ServiceDatabase database)
    {
        if (await callers.FindUserAsync(context) is not { } user)
        {
            return Answers.NativeUnauthorized();
        }

        return await SpacesOfAsync(database, user.Id, context.RequestAborted);
    }

    /// <summary>The same for mana-mcp, whose callers may bring a token that is not for mana-auth.</summary>
    private static Task<IResult> OfUserAsync(string userId, ServiceDatabase database, CancellationToken cancellationToken) =>
        SpacesOfAsync(database, userId, cancellationToken);

    private static async Task<IResult> SpacesOfAsync(ServiceDatabase database, string userId, CancellationToken cancellationToken) =>
        Answers.Json<IReadOnlyList<SpaceView>>([.. (await JoinedAsync(database, userId, cancellationToken)).Select(ToView)], AuthServerJson.Default.IReadOnlyListSpaceView);

    private static Task<List<JoinedSpaceRow>> JoinedAsync(ServiceDatabase database, string userId, CancellationToken cancellationToken) =>
        database.ReadAsync(
            (db, ct) => db.RowsAsync<JoinedSpaceRow>(
                """
                select organizations.*, members.role as role from members
                join organizations on organizations.id = members.organization_id join users on users.id = members.user_id
                where members.user_id = @user and users.deleted_at is null order by members.created_at, members.id
                """,
                ct,
                ("user", userId)),
            cancellationToken);

    private static SpaceView ToView(JoinedSpaceRow space) => new(
        new SpaceId(space.Id), space.Name, space.Slug, space.Logo, space.CreatedAt, SpaceMetadata.Parse(space.Metadata), space.Role);

    private static async Task<IResult> CreateAsync(HttpContext context, Callers callers, ServiceDatabase database, DomainClock clock)
    {
        if (await callers.FindSessionAsync(context) is not { } session)
        {
            return Answers.NativeUnauthorized();
        }

        if (await RequestBody.ReadAsync(context, BodyLimit) is not { } body)
        {
            return Invalid("VALIDATION_ERROR", "Invalid JSON body");
        }

        // Models read the name: one line, so that it cannot look like something else.
        if (!body.Member("name").TryGetText(MaxName, out var name) || name.Any(char.IsControl))
        {
            return Invalid("VALIDATION_ERROR", $"[body.name] Invalid input: expected 1 to {MaxName} characters on one line");
        }

        if (!body.Member("slug").TryGetText(MaxSlug, out var slug) || !IsSlug(slug))
        {
            return Invalid("VALIDATION_ERROR", $"[body.slug] Invalid input: expected lower-case letters, digits and single hyphens, at most {MaxSlug}, and no reserved word");
        }

        // "personal" is missing on purpose: everybody has that one space from the start, and clients look for it by type.
        if (body.Member("metadata") is not { ValueKind: JsonValueKind.Object } metadata
            || !metadata.Member("type").TryGetText(out var type)
            || !SpaceTypes.Shared.Contains(type))
        {
            return Invalid("SPACE_METADATA_INVALID", $"metadata must be an object whose type is one of {string.Join(", ", SpaceTypes.Shared)}");
        }

        var now = clock.Now();
        var space = new OrganizationRow
        {
            Id = RandomId.Nano(),
            Name = name.Trim(),
            Slug = slug,

            // A JSON string that holds the object: what clients of this endpoint have always read back.
            Metadata = "\"" + JsonEncodedText.Encode(metadata.GetRawText()) + "\"",
            CreatedAt = now,
        };
        var member = new MemberRow { Id = RandomId.Nano(), OrganizationId = space.Id, UserId = session.User.Id, Role = SpaceRoles.Owner, CreatedAt = now };
        if (!await StoreAsync(database, space, member, context.RequestAborted))
        {
            return Invalid("ORGANIZATION_ALREADY_EXISTS", "Organization already exists");
        }

        var view = new MemberView(member.Id, member.OrganizationId, member.UserId, member.Role, now);
        return Answers.Json(
            new CreatedSpace(space.Id, space.Name, space.Slug, null, now, metadata, [view]), AuthServerJson.Default.CreatedSpace);
    }

    private static async Task<bool> StoreAsync(ServiceDatabase database, OrganizationRow space, MemberRow member, CancellationToken cancellationToken)
    {
        try
        {
            await database.WriteAsync(
                async (db, ct) =>
                {
                    await db.InsertAsync(space, token: ct);
                    await db.InsertAsync(member, token: ct);
                },
                cancellationToken);
            return true;
        }
        catch (System.Data.Common.DbException e) when (UniqueViolation.Is(e))
        {
            return false;
        }
    }

    private static IResult Invalid(string code, string message) => Answers.NativeError(StatusCodes.Status400BadRequest, code, message);

    private static async Task<IResult> MemberAsync(string orgId, string userId, ServiceDatabase database, CancellationToken cancellationToken)
    {
        var space = await database.ReadAsync(
            (db, ct) => db.RowAsync<JoinedSpaceRow>(
                """
                select organizations.*, members.role as role from members
                join users on users.id = members.user_id join organizations on organizations.id = members.organization_id
                where members.organization_id = @space and members.user_id = @user and users.deleted_at is null
                """,
                ct,
                ("space", orgId), ("user", userId)),
            cancellationToken);
        return Answers.Json(
            space is null ? new MembershipResponse(false, "") : new MembershipResponse(true, space.Role, SpaceMetadata.TypeOf(space.Metadata)),
            AuthServerJson.Default.MembershipResponse);
    }

    private static async Task<IResult> MembershipsAsync(string userId, ServiceDatabase database, CancellationToken cancellationToken)
    {
        var rows = await JoinedAsync(database, userId, cancellationToken);
        return Answers.Json(
            new MembershipsResponse(userId, [.. rows.Select(row => new MembershipView(row.Id, row.Role, SpaceMetadata.TypeOf(row.Metadata)))]),
            AuthServerJson.Default.MembershipsResponse);
    }

    // Not $, which lets a line break through.
    [GeneratedRegex(@"^[a-z0-9]+(-[a-z0-9]+)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex SlugPattern();
}
