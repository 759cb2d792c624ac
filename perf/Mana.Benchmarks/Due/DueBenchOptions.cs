namespace Mana.Benchmarks.Due;

/// <summary>What <see cref="DueBench"/> runs.</summary>
/// <param name="Mana">The <c>mana</c> executable itself, not the launcher script.</param>
public sealed record DueBenchOptions(string Mana)
{
    /// <summary>How many personas mana-auth has.</summary>
    public int Personas { get; init; } = 100_000;

    /// <summary>Measured calls of each kind.</summary>
    public int Calls { get; init; } = 500;

    /// <summary>An empty PostgreSQL database (as <c>DATABASE_URL</c>); null for SQLite in a temporary directory.</summary>
    public string? DatabaseUrl { get; init; }
}
