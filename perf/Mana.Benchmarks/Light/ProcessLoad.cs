namespace Mana.Benchmarks.Light;

/// <summary>What this process holds, in MB.</summary>
/// <param name="HeapMb">Live objects after a full collection.</param>
/// <param name="ResidentMb">Resident set, with what the collector keeps for later.</param>
public sealed record MemoryFigures(double HeapMb, double ResidentMb);

/// <summary>Memory and processor time of this process.</summary>
internal static class ProcessLoad
{
    private const double Mb = 1024 * 1024;

    public static TimeSpan Cpu => Environment.CpuUsage.TotalTime;

    public static double ResidentMb => Environment.WorkingSet / Mb;

    /// <summary>Collects everything first: all threads stand meanwhile.</summary>
    public static MemoryFigures Memory()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true);
        GC.WaitForPendingFinalizers();
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        return new MemoryFigures(GC.GetTotalMemory(forceFullCollection: false) / Mb, ResidentMb);
    }

    /// <summary>The highest resident set until the work is done.</summary>
    public static async Task<double> PeakResidentMbAsync(Task work, TimeProvider time)
    {
        var peak = ResidentMb;
        while (await Task.WhenAny(work, Task.Delay(TimeSpan.FromSeconds(0.5), time)) != work)
        {
            peak = Math.Max(peak, ResidentMb);
        }

        await work;
        return Math.Max(peak, ResidentMb);
    }
}
