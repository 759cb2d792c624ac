namespace Mana.Benchmarks.Ticks;

/// <summary>What <see cref="TickBench"/> runs.</summary>
/// <param name="Mana">
/// The <c>mana</c> executable itself, not the launcher script: its process is the one that is measured.
/// </param>
/// <param name="ScriptedClaude">The <c>scripted-claude</c> executable.</param>
public sealed record TickBenchOptions(string Mana, string ScriptedClaude)
{
    /// <summary>Ticks side by side (<c>PERSONA_CONCURRENCY</c>).</summary>
    public int Concurrency { get; init; } = 32;

    /// <summary>Measured ticks.</summary>
    public int Ticks { get; init; } = 2000;

    /// <summary>Personas; null for eight per slot, so that a queue keeps every slot busy.</summary>
    public int? Personas { get; init; }

    /// <summary>What the model waits before each answer.</summary>
    public int LatencyMs { get; init; }

    /// <summary>Where the services keep their data; null for a temporary directory that is removed.</summary>
    public string? DataDirectory { get; init; }

    /// <summary>The most time for the whole run.</summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromMinutes(15);

    internal int PersonaCount => Personas ?? Math.Max(64, 8 * Concurrency);
}
