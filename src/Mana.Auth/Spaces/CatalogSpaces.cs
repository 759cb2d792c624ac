using System.Data.Common;
using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;
using Mana.Auth.Storage;
using Mana.Contracts;
using Mana.Hosting;
using Mana.Hosting.Storage;
using Microsoft.AspNetCore.Http;

namespace Mana.Auth.Spaces;

/// <summary>
/// The shared spaces of a catalog: administrators put personas together without asking them. Spaces that people made
/// are out of reach here, and people are never put anywhere.
/// </summary>
internal sealed class CatalogSpaces(ServiceDatabase database, SpaceCleanup cleanup, DomainClock clock)
{
    /// <summary>
    /// Makes the space or brings it up to date. Afterwards its personas are exactly those listed; people who were
    /// invited into it stay.
    /// </summary>
    public async Task<SpaceResult<CatalogSpace>> PutAsync(CatalogSpace wanted, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await database.WriteAsync((db, ct) => PutAsync(db, wanted, ct), cancellationToken);
            }
            catch (DbException e) when (UniqueViolation.Is(e) && attempt < 3)
            {
                // Somebody made a space of this slug meanwhile: look again.
            }
        }
    }

    /// <summary>All spaces of catalogs, with their personas.</summary>
    public Task<CatalogSpacesResponse> ListAsync(CancellationToken cancellationToken) =>
        database.ReadAsync(
            async (db, ct) =>
            {
                var spaces = new List<CatalogSpace>();
                var shared = await db.GetTable<OrganizationRow>().Where(row => row.Metadata!.Contains("managedBy")).OrderBy(row => row.Slug).ToListAsync(ct);
                foreach (var row in shared.Where(row => SpaceMetadata.IsManaged(row.Metadata)))
                {
                    spaces.Add(await ViewAsync(db, row, ct));
                }

                return new CatalogSpacesResponse(spaces);
            },
            cancellationToken);

    /// <summary>Removes a space of a catalog, and has its records removed.</summary>
    public async Task<SpaceRefusal?> DeleteAsync(string slug, CancellationToken cancellationToken)
    {
        var refusal = await database.WriteAsync(
            async (db, ct) =>
            {
                if (await db.GetTable<OrganizationRow>().FirstOrDefaultAsync(row => row.Slug == slug, ct) is not { } space)
                {
                    return SpaceRefusal.NotFound with { Message = "There is no space of this slug" };
                }

                if (!SpaceMetadata.IsManaged(space.Metadata))
                {
                    return NotOurs(slug);
                }

                await SpaceMembers.DeleteSpacesAsync(db, [space.Id], clock.Now(), ct);
                return null;
            },
            cancellationToken);
        if (refusal is null)
        {
            cleanup.Wake();
        }

        return refusal;
    }

    private static SpaceRefusal NotOurs(string slug) => new(
        StatusCodes.Status409Conflict, "NotACatalogSpace", $"The space {slug} was made by a user; administrators do not change it. Choose another slug");

    private async Task<SpaceResult<CatalogSpace>> PutAsync(DataConnection db, CatalogSpace wanted, CancellationToken cancellationToken)
    {
        var emails = wanted.Members.Select(member => member.Email).ToList();
        var users = await db.GetTable<UserRow>()
            .Where(user => emails.Contains(user.Email) && user.Kind == UserKinds.Persona && user.DeletedAt == null)
            .ToDictionaryAsync(user => user.Email, user => user.Id, cancellationToken);
        if (emails.Where(email => !users.ContainsKey(email)).ToList() is { Count: > 0 } unknown)
        {
            return SpaceRefusal.Invalid($"members: {string.Join(", ", unknown)} {(unknown.Count == 1 ? "is no persona" : "are no personas")}; seed personas first");
        }

        var now = clock.Now();
        var space = await db.GetTable<OrganizationRow>().FirstOrDefaultAsync(row => row.Slug == wanted.Slug, cancellationToken);
        if (space is null)
        {
            space = new OrganizationRow { Id = RandomId.Nano(), Name = wanted.Name, Slug = wanted.Slug, Metadata = SpaceMetadata.Managed(wanted.Type), CreatedAt = now };
            await db.InsertAsync(space, token: cancellationToken);
        }
        else if (!SpaceMetadata.IsManaged(space.Metadata))
        {
            return NotOurs(wanted.Slug);
        }
        else
        {
            await db.LockSpaceAsync(space.Id, cancellationToken);
            space.Name = wanted.Name;
            space.Metadata = SpaceMetadata.Managed(wanted.Type);
            await db.UpdateAsync(space, token: cancellationToken);
        }

        var known = await db.GetTable<MemberRow>().Where(row => row.OrganizationId == space.Id).ToDictionaryAsync(row => row.UserId, cancellationToken);
        foreach (var member in wanted.Members)
        {
            var userId = users[member.Email];
            if (!known.TryGetValue(userId, out var row))
            {
                await db.InsertAsync(
                    new MemberRow { Id = RandomId.Nano(), OrganizationId = space.Id, UserId = userId, Role = member.Role, CreatedAt = now }, token: cancellationToken);
            }
            else if (row.Role != member.Role)
            {
                row.Role = member.Role;
                await db.UpdateAsync(row, token: cancellationToken);
            }
        }

        var listed = users.Values.ToList();
        await db.GetTable<MemberRow>().DeleteAsync(
            row => row.OrganizationId == space.Id
                && !listed.Contains(row.UserId)
                && db.GetTable<UserRow>().Any(user => user.Id == row.UserId && user.Kind == UserKinds.Persona),
            cancellationToken);
        return await ViewAsync(db, space, cancellationToken);
    }

    private static async Task<CatalogSpace> ViewAsync(DataConnection db, OrganizationRow space, CancellationToken cancellationToken)
    {
        var members = await (from member in db.GetTable<MemberRow>()
                             join user in db.GetTable<UserRow>() on member.UserId equals user.Id
                             where member.OrganizationId == space.Id && user.Kind == UserKinds.Persona
                             orderby member.CreatedAt, user.Email
                             select new CatalogSpaceMember(user.Email, member.Role)).ToListAsync(cancellationToken);
        return new CatalogSpace(space.Slug, space.Name, SpaceMetadata.TypeOf(space.Metadata) ?? "", members, new SpaceId(space.Id));
    }
}
