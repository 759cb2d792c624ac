using Mana.Contracts;

namespace Mana.Crash;

/// <summary>What a kill is aimed at.</summary>
internal enum Aim
{
    /// <summary>Nothing: it falls at random.</summary>
    Chance,

    /// <summary>Between the arrival of a write at mana-mcp and its answer.</summary>
    Write,

    /// <summary>Between the arrival of a delivery at mana-auth and its answer.</summary>
    Delivery,
    SignIn,
    Connect,
    Rate,
    Remember,
}

/// <summary>The next kill.</summary>
/// <param name="Node">Whom it hits, by place.</param>
/// <param name="Aim">What it is aimed at.</param>
/// <param name="Wait">How long the runner works before, or before the trap is set.</param>
/// <param name="Delay">How long the moment has lasted when the kill comes.</param>
internal sealed record PlannedKill(int Node, Aim Aim, TimeSpan Wait, TimeSpan Delay);

/// <summary>
/// Plans the kills: a third is aimed at windows of writes and deliveries, up to a third at phases that were not hit yet,
/// the others fall at random. The same seed gives the same waits; which phases are missing depends on what was hit.
/// </summary>
internal sealed class KillPlan(int seed, int nodes)
{
    private static readonly (string Phase, Aim Aim)[] Aimed =
    [
        (TickPhases.SignIn, Aim.SignIn), (TickPhases.Connect, Aim.Connect), (TickPhases.Rate, Aim.Rate), (TickPhases.Remember, Aim.Remember),
    ];

#pragma warning disable CA5394 // A plan has to be repeatable, not secret.
    private readonly Random _dice = new(seed);
    private int _planned;

    /// <param name="hit">The phases that were hit so far.</param>
    public PlannedKill Next(IReadOnlyCollection<string> hit)
    {
        var turn = _planned++;
        var node = _dice.Next(nodes);
        var waits = _dice.NextDouble();
        var delay = TimeSpan.FromMilliseconds(_dice.Next(30));
        var missing = Aimed.Where(phase => !hit.Contains(phase.Phase)).ToList();
        var aim = (turn % 3) switch
        {
            0 => turn % 9 == 3 ? Aim.Delivery : Aim.Write,
            1 when missing.Count > 0 => missing[turn / 3 % missing.Count].Aim,
            _ => Aim.Chance,
        };
        return new PlannedKill(node, aim, TimeSpan.FromMilliseconds(aim == Aim.Chance ? 200 + (waits * 3800) : waits * 1200), delay);
    }
#pragma warning restore CA5394
}
