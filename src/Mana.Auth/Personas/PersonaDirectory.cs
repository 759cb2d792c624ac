using System.Data.Common;
using System.Text.Json;
using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;
using Mana.Auth.Http;
using Mana.Auth.Sessions;
using Mana.Auth.SignIn;
using Mana.Auth.Spaces;
using Mana.Auth.Storage;
using Mana.Auth.ToolPolicies;
using Mana.Contracts;
using Mana.Hosting;
using Mana.Hosting.Storage;

namespace Mana.Auth.Personas;

/// <summary>What became of a request to delete.</summary>
internal enum DeleteResult
{
    Deleted,
    NotFound,
    NotAPersona,
}

/// <summary>Makes, changes and removes personas, each in one transaction with the user, its credential and its space.</summary>
internal sealed class PersonaDirectory(ServiceDatabase database, Passwords passwords, SpaceCleanup cleanup, DomainClock clock)
{
    /// <summary>Makes the persona or brings it up to date; null when the address belongs to a user who is no persona.</summary>
    public async Task<PersonaUpsertResponse?> UpsertAsync(PersonaUpsert request, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            // Hashing is slow, so it happens before the transaction, which then checks that nothing has changed. Who asks is an
            // administrator, from whom nobody hides by equal work that an address is unknown.
            var seen = await database.ReadAsync((db, ct) => NewAccounts.FindAsync(db, request.Email, ct), cancellationToken);
            if (seen is not null && seen.User.Kind != UserKinds.Persona)
            {
                return null;
            }

            var newHash = seen is not null && await passwords.VerifyAsync(seen.Hash, request.Password, cancellationToken)
                ? null
                : await passwords.HashAsync(request.Password, cancellationToken);
            try
            {
                var userId = await database.WriteAsync((db, ct) => StoreAsync(db, request, seen, newHash, ct), cancellationToken);
                if (userId is not null)
                {
                    return new PersonaUpsertResponse(true, new UserId(userId), request.Email);
                }
            }
            catch (DbException e) when (UniqueViolation.Is(e) && attempt < 3)
            {
                // Somebody made the same user, or took the slug, in between: look again.
            }
        }
    }

    /// <summary>Removes the user of a persona with the spaces that only it owns, and has their records removed.</summary>
    public async Task<DeleteResult> DeleteAsync(string userId, CancellationToken cancellationToken)
    {
        var result = await database.WriteAsync(
            async (db, ct) =>
            {
                var user = await db.GetTable<UserRow>().FirstOrDefaultAsync(row => row.Id == userId, ct);
                if (user is null)
                {
                    return DeleteResult.NotFound;
                }

                if (user.Kind != UserKinds.Persona)
                {
                    return DeleteResult.NotAPersona;
                }

                var spaces = await SpaceMembers.OwnedAloneAsync(db, userId, ct);
                await SpaceMembers.DeleteSpacesAsync(db, [.. spaces.Select(space => space.Id)], clock.Now(), ct);
                await db.GetTable<UserRow>().DeleteAsync(row => row.Id == userId, ct);
                return DeleteResult.Deleted;
            },
            cancellationToken);
        if (result == DeleteResult.Deleted)
        {
            cleanup.Wake();
        }

        return result;
    }

    private async Task<string?> StoreAsync(DataConnection db, PersonaUpsert request, Credential? seen, string? newHash, CancellationToken cancellationToken)
    {
        var now = clock.Now();
        if (seen is null)
        {
            var user = NewUser(request, now);
            await NewAccounts.InsertAsync(db, user, newHash!, cancellationToken);
            await db.InsertAsync(Apply(new PersonaRow { UserId = user.Id, CreatedAt = now }, request, now), token: cancellationToken);
            await SetPolicyAsync(db, user.Id, request, now, cancellationToken);
            return user.Id;
        }

        var current = await NewAccounts.FindAsync(db, request.Email, cancellationToken);
        if (current is null || current.Hash != seen.Hash)
        {
            return null;
        }

        var known = current.User;
        known.Name = request.Name ?? known.Name;
        known.AccessTier = AccessTiers.Founder;
        known.EmailVerified = true;
        known.UpdatedAt = now;
        await db.UpdateAsync(known, token: cancellationToken);
        if (newHash is not null)
        {
            await NewAccounts.SetPasswordAsync(db, known.Id, newHash, now, cancellationToken);
            await SessionStore.RevokeAllAsync(db, known.Id, cancellationToken);
            await Lockout.ClearAsync(db, known.Email, cancellationToken);
        }

        if (await PersonaSchedules.LockAsync(db, known.Id, cancellationToken) is { } persona)
        {
            await db.UpdateAsync(Apply(persona, request, now), token: cancellationToken);
        }
        else
        {
            await db.InsertAsync(Apply(new PersonaRow { UserId = known.Id, CreatedAt = now }, request, now), token: cancellationToken);
        }

        await SetPolicyAsync(db, known.Id, request, now, cancellationToken);
        return known.Id;
    }

    // Without a list the persona's own choice stays.
    private static Task SetPolicyAsync(DataConnection db, string userId, PersonaUpsert request, DateTimeOffset now, CancellationToken cancellationToken) =>
        request.AllowDestructive is { } patterns ? ToolPolicyStore.SetAsync(db, userId, patterns, now, cancellationToken) : Task.CompletedTask;

    private static UserRow NewUser(PersonaUpsert request, DateTimeOffset now) => new()
    {
        Id = RandomId.Long(),
        Name = request.Name ?? EmailAddress.LocalPart(request.Email),
        Email = request.Email,
        EmailVerified = true,
        AccessTier = AccessTiers.Founder,
        Kind = UserKinds.Persona,
        CreatedAt = now,
        UpdatedAt = now,
    };

    private static PersonaRow Apply(PersonaRow persona, PersonaUpsert request, DateTimeOffset now)
    {
        persona.Archetype = request.Archetype;
        persona.SystemPrompt = request.SystemPrompt;
        persona.ModuleMix = JsonSerializer.Serialize(request.ModuleMix, AuthServerJson.Default.IReadOnlyDictionaryStringDouble);
        persona.TickCadence = request.TickCadence ?? PersonaUpsertReader.DefaultCadence;
        persona.TimeZone = request.TimeZone;
        persona.Language = request.Language;
        persona.ActiveHours = request.ActiveHours;
        persona.UpdatedAt = now;
        persona.NextDueAt = persona.NextDue();
        return persona;
    }
}
