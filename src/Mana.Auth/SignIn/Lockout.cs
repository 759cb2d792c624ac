using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;
using Mana.Auth.Storage;
using Mana.Hosting;
using Mana.Hosting.Storage;

namespace Mana.Auth.SignIn;

/// <summary>
/// Locks an address after <see cref="Limit"/> wrong passwords within <see cref="Window"/>, for exactly
/// <see cref="Duration"/>: the end is stored, so the answer's Retry-After is the truth. Addresses without an account
/// lock alike, or the lock would tell which exist.
/// </summary>
internal sealed class Lockout(ServiceDatabase database, DomainClock clock)
{
    public const int Limit = 5;
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(15);
    public static readonly TimeSpan Duration = TimeSpan.FromMinutes(30);

    /// <summary>The seconds left, or null when the address is not locked.</summary>
    public Task<int?> SecondsLeftAsync(string email, CancellationToken cancellationToken) =>
        database.ReadAsync((db, ct) => SecondsLeftAsync(db, email, ct), cancellationToken);

    /// <inheritdoc cref="SecondsLeftAsync(string,CancellationToken)"/>
    public async Task<int?> SecondsLeftAsync(DataConnection db, string email, CancellationToken cancellationToken)
    {
        var until = await db.GetTable<LoginLockoutRow>()
            .Where(row => row.Email == email)
            .Select(row => (DateTimeOffset?)row.LockedUntil)
            .FirstOrDefaultAsync(cancellationToken);
        var left = until - clock.Now();
        return left > TimeSpan.Zero ? (int)Math.Ceiling(left.Value.TotalSeconds) : null;
    }

    /// <summary>Counts a wrong password.</summary>
    public Task RecordFailureAsync(string email, string? ipAddress, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async (db, ct) =>
            {
                var now = clock.Now();
                await db.InsertAsync(new LoginFailureRow { Id = RandomId.Nano(), Email = email, IpAddress = ipAddress, AttemptedAt = now }, token: ct);
                var since = now - Window;
                if (await db.GetTable<LoginFailureRow>().CountAsync(row => row.Email == email && row.AttemptedAt > since, ct) >= Limit)
                {
                    await db.InsertOrReplaceAsync(new LoginLockoutRow { Email = email, LockedUntil = now + Duration }, token: ct);
                }
            },
            cancellationToken);

    /// <summary>Forgets the failures within the transaction of a successful sign-in.</summary>
    public static async Task ClearAsync(DataConnection db, string email, CancellationToken cancellationToken)
    {
        await db.GetTable<LoginFailureRow>().DeleteAsync(row => row.Email == email, cancellationToken);
        await db.GetTable<LoginLockoutRow>().DeleteAsync(row => row.Email == email, cancellationToken);
    }

    /// <summary>Removes what can no longer count.</summary>
    public Task PurgeAsync(CancellationToken cancellationToken) =>
        database.WriteAsync(
            async (db, ct) =>
            {
                var now = clock.Now();
                var since = now - Window;
                await db.GetTable<LoginFailureRow>().DeleteAsync(row => row.AttemptedAt <= since, ct);
                await db.GetTable<LoginLockoutRow>().DeleteAsync(row => row.LockedUntil <= now, ct);
            },
            cancellationToken);
}
