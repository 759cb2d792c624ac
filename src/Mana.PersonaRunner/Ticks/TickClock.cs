using Mana.Hosting;
using Mana.PersonaRunner.Diagnostics;
using Mana.PersonaRunner.Recording;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Mana.PersonaRunner.Ticks;

/// <summary>
/// Keeps the cluster's one clock going from this node: every <c>TICK_INTERVAL_MS</c> (domain time; the first time at
/// once) it is told to ask who is due, and every few seconds (system time) to hand out what nobody runs. Each node does
/// so; the clock itself sees that nothing is asked twice.
/// </summary>
internal sealed partial class TickClock(
    IClusterClock cluster,
    TickRunner runner,
    TickReader reader,
    RunnerMetrics metrics,
    RunnerSettings settings,
    DomainClock clock,
    TimeProvider time,
    ILogger<TickClock> logger) : BackgroundService
{
    // Alone, only a fault of the store leaves a tick that nobody runs; among many, the death of a node does.
    private static readonly TimeSpan SweepAlone = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan SweepTogether = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan SweepPatience = TimeSpan.FromSeconds(3);

    private readonly Lock _lock = new();
    private readonly DateTimeOffset _since = clock.GetUtcNow();
    private BeatReport _last = new(null, null, null);
    private DateTimeOffset? _lastEnd;

    /// <summary>
    /// The last moment at which the clock is known to have moved: a beat, or the start of this node. A clock that cannot
    /// be reached does not move.
    /// </summary>
    public DateTimeOffset LastMove => Last.At is { } beat && beat > _since ? beat : _since;

    /// <summary>Why there is no loop; null when there is one.</summary>
    public string? DisabledReason => settings.ServiceKey is null ? "MANA_SERVICE_KEY not set: nobody can be asked who is due" : null;

    /// <summary>The last beat, on whatever node it was.</summary>
    public BeatReport Last
    {
        get
        {
            lock (_lock)
            {
                return _last;
            }
        }
    }

    /// <summary>When the last beat of this node was over, domain time: whoever was due has had an open tick by then.</summary>
    public DateTimeOffset? LastEnd
    {
        get
        {
            lock (_lock)
            {
                return _lastEnd;
            }
        }
    }

    /// <summary>A beat is over on this node, whether it went well or not.</summary>
    public void Ended()
    {
        lock (_lock)
        {
            _lastEnd = clock.GetUtcNow();
        }
    }

    /// <summary>Takes over what is known of a beat. It may have an earlier time than the one before: clocks are set back.</summary>
    public void Report(BeatReport report)
    {
        lock (_lock)
        {
            if (_last.At is null || report.At is not null)
            {
                _last = report with { LastTickAt = report.LastTickAt ?? _last.LastTickAt };
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (DisabledReason is { } reason)
        {
            Log.Disabled(logger, reason);
            return;
        }

        await Task.WhenAll(PulseAsync(stoppingToken), SweepAsync(stoppingToken));
    }

    private async Task PulseAsync(CancellationToken stoppingToken)
    {
        await GuardedAsync(async () => Report(new BeatReport(null, await reader.LastStartedAsync(stoppingToken), null)), stoppingToken);
        using var timer = new PeriodicTimer(settings.TickInterval, clock);
        do
        {
            await GuardedAsync(async () => Report(await cluster.PulseAsync().WaitAsync(stoppingToken)), stoppingToken);
        }
        while (await NextAsync(timer, stoppingToken));
    }

    private async Task SweepAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(settings.Cluster.IsShared ? SweepTogether : SweepAlone, time);
        do
        {
            await GuardedAsync(
                async () =>
                {
                    await runner.ReleaseLostAsync(stoppingToken);

                    // The clock may have died with its node: the message to it would hang until that is noticed, and the
                    // next one finds it elsewhere.
                    await cluster.SweepAsync(all: false).WaitAsync(SweepPatience, time, stoppingToken);
                },
                stoppingToken);
        }
        while (await NextAsync(timer, stoppingToken));
    }

    /// <summary>The loop outlives every single round.</summary>
    private async Task GuardedAsync(Func<Task> work, CancellationToken stoppingToken)
    {
        try
        {
            await work();
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The loop looks.
        }
        catch (Exception e)
        {
            metrics.Error(TickStages.Of(e, TickStages.Internal));
            Log.Failed(logger, e);
        }
    }

    private static async Task<bool> NextAsync(PeriodicTimer timer, CancellationToken stoppingToken)
    {
        try
        {
            return await timer.WaitForNextTickAsync(stoppingToken);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "The tick loop is off: {Reason}")]
        public static partial void Disabled(ILogger logger, string reason);

        [LoggerMessage(Level = LogLevel.Error, Message = "The cluster's clock could not be reached; it is tried again")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
