using LinqToDB;
using LinqToDB.Data;

namespace Mana.Auth.Storage;

/// <summary>
/// Row and word locks for the rest of a transaction. PostgreSQL runs writers side by side; SQLite does not, so there
/// nothing has to be locked.
/// </summary>
internal static class PostgreSqlLocks
{
    /// <summary>Has other transactions that lock the same persona wait.</summary>
    public static Task LockPersonaAsync(this DataConnection db, string personaId, CancellationToken cancellationToken) =>
        ExecuteAsync(db, "select 1 from personas where user_id = @key for update", personaId, cancellationToken);

    /// <summary>Has other transactions that look for a free slug like this one wait.</summary>
    public static Task LockSlugAsync(this DataConnection db, string slug, CancellationToken cancellationToken) =>
        ExecuteAsync(db, "select pg_advisory_xact_lock(hashtext(@key))", slug, cancellationToken);

    /// <summary>Has other transactions that change the members of the same space wait.</summary>
    public static Task LockSpaceAsync(this DataConnection db, string spaceId, CancellationToken cancellationToken) =>
        ExecuteAsync(db, "select 1 from organizations where id = @key for update", spaceId, cancellationToken);

    /// <summary>Has other transactions that use or end the same OAuth grant wait.</summary>
    public static Task LockGrantAsync(this DataConnection db, string grantId, CancellationToken cancellationToken) =>
        ExecuteAsync(db, "select 1 from oauth_grants where id = @key for update", grantId, cancellationToken);

    /// <summary>
    /// Keeps a user from being removed. A removal has the user first and then all that hangs on it: whoever has one of
    /// these rows first, and only then names the user in another, would wait for the removal and the removal for it.
    /// </summary>
    public static Task KeepUserAsync(this DataConnection db, string userId, CancellationToken cancellationToken) =>
        ExecuteAsync(db, "select 1 from users where id = @key for key share", userId, cancellationToken);

    /// <summary>Has others that name the user in a new row (<see cref="KeepUserAsync"/>) wait: it is being removed.</summary>
    public static Task LockUserAsync(this DataConnection db, string userId, CancellationToken cancellationToken) =>
        ExecuteAsync(db, "select 1 from users where id = @key for update", userId, cancellationToken);

    /// <summary>Keeps an OAuth client from being removed, which takes its codes and grants along as that of a user does.</summary>
    public static Task KeepClientAsync(this DataConnection db, string clientId, CancellationToken cancellationToken) =>
        ExecuteAsync(db, "select 1 from oauth_clients where id = @key for key share", clientId, cancellationToken);

    private static Task ExecuteAsync(DataConnection db, string sql, string key, CancellationToken cancellationToken) =>
        db.DataProvider.Name.StartsWith(ProviderName.PostgreSQL, StringComparison.Ordinal)
            ? db.ExecuteAsync(sql, cancellationToken, new DataParameter("key", key))
            : Task.CompletedTask;
}
