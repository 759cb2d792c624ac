using Mana.EndToEnd;
using Mana.Testing;

[assembly: AssemblyFixture(typeof(PostgresFixture))]

namespace Mana.EndToEnd;

/// <summary>One PostgreSQL cluster for all tests of a run, started by the first that wants a database.</summary>
public sealed class PostgresFixture : IAsyncDisposable
{
    private readonly Lazy<Task<PostgresCluster>> _cluster = new(() => PostgresCluster.StartAsync(CancellationToken.None));

    /// <summary>The cluster; skips the test where PostgreSQL is not installed.</summary>
    public Task<PostgresCluster> ClusterAsync()
    {
        if (PostgresCluster.FindBinaries() is null)
        {
            Assert.Skip("SKIPPED: PostgreSQL is missing; run ./mana test --install");
        }

        return _cluster.Value;
    }

    public async ValueTask DisposeAsync()
    {
        if (_cluster.IsValueCreated && !_cluster.Value.IsFaulted)
        {
            await (await _cluster.Value).DisposeAsync();
        }
    }
}
