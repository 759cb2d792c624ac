using System.Text.Json;
using LinqToDB;
using LinqToDB.Async;
using Mana.Auth.Http;
using Mana.Auth.Storage;
using Mana.Hosting;
using Mana.Hosting.Storage;

namespace Mana.Auth.OAuth;

/// <summary>A registered client; a public one has no secret.</summary>
internal sealed record OAuthClient(string Id, string Name, IReadOnlyList<string> RedirectUris, string Scope, string? SecretHash, DateTimeOffset CreatedAt)
{
    /// <summary>Whether it has a secret and must show it.</summary>
    public bool IsConfidential => SecretHash is not null;
}

/// <summary>The clients that administrators have registered; nobody registers himself.</summary>
internal sealed class OAuthClients(ServiceDatabase database, DomainClock clock)
{
    /// <summary>The client of this id, or null.</summary>
    public async Task<OAuthClient?> FindAsync(string id, CancellationToken cancellationToken) =>
        await database.ReadAsync(
            (db, ct) => db.RowAsync<OAuthClientRow>("select * from oauth_clients where id = @id", ct, ("id", id)), cancellationToken) is { } row
            ? Read(row)
            : null;

    /// <summary>All clients, the newest first.</summary>
    public async Task<IReadOnlyList<OAuthClient>> ListAsync(CancellationToken cancellationToken) =>
        [.. (await database.ReadAsync(
            (db, ct) => db.GetTable<OAuthClientRow>().OrderByDescending(row => row.CreatedAt).ThenBy(row => row.Id).ToListAsync(ct), cancellationToken)).Select(Read)];

    /// <summary>Registers a client.</summary>
    /// <returns>The client, and its secret if it has one: it is known this once only.</returns>
    public async Task<(OAuthClient Client, string? Secret)> AddAsync(
        string name, IReadOnlyList<string> redirectUris, string scope, bool isConfidential, string administratorId, CancellationToken cancellationToken)
    {
        var secret = isConfidential ? Secrets.New() : null;
        var row = new OAuthClientRow
        {
            Id = RandomId.Long(),
            Name = name,
            RedirectUris = JsonSerializer.Serialize(redirectUris, AuthServerJson.Default.IReadOnlyListString),
            Scope = scope,
            SecretHash = secret is null ? null : Secrets.Hash(secret),
            CreatedBy = administratorId,
            CreatedAt = clock.Now(),
        };
        await database.WriteAsync((db, ct) => db.InsertAsync(row, token: ct), cancellationToken);
        return (Read(row), secret);
    }

    /// <summary>Removes a client with everything that users allowed it; false when there is none.</summary>
    public async Task<bool> RemoveAsync(string id, CancellationToken cancellationToken) =>
        await database.WriteAsync((db, ct) => db.GetTable<OAuthClientRow>().DeleteAsync(row => row.Id == id, ct), cancellationToken) > 0;

    private static OAuthClient Read(OAuthClientRow row) => new(
        row.Id, row.Name, JsonSerializer.Deserialize(row.RedirectUris, AuthServerJson.Default.IReadOnlyListString)!, row.Scope, row.SecretHash, row.CreatedAt);
}
