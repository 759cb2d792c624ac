using System.Data.Common;
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

/// <summary>
/// Invitations into shared spaces, by e-mail address: only the account of that address sees one and can accept it.
/// Whether there is such an account the inviting side does not learn.
/// </summary>
internal sealed partial class Invitations(ServiceDatabase database, DomainClock clock, ILogger<Invitations> logger)
{
    /// <summary>How long an invitation can be accepted.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(7);

    /// <summary>The roles that an invitation can give; owners are made of members.</summary>
    public static readonly IReadOnlyList<string> Roles = [SpaceRoles.Admin, SpaceRoles.Member, SpaceRoles.Viewer];

    private const string ToMe =
        """
        select invitations.*, organizations.name as space_name, organizations.slug as slug, organizations.metadata as metadata,
          users.name as inviter
        from invitations
        join organizations on organizations.id = invitations.organization_id
        join users on users.id = invitations.invited_by
        """;

    /// <summary>Invites, or renews the open invitation of the address with this role.</summary>
    public async Task<SpaceResult<InvitationView>> InviteAsync(
        string spaceId, UserRow caller, string email, string role, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await database.WriteAsync((db, ct) => InviteAsync(db, spaceId, caller, email, role, ct), cancellationToken);
            }
            catch (DbException e) when (UniqueViolation.Is(e) && attempt < 3)
            {
                // Two invited the same address at once: the second finds the first one's.
            }
        }
    }

    /// <summary>The open invitations of a space; for those who may invite.</summary>
    public Task<SpaceResult<InvitationsResponse>> ListAsync(string spaceId, string callerId, CancellationToken cancellationToken) =>
        database.ReadAsync<SpaceResult<InvitationsResponse>>(
            async (db, ct) =>
            {
                if (await SpaceMembers.FindAsync(db, spaceId, callerId, ct) is not { } space)
                {
                    return SpaceRefusal.NotFound;
                }

                if (!SpaceRights.Manages(space.Role))
                {
                    return SpaceRefusal.Forbidden("Only owners and administrators of the space see its invitations");
                }

                var now = clock.Now();
                var rows = await db.GetTable<InvitationRow>()
                    .Where(row => row.OrganizationId == spaceId && row.ExpiresAt > now)
                    .OrderBy(row => row.CreatedAt).ThenBy(row => row.Id)
                    .ToListAsync(ct);
                return new InvitationsResponse(space.Role, [.. rows.Select(ToView)]);
            },
            cancellationToken);

    /// <summary>Takes an invitation back.</summary>
    public Task<SpaceRefusal?> RevokeAsync(string spaceId, string callerId, string invitationId, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async (db, ct) =>
            {
                if (await SpaceMembers.FindAsync(db, spaceId, callerId, ct) is not { } space)
                {
                    return SpaceRefusal.NotFound;
                }

                if (!SpaceRights.Manages(space.Role))
                {
                    return SpaceRefusal.Forbidden("Only owners and administrators of the space revoke invitations");
                }

                var deleted = await db.GetTable<InvitationRow>().DeleteAsync(row => row.Id == invitationId && row.OrganizationId == spaceId, ct);
                return deleted > 0 ? null : SpaceRefusal.NoSuchInvitation;
            },
            cancellationToken);

    /// <summary>What the user is invited to.</summary>
    public async Task<MyInvitationsResponse> ToUserAsync(UserRow user, CancellationToken cancellationToken)
    {
        var rows = await database.ReadAsync(
            (db, ct) => db.RowsAsync<InvitationToRow>(
                ToMe + " where invitations.email = @email and invitations.expires_at > @now order by invitations.created_at, invitations.id", ct,
                ("email", user.Email), ("now", clock.Now())),
            cancellationToken);
        return new MyInvitationsResponse([.. rows.Select(row => new MyInvitationView(
            row.Id, row.OrganizationId, row.SpaceName, row.Slug, SpaceMetadata.TypeOf(row.Metadata), row.Role, row.Inviter, row.CreatedAt, row.ExpiresAt))]);
    }

    /// <summary>Makes the invited user a member.</summary>
    public Task<SpaceResult<MemberView>> AcceptAsync(UserRow user, string invitationId, CancellationToken cancellationToken) =>
        database.WriteAsync<SpaceResult<MemberView>>(
            async (db, ct) =>
            {
                var now = clock.Now();
                if (await OpenAsync(db, user, invitationId, ct) is not { } invitation)
                {
                    return SpaceRefusal.NoSuchInvitation;
                }

                if (invitation.ExpiresAt <= now)
                {
                    return SpaceRefusal.Expired;
                }

                // Whoever invited must still be allowed to: a member that was thrown out leaves no back door.
                await db.LockSpaceAsync(invitation.OrganizationId, ct);
                if (await SpaceMembers.FindAsync(db, invitation.OrganizationId, invitation.InvitedBy, ct) is not { } space
                    || !SpaceRights.Manages(space.Role)
                    || !SpaceRights.MayManage(space.Role, invitation.Role))
                {
                    return SpaceRefusal.NoSuchInvitation;
                }

                // Of two who press the button at once, the second finds the invitation taken.
                if (await db.GetTable<InvitationRow>().DeleteAsync(row => row.Id == invitationId, ct) == 0)
                {
                    return SpaceRefusal.NoSuchInvitation;
                }

                if (await SpaceMembers.FindAsync(db, space.Id, user.Id, ct) is not null)
                {
                    return SpaceRefusal.AlreadyMember;
                }

                var member = new MemberRow { Id = RandomId.Nano(), OrganizationId = space.Id, UserId = user.Id, Role = invitation.Role, CreatedAt = now };
                await db.InsertAsync(member, token: ct);
                Log.Joined(logger, space.Id, user.Id, member.Role, invitation.InvitedBy);
                return new MemberView(member.Id, space.Id, user.Id, member.Role, now);
            },
            cancellationToken);

    /// <summary>Answers an invitation with no.</summary>
    public Task<SpaceRefusal?> DeclineAsync(UserRow user, string invitationId, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async (db, ct) => await db.GetTable<InvitationRow>().DeleteAsync(row => row.Id == invitationId && row.Email == user.Email, ct) > 0
                ? null
                : SpaceRefusal.NoSuchInvitation,
            cancellationToken);

    /// <summary>Removes invitations that expired a while ago; until then the answer says that they did.</summary>
    public Task PurgeAsync(CancellationToken cancellationToken)
    {
        var since = clock.Now() - Lifetime;
        return database.WriteAsync((db, ct) => db.GetTable<InvitationRow>().DeleteAsync(row => row.ExpiresAt <= since, ct), cancellationToken);
    }

    private static Task<InvitationRow?> OpenAsync(DataConnection db, UserRow user, string invitationId, CancellationToken cancellationToken) =>
        db.GetTable<InvitationRow>().FirstOrDefaultAsync(row => row.Id == invitationId && row.Email == user.Email, cancellationToken);

    private async Task<SpaceResult<InvitationView>> InviteAsync(
        DataConnection db, string spaceId, UserRow caller, string email, string role, CancellationToken cancellationToken)
    {
        await db.LockSpaceAsync(spaceId, cancellationToken);
        if (await SpaceMembers.FindAsync(db, spaceId, caller.Id, cancellationToken) is not { } space)
        {
            return SpaceRefusal.NotFound;
        }

        if (SpaceMetadata.TypeOf(space.Metadata) == SpaceTypes.Personal)
        {
            return SpaceRefusal.Personal;
        }

        if (!SpaceRights.Manages(space.Role))
        {
            return SpaceRefusal.Forbidden("Only owners and administrators of the space invite");
        }

        var isMember = await (from member in db.GetTable<MemberRow>()
                              join user in db.GetTable<UserRow>() on member.UserId equals user.Id
                              where member.OrganizationId == spaceId && user.Email == email
                              select member).AnyAsync(cancellationToken);
        if (isMember)
        {
            return SpaceRefusal.AlreadyMember;
        }

        var now = clock.Now();
        if (await db.GetTable<InvitationRow>().FirstOrDefaultAsync(row => row.OrganizationId == spaceId && row.Email == email, cancellationToken) is { } open)
        {
            open.Role = role;
            open.InvitedBy = caller.Id;
            open.CreatedAt = now;
            open.ExpiresAt = now + Lifetime;
            await db.UpdateAsync(open, token: cancellationToken);
            return ToView(open);
        }

        var count = await db.GetTable<MemberRow>().CountAsync(row => row.OrganizationId == spaceId, cancellationToken)
            + await db.GetTable<InvitationRow>().CountAsync(row => row.OrganizationId == spaceId && row.ExpiresAt > now, cancellationToken);
        if (count >= SpaceMembers.MaxMembers)
        {
            return SpaceRefusal.Full;
        }

        var invitation = new InvitationRow
        {
            Id = RandomId.Long(),
            OrganizationId = spaceId,
            Email = email,
            Role = role,
            InvitedBy = caller.Id,
            CreatedAt = now,
            ExpiresAt = now + Lifetime,
        };
        await db.InsertAsync(invitation, token: cancellationToken);
        Log.Invited(logger, spaceId, role, caller.Id);
        return ToView(invitation);
    }

    private static InvitationView ToView(InvitationRow row) => new(row.Id, row.OrganizationId, row.Email, row.Role, row.CreatedAt, row.ExpiresAt);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "Space {SpaceId}: somebody invited as {Role} by {CallerId}")]
        public static partial void Invited(ILogger logger, string spaceId, string role, string callerId);

        [LoggerMessage(Level = LogLevel.Information, Message = "Space {SpaceId}: {UserId} joined as {Role}, invited by {CallerId}")]
        public static partial void Joined(ILogger logger, string spaceId, string userId, string role, string callerId);
    }
}
