using Mana.Testing;
using Mana.Tests.Auth;

[assembly: AssemblyFixture(typeof(AuthDatabases))]

namespace Mana.Tests.Auth;

/// <summary>
/// Where mana-auth keeps its rows in these tests: SQLite, or with <c>MANA_TEST_DATABASE=postgres</c> a database for each
/// service in a PostgreSQL cluster of our own, so that the same tests are run on both.
/// </summary>
public sealed class AuthDatabases : IAsyncDisposable
{
    private const string Key = "MANA_TEST_DATABASE";
    private static readonly Lazy<Task<PostgresCluster>> Cluster = new(() => PostgresCluster.StartAsync(CancellationToken.None));

    /// <summary>The address of an empty database, or null for SQLite.</summary>
    public static async Task<string?> NewAsync() => Environment.GetEnvironmentVariable(Key) switch
    {
        null or "" or "sqlite" => null,
        "postgres" => await (await Cluster.Value).CreateDatabaseAsync(CancellationToken.None),
        var other => throw new InvalidOperationException($"{Key} must be sqlite or postgres, got {other}"),
    };

    /// <summary>For what only a database in a file can show.</summary>
    public static void SkipUnlessSqlite() =>
        Assert.SkipUnless(Environment.GetEnvironmentVariable(Key) is null or "" or "sqlite", "only SQLite has a file");

    public async ValueTask DisposeAsync()
    {
        if (Cluster.IsValueCreated && !Cluster.Value.IsFaulted)
        {
            await (await Cluster.Value).DisposeAsync();
        }
    }
}
