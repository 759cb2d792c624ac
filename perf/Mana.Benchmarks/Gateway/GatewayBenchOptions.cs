namespace Mana.Benchmarks.Gateway;

/// <summary>What <see cref="GatewayBench"/> runs.</summary>
/// <param name="Mana">The <c>mana</c> executable itself, not the launcher script.</param>
public sealed record GatewayBenchOptions(string Mana)
{
    /// <summary>Measured calls for each number of clients.</summary>
    public int Calls { get; init; } = 20_000;

    /// <summary>How many clients call side by side, one figure each.</summary>
    public IReadOnlyList<int> Concurrency { get; init; } = [1, 32, 256];

    /// <summary>Clients with a connection and a user of their own, whose cost in memory is measured.</summary>
    public int Clients { get; init; } = 10_000;

    /// <summary>Records that are searched.</summary>
    public int Records { get; init; } = 1_000_000;

    /// <summary>An empty PostgreSQL database (as <c>DATABASE_URL</c>); null for SQLite in a temporary directory.</summary>
    public string? DatabaseUrl { get; init; }
}
