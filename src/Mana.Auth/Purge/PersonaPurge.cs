using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;
using Mana.Auth.Spaces;
using Mana.Auth.Storage;
using Mana.Contracts;
using Mana.Hosting;
using Mana.Hosting.Storage;
using Microsoft.Extensions.Logging;

namespace Mana.Auth.Purge;

/// <summary>Removes everything that a persona, or some ticks, left here, and counts what is left.</summary>
internal sealed partial class PersonaPurge(
    ServiceDatabase database, SpaceCleanup cleanup, DomainClock clock, TimeProvider time, ILogger<PersonaPurge> logger)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// Removes the persona of an address with the spaces that it alone owns, and waits a while for mana-mcp to remove their
    /// records. Also where the persona itself is gone already: what an address left behind goes. Null when the address is
    /// that of a user who is no persona.
    /// </summary>
    public async Task<PurgeResponse?> PersonaAsync(string email, CancellationToken cancellationToken)
    {
        var removed = await database.WriteAsync((db, ct) => RemoveAsync(db, email, ct), cancellationToken);
        if (removed is not var (purge, userId, spaces))
        {
            return null;
        }

        var (deleted, remaining) = (purge.Deleted.Values.Sum(), purge.Remaining.Values.Sum());
        Log.Purged(logger, userId ?? "a persona that was gone", deleted, remaining);
        cleanup.Wake();
        var removals = await RemovalsAsync(spaces, cancellationToken);
        return new PurgeResponse(
            purge.Remaining.Values.All(count => count == 0) && removals.All(space => space.Removed),
            purge.Deleted, purge.Remaining, userId is null ? null : new UserId(userId), removals);
    }

    /// <summary>Removes the audit rows of ticks, whoever's they are.</summary>
    public async Task<PurgeResponse> TicksAsync(IReadOnlyCollection<string> ticks, CancellationToken cancellationToken)
    {
        var purge = new CountedPurge().Of("persona_actions", "tick_id", ticks).Of("persona_feedback", "tick_id", ticks).Of("persona_ticks", "tick_id", ticks);
        await database.WriteAsync((db, ct) => purge.RunAsync(db, () => Task.CompletedTask, ct), cancellationToken);
        return new PurgeResponse(purge.Remaining.Values.All(count => count == 0), purge.Deleted, purge.Remaining);
    }

    private async Task<(CountedPurge Purge, string? UserId, IReadOnlyList<OrganizationRow> Spaces)?> RemoveAsync(
        DataConnection db, string email, CancellationToken cancellationToken)
    {
        var user = await db.GetTable<UserRow>().FirstOrDefaultAsync(row => row.Email == email, cancellationToken);
        if (user is not null && user.Kind != UserKinds.Persona)
        {
            return null;
        }

        // Fixed before anything is removed: what hangs on rows that will be gone could not be found afterwards.
        string[] users = user is null ? [] : [user.Id];
        var spaces = user is null ? [] : await SpaceMembers.OwnedAloneAsync(db, user.Id, cancellationToken);
        string[] spaceIds = [.. spaces.Select(space => space.Id)];
        if (user is not null)
        {
            // In the order in which all others take them; what hangs on them comes after.
            foreach (var id in spaceIds)
            {
                await db.LockSpaceAsync(id, cancellationToken);
            }

            await db.LockUserAsync(user.Id, cancellationToken);
            await db.LockPersonaAsync(user.Id, cancellationToken);
        }

        var grants = await IdsAsync(db, "select id from oauth_grants where user_id = @id", user?.Id, cancellationToken);
        var members = await IdsAsync(db, "select id from members where user_id = @id", user?.Id, cancellationToken);
        var others = new HashSet<string>(StringComparer.Ordinal);
        foreach (var space in spaceIds)
        {
            others.UnionWith(await IdsAsync(db, "select id from members where organization_id = @id", space, cancellationToken));
        }

        var invitations = new HashSet<string>(await IdsAsync(db, "select id from invitations where email = @id", email, cancellationToken), StringComparer.Ordinal);
        invitations.UnionWith(await IdsAsync(db, "select id from invitations where invited_by = @id", user?.Id, cancellationToken));
        foreach (var space in spaceIds)
        {
            invitations.UnionWith(await IdsAsync(db, "select id from invitations where organization_id = @id", space, cancellationToken));
        }

        var purge = new CountedPurge()
            .Of("persona_actions", "persona_id", users)
            .Of("persona_feedback", "persona_id", users)
            .Of("persona_ticks", "persona_id", users)
            .Of("personas", "user_id", users)
            .Of("tool_policies", "user_id", users)
            .Of("oauth_refresh_tokens", "grant_id", grants)
            .Of("oauth_grants", "id", grants)
            .Of("oauth_codes", "user_id", users)
            .Of("invitations", "id", invitations)
            .Of("members", "id", [.. members.Union(others, StringComparer.Ordinal)])
            .Of("organizations", "id", spaceIds)
            .Of("sessions", "user_id", users)
            .Of("accounts", "user_id", users)
            .Of("login_failures", "email", email)
            .Of("login_lockouts", "email", email)
            .Of("users", "id", users);
        await purge.RunAsync(db, () => SpaceMembers.DeleteSpacesAsync(db, spaceIds, clock.Now(), cancellationToken), cancellationToken);
        return (purge, user?.Id, spaces);
    }

    /// <summary>Whether mana-mcp has removed the records: then the queue has forgotten the space, or keeps it without an error.</summary>
    private async Task<IReadOnlyList<PurgedSpace>> RemovalsAsync(IReadOnlyList<OrganizationRow> spaces, CancellationToken cancellationToken)
    {
        var ids = spaces.Select(space => space.Id).ToList();
        var start = time.GetTimestamp();
        while (true)
        {
            var queued = await database.ReadAsync(
                (db, ct) => db.GetTable<SpaceCleanupRow>().Where(row => ids.Contains(row.SpaceId)).ToListAsync(ct), cancellationToken);
            if (queued.TrueForAll(row => row.Attempts > 0) || time.GetElapsedTime(start) > Patience)
            {
                return [.. spaces.Select(space => queued.Find(row => row.SpaceId == space.Id) is { } row && (row.Attempts == 0 || row.LastError is not null)
                    ? new PurgedSpace(new SpaceId(space.Id), space.Slug, Removed: false, row.LastError ?? "mana-mcp has not answered yet; it is asked again until it has")
                    : new PurgedSpace(new SpaceId(space.Id), space.Slug, Removed: true, null))];
            }

            await Task.Delay(Look, time, cancellationToken);
        }
    }

    private static async Task<List<string>> IdsAsync(DataConnection db, string sql, string? id, CancellationToken cancellationToken) =>
        id is null ? [] : await db.RowsAsync<string>(sql, cancellationToken, ("id", id));

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "{UserId} purged: {Deleted} rows removed, {Remaining} left")]
        public static partial void Purged(ILogger logger, string userId, long deleted, long remaining);
    }
}
