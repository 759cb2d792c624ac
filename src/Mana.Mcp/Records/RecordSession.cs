using LinqToDB.Data;
using Mana.Hosting.Storage;

namespace Mana.Mcp.Records;

/// <summary>
/// How one call reaches the records: a call that reads on connections of its own, a call that writes with all it does
/// in one transaction. A tool that only reads, by its own declaration, has no way to write.
/// </summary>
/// <param name="database">The database.</param>
/// <param name="transaction">The transaction of a call that writes; null for one that reads.</param>
/// <param name="callKey">The call's idempotency key; null where it has none.</param>
internal sealed class RecordSession(ServiceDatabase database, DataConnection? transaction, string? callKey = null)
{
    /// <summary>The idempotency key of the call; null where it has none.</summary>
    public string? CallKey => callKey;

    /// <summary>Which database it is.</summary>
    public DatabaseKind Kind => database.Kind;

    public Task<T> ReadAsync<T>(Func<DataConnection, CancellationToken, Task<T>> query, CancellationToken cancellationToken) =>
        transaction is null ? database.ReadAsync(query, cancellationToken) : query(transaction, cancellationToken);

    /// <exception cref="InvalidOperationException">The call is one that reads.</exception>
    public Task<T> WriteAsync<T>(Func<DataConnection, CancellationToken, Task<T>> work, CancellationToken cancellationToken) =>
        transaction is null
            ? throw new InvalidOperationException("A tool with the effect Reads tried to write.")
            : work(transaction, cancellationToken);
}
