using Mana.Contracts;

namespace Mana.PersonaRunner.Ticks.Cluster;

/// <summary>The cluster as the rest of the runner sees it.</summary>
internal sealed class ClusterClient(IGrainFactory grains) : ITickDispatch, IClusterClock
{
    /// <summary>The key of the one clock.</summary>
    public const int TheClock = 0;

    public void Run(string persona, TickId tick, bool ignoresPause) =>
        grains.GetGrain<IPersonaGrain>(persona).RunAsync(tick.Value, ignoresPause).Ignore();

    public Task CancelAsync(string persona, TickId tick) => grains.GetGrain<IPersonaGrain>(persona).CancelAsync(tick.Value);

    public async Task<BeatReport> PulseAsync()
    {
        var report = await grains.GetGrain<ITickClockGrain>(TheClock).PulseAsync();
        return new BeatReport(report.At, report.LastTickAt, report.Error);
    }

    public Task SweepAsync(bool all) => grains.GetGrain<ITickClockGrain>(TheClock).SweepAsync(all);
}
