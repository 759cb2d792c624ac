using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;
using Mana.Auth.Spaces;
using Mana.Auth.Storage;

namespace Mana.Auth.SignIn;

/// <summary>Adds a user with everything that belongs to one (credential, personal space), all within the caller's transaction.</summary>
internal static class NewAccounts
{
    /// <summary>Inserts the user; its e-mail must be normalised.</summary>
    public static async Task InsertAsync(DataConnection db, UserRow user, string passwordHash, CancellationToken cancellationToken)
    {
        await db.InsertAsync(user, token: cancellationToken);
        await db.InsertAsync(
            new AccountRow { Id = RandomId.Long(), UserId = user.Id, AccountId = user.Id, Password = passwordHash, CreatedAt = user.CreatedAt, UpdatedAt = user.CreatedAt },
            token: cancellationToken);
        await PersonalSpaces.CreateAsync(db, user, cancellationToken);
    }

    /// <summary>The user of an address with the hash of its password; null when there is none.</summary>
    public static async Task<Credential?> FindAsync(DataConnection db, string email, CancellationToken cancellationToken)
    {
        var found = await (from user in db.GetTable<UserRow>()
                           from account in db.GetTable<AccountRow>()
                               .Where(account => account.UserId == user.Id && account.ProviderId == AccountRow.Credential)
                               .DefaultIfEmpty()
                           where user.Email == email
                           select new { User = user, Hash = account == null ? null : account.Password }).FirstOrDefaultAsync(cancellationToken);
        return found is null ? null : new Credential(found.User, found.Hash);
    }

    /// <summary>Replaces the hash within the caller's transaction.</summary>
    public static Task SetPasswordAsync(DataConnection db, string userId, string hash, DateTimeOffset now, CancellationToken cancellationToken) =>
        db.GetTable<AccountRow>()
            .Where(account => account.UserId == userId && account.ProviderId == AccountRow.Credential)
            .Set(account => account.Password, hash)
            .Set(account => account.UpdatedAt, now)
            .UpdateAsync(cancellationToken);
}

/// <summary>A user and the hash of its password, if it has one.</summary>
internal sealed record Credential(UserRow User, string? Hash);
