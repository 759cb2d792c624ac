using Mana.Contracts;

namespace Mana.PersonaRunner.Ticks;

/// <summary>
/// Hands open ticks to the node that runs their persona. A message may be lost with a node: the tick stays open, and
/// is handed out again.
/// </summary>
internal interface ITickDispatch
{
    /// <summary>Says that the tick may run; returns at once.</summary>
    void Run(string persona, TickId tick, bool ignoresPause);

    /// <summary>Tells the node that runs the tick to stop it.</summary>
    Task CancelAsync(string persona, TickId tick);
}

/// <summary>The one clock of the cluster, wherever it is.</summary>
internal interface IClusterClock
{
    /// <summary>Has it ask who is due, unless it has just done so. The answer tells of the last beat.</summary>
    Task<BeatReport> PulseAsync();

    /// <summary>Has it hand out again what nobody runs.</summary>
    /// <param name="all">Also what was opened or let go a moment ago.</param>
    Task SweepAsync(bool all);
}
