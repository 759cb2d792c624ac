using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;
using Mana.Auth.Sessions;
using Mana.Auth.Storage;
using Mana.Hosting;
using Mana.Hosting.Storage;
using Microsoft.Extensions.Configuration;

namespace Mana.Auth.SignIn;

/// <summary>What <see cref="AdminAccounts.EnsureAsync"/> did.</summary>
public enum AdminAccountChange
{
    /// <summary>There was no such user.</summary>
    Created,

    /// <summary>There was; it got the role, the password, or both.</summary>
    Promoted,

    /// <summary>It was an administrator with this password already.</summary>
    Unchanged,
}

/// <summary>The administrator's account.</summary>
public sealed record AdminAccountResult(string UserId, string Email, AdminAccountChange Change);

/// <summary>The account cannot be made an administrator's; the message says why.</summary>
public sealed class AdminAccountException(string message) : Exception(message);

/// <summary>
/// Makes administrators from the command line: whoever can open the database decides who may use the admin routes.
/// Works beside the running service.
/// </summary>
public static class AdminAccounts
{
    /// <summary>Creates the administrator, or gives an existing user the role and the password (which ends its sessions).</summary>
    /// <param name="configuration">Names the database, as for the service.</param>
    /// <param name="email">Any case; stored in lower case.</param>
    /// <param name="password">8 to 128 characters.</param>
    /// <param name="name">The local part of the address when null; of new users only.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <exception cref="AdminAccountException">The e-mail or password is unfit, or the user is a persona.</exception>
    /// <exception cref="ConfigurationException">The database cannot be opened.</exception>
    public static async Task<AdminAccountResult> EnsureAsync(
        IConfiguration configuration, string email, string password, string? name, CancellationToken cancellationToken)
    {
        if (EmailAddress.Normalise(email) is not { } address)
        {
            throw new AdminAccountException($"\"{email}\" is not an e-mail address");
        }

        if (PasswordRules.Check(password) is not null)
        {
            throw new AdminAccountException($"The password must have {PasswordRules.MinLength} to {PasswordRules.MaxLength} characters");
        }

        var reader = new SettingsReader(configuration);
        var settings = DatabaseSettings.Read(reader, "auth");
        reader.ThrowIfInvalid(AuthHost.Service);
        var clock = DomainClock.From(configuration, null);
        await using var database = ServiceDatabase.Open(settings, typeof(AdminAccounts).Assembly, exclusive: false);
        using var passwords = new Passwords();

        var seen = await database.ReadAsync((db, ct) => NewAccounts.FindAsync(db, address, ct), cancellationToken);
        if (seen?.User.Kind == UserKinds.Persona)
        {
            throw new AdminAccountException($"{address} is a persona; personas are never administrators");
        }

        var newHash = await passwords.VerifyAsync(seen?.Hash, password, cancellationToken) ? null : await passwords.HashAsync(password, cancellationToken);
        return await database.WriteAsync((db, ct) => StoreAsync(db, address, name, newHash, clock.Now(), ct), cancellationToken);
    }

    private static async Task<AdminAccountResult> StoreAsync(
        DataConnection db, string email, string? name, string? newHash, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var user = await db.GetTable<UserRow>().FirstOrDefaultAsync(row => row.Email == email, cancellationToken);
        if (user is null)
        {
            user = new UserRow
            {
                Id = RandomId.Long(),
                Name = string.IsNullOrWhiteSpace(name) ? EmailAddress.LocalPart(email) : name.Trim(),
                Email = email,
                EmailVerified = true,
                Role = UserRoles.Admin,
                CreatedAt = now,
                UpdatedAt = now,
            };
            await NewAccounts.InsertAsync(db, user, newHash!, cancellationToken);
            return new AdminAccountResult(user.Id, email, AdminAccountChange.Created);
        }

        if (user is { Role: UserRoles.Admin, EmailVerified: true, DeletedAt: null } && newHash is null)
        {
            return new AdminAccountResult(user.Id, email, AdminAccountChange.Unchanged);
        }

        user.Role = UserRoles.Admin;
        user.EmailVerified = true;
        user.DeletedAt = null;
        user.UpdatedAt = now;
        await db.UpdateAsync(user, token: cancellationToken);
        if (newHash is not null)
        {
            await NewAccounts.SetPasswordAsync(db, user.Id, newHash, now, cancellationToken);
            await SessionStore.RevokeAllAsync(db, user.Id, cancellationToken);
        }

        await Lockout.ClearAsync(db, email, cancellationToken);
        return new AdminAccountResult(user.Id, email, AdminAccountChange.Promoted);
    }
}
