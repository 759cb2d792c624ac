using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;
using Mana.Auth.Http;
using Mana.Auth.Storage;
using Mana.Contracts;
using Mana.Hosting;
using Mana.Hosting.Storage;
using Microsoft.Extensions.Logging;

namespace Mana.Auth.Spaces;

/// <summary>Who belongs to a space and as what. Every change looks at the caller's own role in the transaction that makes it.</summary>
internal sealed partial class SpaceMembers(ServiceDatabase database, SpaceCleanup cleanup, DomainClock clock, ILogger<SpaceMembers> logger)
{
    /// <summary>The most members and open invitations of one space.</summary>
    public const int MaxMembers = 100;

    /// <summary>The space as the user sees it; null for strangers.</summary>
    public static Task<JoinedSpaceRow?> FindAsync(DataConnection db, string spaceId, string userId, CancellationToken cancellationToken) =>
        db.RowAsync<JoinedSpaceRow>(
            """
            select organizations.*, members.role as role from members join organizations on organizations.id = members.organization_id
            where members.organization_id = @space and members.user_id = @user
            """,
            cancellationToken,
            ("space", spaceId), ("user", userId));

    /// <summary>Everybody in the space; for its members.</summary>
    public Task<SpaceResult<SpaceMembersResponse>> ListAsync(string spaceId, string callerId, CancellationToken cancellationToken) =>
        database.ReadAsync<SpaceResult<SpaceMembersResponse>>(
            async (db, ct) =>
            {
                if (await FindAsync(db, spaceId, callerId, ct) is not { } space)
                {
                    return SpaceRefusal.NotFound;
                }

                var members = await (from member in db.GetTable<MemberRow>()
                                     join user in db.GetTable<UserRow>() on member.UserId equals user.Id
                                     where member.OrganizationId == spaceId && user.DeletedAt == null
                                     orderby member.CreatedAt, member.Id
                                     select new SpaceMember(user.Id, user.Name, user.Email, user.Kind, member.Role, member.CreatedAt)).ToListAsync(ct);
                return new SpaceMembersResponse(space.Id, space.Role, members);
            },
            cancellationToken);

    /// <summary>Gives a member another role.</summary>
    public Task<SpaceResult<SpaceMember>> SetRoleAsync(
        string spaceId, string callerId, string memberId, string role, CancellationToken cancellationToken) =>
        database.WriteAsync<SpaceResult<SpaceMember>>(
            async (db, ct) =>
            {
                await db.LockSpaceAsync(spaceId, ct);
                if (await FindAsync(db, spaceId, callerId, ct) is not { } space)
                {
                    return SpaceRefusal.NotFound;
                }

                if (!SpaceRights.Manages(space.Role))
                {
                    return SpaceRefusal.Forbidden("Only owners and administrators of the space change roles");
                }

                if (await MemberAsync(db, spaceId, memberId, ct) is not { } member)
                {
                    return SpaceRefusal.NoSuchMember;
                }

                if (!SpaceRights.MayManage(space.Role, member.Role) || !SpaceRights.MayManage(space.Role, role))
                {
                    return SpaceRefusal.Forbidden("Only an owner makes owners, and changes the role of one");
                }

                if (member.Role == SpaceRoles.Owner && role != SpaceRoles.Owner && !await HasOtherOwnerAsync(db, spaceId, memberId, ct))
                {
                    return SpaceRefusal.LastOwner;
                }

                member.Role = role;
                await db.UpdateAsync(member, token: ct);
                Log.RoleChanged(logger, spaceId, memberId, role, callerId);
                var user = await db.GetTable<UserRow>().FirstAsync(row => row.Id == memberId, ct);
                return new SpaceMember(user.Id, user.Name, user.Email, user.Kind, role, member.CreatedAt);
            },
            cancellationToken);

    /// <summary>Takes a member out; whoever takes out themselves leaves.</summary>
    public Task<SpaceRefusal?> RemoveAsync(string spaceId, string callerId, string memberId, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async (db, ct) =>
            {
                await db.LockSpaceAsync(spaceId, ct);
                if (await FindAsync(db, spaceId, callerId, ct) is not { } space)
                {
                    return SpaceRefusal.NotFound;
                }

                if (SpaceMetadata.TypeOf(space.Metadata) == SpaceTypes.Personal)
                {
                    return SpaceRefusal.Personal;
                }

                if (await MemberAsync(db, spaceId, memberId, ct) is not { } member)
                {
                    return SpaceRights.Manages(space.Role) ? SpaceRefusal.NoSuchMember : SpaceRefusal.Forbidden("Only owners and administrators of the space remove members");
                }

                if (memberId != callerId && !SpaceRights.MayManage(space.Role, member.Role))
                {
                    return SpaceRefusal.Forbidden(SpaceRights.Manages(space.Role)
                        ? "Only an owner removes an owner"
                        : "Only owners and administrators of the space remove members");
                }

                if (member.Role == SpaceRoles.Owner && !await HasOtherOwnerAsync(db, spaceId, memberId, ct))
                {
                    return SpaceRefusal.LastOwner;
                }

                await db.GetTable<MemberRow>().DeleteAsync(row => row.Id == member.Id, ct);
                Log.Removed(logger, spaceId, memberId, callerId);
                return null;
            },
            cancellationToken);

    /// <summary>Deletes the space, and has its records removed.</summary>
    public async Task<SpaceRefusal?> DeleteSpaceAsync(string spaceId, string callerId, CancellationToken cancellationToken)
    {
        var refusal = await database.WriteAsync(
            async (db, ct) =>
            {
                if (await FindAsync(db, spaceId, callerId, ct) is not { } space)
                {
                    return SpaceRefusal.NotFound;
                }

                if (SpaceMetadata.TypeOf(space.Metadata) == SpaceTypes.Personal)
                {
                    return SpaceRefusal.Personal;
                }

                if (space.Role != SpaceRoles.Owner)
                {
                    return SpaceRefusal.Forbidden("Only an owner deletes a space");
                }

                await DeleteSpacesAsync(db, [spaceId], clock.Now(), ct);
                Log.SpaceDeleted(logger, spaceId, callerId);
                return null;
            },
            cancellationToken);
        if (refusal is null)
        {
            cleanup.Wake();
        }

        return refusal;
    }

    /// <summary>The spaces that nobody else owns: without their owner they would be nobody's.</summary>
    public static Task<List<OrganizationRow>> OwnedAloneAsync(DataConnection db, string userId, CancellationToken cancellationToken) =>
        db.RowsAsync<OrganizationRow>(
            """
            select organizations.* from members join organizations on organizations.id = members.organization_id
            where members.user_id = @user and members.role = @owner and not exists (
              select 1 from members other
              where other.organization_id = members.organization_id and other.user_id <> @user and other.role = @owner)
            """,
            cancellationToken,
            ("user", userId), ("owner", SpaceRoles.Owner));

    /// <summary>Deletes spaces and queues the removal of their records, within the caller's transaction.</summary>
    public static async Task DeleteSpacesAsync(DataConnection db, IReadOnlyCollection<string> spaceIds, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var deleted = new List<string>();
        foreach (var id in spaceIds)
        {
            // Of two who delete the same space at once, one finds it gone.
            if (await db.GetTable<OrganizationRow>().DeleteAsync(row => row.Id == id, cancellationToken) > 0)
            {
                deleted.Add(id);
            }
        }

        await SpaceCleanup.EnqueueAsync(db, deleted, now, cancellationToken);
    }

    private static Task<MemberRow?> MemberAsync(DataConnection db, string spaceId, string userId, CancellationToken cancellationToken) =>
        db.GetTable<MemberRow>().FirstOrDefaultAsync(row => row.OrganizationId == spaceId && row.UserId == userId, cancellationToken);

    private static Task<bool> HasOtherOwnerAsync(DataConnection db, string spaceId, string userId, CancellationToken cancellationToken) =>
        (from member in db.GetTable<MemberRow>()
         join user in db.GetTable<UserRow>() on member.UserId equals user.Id
         where member.OrganizationId == spaceId && member.UserId != userId && member.Role == SpaceRoles.Owner && user.DeletedAt == null
         select member).AnyAsync(cancellationToken);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "Space {SpaceId}: {UserId} is {Role} now, by {CallerId}")]
        public static partial void RoleChanged(ILogger logger, string spaceId, string userId, string role, string callerId);

        [LoggerMessage(Level = LogLevel.Information, Message = "Space {SpaceId}: {UserId} is no member any more, by {CallerId}")]
        public static partial void Removed(ILogger logger, string spaceId, string userId, string callerId);

        [LoggerMessage(Level = LogLevel.Information, Message = "Space {SpaceId} deleted by {CallerId}")]
        public static partial void SpaceDeleted(ILogger logger, string spaceId, string callerId);
    }
}
