using System.Text.Json;
using LinqToDB;
using LinqToDB.Data;
using Mana.Auth.Http;
using Mana.Auth.Storage;
using Mana.Hosting;
using Mana.Hosting.Storage;

namespace Mana.Auth.ToolPolicies;

/// <summary>Which destructive tools each user lets run. Without a row: none.</summary>
internal sealed class ToolPolicyStore(ServiceDatabase database, DomainClock clock)
{
    /// <summary>The patterns of a user; null when there is no such user.</summary>
    public Task<IReadOnlyList<string>?> FindAsync(string userId, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<string>?>(
            async (db, ct) => (await db.RowsAsync<string>("select id from users where id = @id and deleted_at is null", ct, ("id", userId))).Count == 0
                ? null
                : await ReadAsync(db, userId, ct),
            cancellationToken);

    /// <summary>Replaces the patterns of a user.</summary>
    public Task SetAsync(string userId, IReadOnlyList<string> patterns, CancellationToken cancellationToken) =>
        database.WriteAsync((db, ct) => SetAsync(db, userId, patterns, clock.Now(), ct), cancellationToken);

    /// <inheritdoc cref="SetAsync(string,IReadOnlyList{string},CancellationToken)"/>
    public static Task SetAsync(DataConnection db, string userId, IReadOnlyList<string> patterns, DateTimeOffset now, CancellationToken cancellationToken) =>
        db.InsertOrReplaceAsync(
            new ToolPolicyRow
            {
                UserId = userId,
                AllowDestructive = JsonSerializer.Serialize(patterns, AuthServerJson.Default.IReadOnlyListString),
                UpdatedAt = now,
            },
            token: cancellationToken);

    /// <summary>The patterns of a user; empty when none were ever set.</summary>
    public static async Task<IReadOnlyList<string>> ReadAsync(DataConnection db, string userId, CancellationToken cancellationToken) =>
        await db.RowAsync<ToolPolicyRow>("select * from tool_policies where user_id = @id", cancellationToken, ("id", userId)) is { } row
            ? JsonSerializer.Deserialize(row.AllowDestructive, AuthServerJson.Default.IReadOnlyListString)!
            : [];
}
