using LinqToDB.Data;
using Mana.Contracts;
using Mana.Hosting.Storage;

namespace Mana.Mcp.Records;

/// <summary>
/// The spaces and users whose rows were removed a moment ago. That somebody belongs to a space is believed for half a
/// minute, and a call may be under way: without this it would write into what is gone, and nobody would ever look there again.
/// </summary>
internal static class Removals
{
    // Longer than anything about users and spaces is believed without asking again.
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(2);

    /// <summary>Notes a removal, in its transaction.</summary>
    public static Task<int> NoteAsync(DataConnection db, string owner, DateTimeOffset now, CancellationToken cancellationToken) =>
        db.RunAsync(
            "insert into removals (owner, removed_at) values (@owner, @now) on conflict (owner) do update set removed_at = excluded.removed_at",
            cancellationToken,
            ("owner", owner), ("now", now));

    /// <summary>Refuses to write where all was removed. On PostgreSQL the caller holds the lock of the space's usage, as a removal does.</summary>
    /// <exception cref="RemovedException">The space or the author is gone.</exception>
    public static async Task CheckAsync(DataConnection db, SpaceId space, UserId author, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var removed = await db.RowsAsync<long>(
            "select count(*) from removals where owner in (@space, @author) and removed_at > @since",
            cancellationToken,
            ("space", space.Value), ("author", author.Value), ("since", now - Lifetime));
        if (removed[0] > 0)
        {
            throw new RemovedException();
        }
    }

    /// <summary>Forgets what nobody can be in time for any more.</summary>
    public static Task<int> ForgetAsync(DataConnection db, DateTimeOffset now, CancellationToken cancellationToken) =>
        db.RunAsync("delete from removals where removed_at <= @since", cancellationToken, ("since", now - Lifetime));
}

/// <summary>The space, or all that the user wrote, was removed while the call was under way.</summary>
internal sealed class RemovedException() : Exception("this space, or the user's account, was removed a moment ago; nothing can be stored here any more.");
