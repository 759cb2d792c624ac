using Mana.Contracts;

namespace Mana.PersonaRunner.Ticks;

/// <summary>Who belongs to the cluster, as this node sees it.</summary>
internal interface IClusterView
{
    /// <summary>How many nodes live.</summary>
    int Count { get; }

    /// <summary>The nodes, their ticks not counted, and the name of the one on which the tick clock lives.</summary>
    Task<(IReadOnlyList<ClusterNode> Nodes, string? ClockNode)> ReadAsync(CancellationToken cancellationToken);
}
