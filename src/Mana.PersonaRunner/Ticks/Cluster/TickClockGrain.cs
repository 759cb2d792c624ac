using Mana.Hosting;
using Mana.Hosting.Storage;
using Mana.PersonaRunner.Diagnostics;
using Mana.PersonaRunner.Platform;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;

namespace Mana.PersonaRunner.Ticks.Cluster;

/// <summary>The one clock of the cluster. Its key is 0.</summary>
[Alias("mana.tick-clock")]
internal interface ITickClockGrain : IGrainWithIntegerKey
{
    /// <summary>Begins a beat unless one runs or the last is younger than the interval; answers what is known of the last.</summary>
    [AlwaysInterleave, Alias("pulse")]
    Task<ClockReport> PulseAsync();

    /// <summary>Hands out what no living node runs; with <paramref name="all"/> also what has no owner since a moment ago.</summary>
    [Alias("sweep")]
    Task SweepAsync(bool all);
}

/// <summary>A <see cref="BeatReport"/> on its way between nodes.</summary>
[GenerateSerializer, Immutable, Alias("mana.clock-report")]
internal readonly record struct ClockReport([property: Id(0)] DateTimeOffset? At, [property: Id(1)] DateTimeOffset? LastTickAt, [property: Id(2)] string? Error);

/// <inheritdoc cref="ITickClockGrain"/>
internal sealed partial class TickClockGrain(
    TickRounds rounds,
    TickClock local,
    PauseSwitch pause,
    ISiloStatusOracle silos,
    RunnerMetrics metrics,
    RunnerSettings settings,
    DomainClock clock,
    TimeProvider time,
    IHostApplicationLifetime lifetime,
    ILogger<TickClockGrain> logger) : Grain, ITickClockGrain
{
    // The nodes' own timers are never quite in step with each other.
    private const double Tolerance = 0.9;

    // A tick that was just opened is on its way to its persona; longer than this it is not.
    private static readonly TimeSpan OnItsWay = TimeSpan.FromSeconds(5);

    private BeatReport _last = new(null, null, null);
    private IGrainTimer? _beat;
    private long? _sweptAt;

    public Task<ClockReport> PulseAsync()
    {
        var now = clock.GetUtcNow();
        if (_beat is null && (_last.At is not { } last || now - last >= settings.TickInterval * Tolerance || now < last))
        {
            Report(_last with { At = now });
            _beat = this.RegisterGrainTimer(
                BeatAsync, new GrainTimerCreationOptions { DueTime = TimeSpan.Zero, Period = Timeout.InfiniteTimeSpan, Interleave = true, KeepAlive = true });
        }

        return Task.FromResult(new ClockReport(_last.At, _last.LastTickAt, _last.Error));
    }

    public async Task SweepAsync(bool all)
    {
        // After a start, whatever is open without an owner was left by an earlier process.
        var first = _sweptAt is null;
        if (!first && !all && time.GetElapsedTime(_sweptAt!.Value) < TimeSpan.FromSeconds(1))
        {
            return;
        }

        _sweptAt = time.GetTimestamp();
        var living = silos.GetApproximateSiloStatuses().Where(silo => silo.Value != SiloStatus.Dead).Select(silo => silo.Key.ToParsableString()).ToList();
        var count = await rounds.SweepAsync(living, first || all ? DateTimeOffset.MaxValue : clock.GetUtcNow() - OnItsWay, lifetime.ApplicationStopping);
        if (count > 0 && first)
        {
            Log.Resuming(logger, count);
        }
    }

    private async Task BeatAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (pause.IsPaused)
            {
                return;
            }

            // Orleans waits for a running timer when it stops; the runner's own stop ends it.
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
            await rounds.BeatAsync(Looked, either.Token);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested || lifetime.ApplicationStopping.IsCancellationRequested)
        {
            // Another node's clock goes on.
        }
        catch (PlatformException e)
        {
            Report(_last with { Error = e.Message });
            metrics.Error(e.Stage);
            Log.BeatRefused(logger, e.Message);
        }
        catch (Exception e)
        {
            // The clock outlives every single beat; what went wrong shows in /health.
            Report(_last with { Error = StoreFault.Of(e) is { } fault ? $"the runner's store cannot be used: {fault}" : e.GetType().Name });
            metrics.Error(TickStages.Of(e, TickStages.Internal));
            Log.BeatFailed(logger, e);
        }
        finally
        {
            _beat?.Dispose();
            _beat = null;
            local.Ended();
        }
    }

    /// <summary>With more personas than may wait at once a beat goes on, and counts as another one after each interval.</summary>
    private void Looked(Round round)
    {
        var now = clock.GetUtcNow();
        var isSameBeat = _last.At is { } at && now >= at && now - at < settings.TickInterval;
        Report(new BeatReport(isSameBeat ? _last.At : now, round.Ticks.Count > 0 ? now : _last.LastTickAt, null));
    }

    private void Report(BeatReport report)
    {
        _last = report;
        local.Report(report);
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "{Count} ticks were open and nobody ran them; they go on where they stood")]
        public static partial void Resuming(ILogger logger, int count);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Nobody could be asked who is due: {Reason}")]
        public static partial void BeatRefused(ILogger logger, string reason);

        [LoggerMessage(Level = LogLevel.Error, Message = "The beat failed")]
        public static partial void BeatFailed(ILogger logger, Exception exception);
    }
}
