using Mana.Contracts;
using Microsoft.Extensions.Logging;

namespace Mana.PersonaRunner.Ticks.Cluster;

/// <summary>
/// The membership as this node knows it without asking anybody, so that it can be shown when something is wrong. Only
/// the start times and the place of the clock are asked for, and left out when there is no answer.
/// </summary>
internal sealed partial class ClusterView(ISiloStatusOracle silos, IGrainFactory grains, TimeProvider time, ILogger<ClusterView> logger) : IClusterView
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    public int Count => silos.GetApproximateSiloStatuses(onlyActive: true).Count;

    public async Task<(IReadOnlyList<ClusterNode> Nodes, string? ClockNode)> ReadAsync(CancellationToken cancellationToken)
    {
        var management = grains.GetGrain<IManagementGrain>(0);
        var entries = await AskAsync(management.GetDetailedHosts(onlyActive: true, CancellationToken.None), cancellationToken) ?? [];
        var clock = await AskAsync(management.GetActivationAddress(grains.GetGrain<ITickClockGrain>(ClusterClient.TheClock), CancellationToken.None).AsTask(), cancellationToken);
        var since = entries.ToDictionary(entry => entry.SiloAddress, entry => new DateTimeOffset(entry.StartTime, TimeSpan.Zero));
        var nodes = silos.GetApproximateSiloStatuses()
            .Where(silo => silo.Value != SiloStatus.Dead)
            .OrderBy(silo => silo.Key.Generation)
            .ThenBy(silo => silo.Key)
            .Select(silo => new ClusterNode(
                silo.Key.ToParsableString(),
                silo.Key.Endpoint.ToString(),
                StatusOf(silo.Value),
                since.TryGetValue(silo.Key, out var start) ? start : null,
                Running: 0))
            .ToList();
        return (nodes, clock?.ToParsableString());
    }

    private static string StatusOf(SiloStatus status) => status switch
    {
        SiloStatus.Active => "active",
        SiloStatus.Created or SiloStatus.Joining => "joining",
        SiloStatus.ShuttingDown or SiloStatus.Stopping => "stopping",
        _ => "unknown",
    };

    private async Task<T?> AskAsync<T>(Task<T> question, CancellationToken cancellationToken)
    {
        try
        {
            return await question.WaitAsync(Patience, time, cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            Log.NoAnswer(logger, e);
            return default;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "The cluster does not tell its nodes' starts or where its clock is")]
        public static partial void NoAnswer(ILogger logger, Exception exception);
    }
}
