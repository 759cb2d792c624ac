using Mana.Contracts;
using Mana.Crash.Proxy;
using Mana.Crash.Stores;

namespace Mana.Crash;

/// <summary>One kill and where it fell.</summary>
/// <param name="Node">The runner.</param>
/// <param name="Aim">What it was aimed at; chance when the moment did not come.</param>
/// <param name="Phases">The phases of the ticks that it cut short.</param>
/// <param name="WritesUnderWay">The writes that had arrived at mana-mcp and were not answered.</param>
/// <param name="DeliveriesUnderWay">The deliveries that had arrived at mana-auth and were not answered.</param>
internal sealed record Kill(string Node, Aim Aim, IReadOnlyList<string> Phases, int WritesUnderWay, int DeliveriesUnderWay)
{
    public bool IsInsideATick => Phases.Count > 0;

    /// <param name="node">The runner.</param>
    /// <param name="aim">What it was aimed at.</param>
    /// <param name="cut">The ticks that the runner had.</param>
    /// <param name="underWay">Its requests.</param>
    public static Kill Of(string node, Aim aim, List<OpenTick> cut, IReadOnlyList<Exchange> underWay) => new(
        node,
        aim,
        PhasesOf(cut, underWay),
        underWay.Count(exchange => exchange.Purpose == Purpose.Write),
        underWay.Count(exchange => exchange.Purpose == Purpose.Deliver));

    /// <summary>
    /// What the ticks were doing. The row of a resumed tick keeps the phase that it had reached, while it signs in and
    /// connects anew: that shows in what is under way.
    /// </summary>
    private static List<string> PhasesOf(List<OpenTick> cut, IReadOnlyList<Exchange> underWay)
    {
        var phases = cut.ConvertAll(tick => tick.IsRated ? TickPhases.Remember : tick.Phase);
        Fill(TickPhases.SignIn, underWay.Count(exchange => exchange.Purpose == Purpose.SignIn));
        Fill(TickPhases.Connect, underWay.Count(exchange => exchange.Purpose is Purpose.Connect or Purpose.ListTools));
        Fill(TickPhases.Deliver, underWay.Count(exchange => exchange.Purpose == Purpose.Deliver));
        return phases;

        void Fill(string phase, int count) => phases.AddRange(Enumerable.Repeat(phase, Math.Max(0, count - phases.Count(known => known == phase))));
    }
}
