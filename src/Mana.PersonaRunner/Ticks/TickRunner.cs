using System.Collections.Concurrent;
using Mana.Contracts;
using Mana.Hosting;
using Mana.PersonaRunner.Dashboard;
using Mana.PersonaRunner.Diagnostics;
using Mana.PersonaRunner.Recording;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Mana.PersonaRunner.Ticks;

/// <summary>
/// Runs the ticks of this node, at most <c>PERSONA_CONCURRENCY</c> side by side. A stop lets calls that are under way
/// finish and parks the ticks: they stay open and go on elsewhere, or after the restart.
/// </summary>
internal sealed partial class TickRunner(
    PersonaTick personaTick,
    OpenTicks openTicks,
    TickStore store,
    TickFeed feed,
    RunnerMetrics metrics,
    OutboxDelivery delivery,
    PauseSwitch pause,
    NodeName node,
    DomainClock clock,
    TimeProvider time,
    RunnerSettings settings,
    ILogger<TickRunner> logger) : IHostedService, IDisposable
{
    private static readonly TimeSpan LastWait = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _slots = new(settings.Concurrency);
    private readonly ConcurrentDictionary<string, Job> _active = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _parking = new();
    private readonly CancellationTokenSource _stopping = new();

    /// <summary>The ticks that wait or run here, with the moment on the system's clock at which each began (null: it waits).</summary>
    public IEnumerable<(TickId Id, long? StartedAt)> Active => _active.Values.Select(job => (job.Id, job.StartedAt));

    /// <summary>True from the moment of the stop: nothing is begun any more.</summary>
    public bool IsStopping => _parking.IsCancellationRequested;

    /// <summary>
    /// Runs the tick as soon as there is a slot, from wherever its journal ends, and returns when it has ended or is
    /// parked. Does nothing when it runs here already, has ended, or the node is stopping.
    /// </summary>
    public async Task RunAsync(TickId id, bool ignoresPause)
    {
        using var job = new Job(id);
        if (IsStopping || !_active.TryAdd(id.Value, job))
        {
            return;
        }

        try
        {
            await _slots.WaitAsync(_parking.Token);
            try
            {
                await TakeAsync(job, ignoresPause);
            }
            finally
            {
                _slots.Release();
            }
        }
        catch (OperationCanceledException) when (IsStopping)
        {
            // It waits in the store.
        }
        catch (Exception e)
        {
            // It could not be taken, or its end not be written. It is open in the store and is handed out again.
            Log.Lost(logger, id, e);
            metrics.Error(TickStages.Storage);
        }
        finally
        {
            _active.TryRemove(id.Value, out _);
            job.Done.SetResult();
        }
    }

    /// <summary>Stops the tick at once, if it runs here.</summary>
    public void Cancel(TickId id)
    {
        if (_active.TryGetValue(id.Value, out var job))
        {
            job.Cancel();
        }
    }

    /// <summary>
    /// Gives back what is this node's in the store and is not run here: the end of a tick could not be written, for
    /// instance, while the database was away.
    /// </summary>
    public async Task ReleaseLostAsync(CancellationToken cancellationToken)
    {
        foreach (var (id, epoch) in await openTicks.OwnedAsync(node.Value, cancellationToken))
        {
            if (!_active.ContainsKey(id))
            {
                await openTicks.ReleaseAsync(new TickId(id), epoch, cancellationToken);
            }
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _parking.CancelAsync();
        var jobs = Task.WhenAll(_active.Values.Select(job => job.Done.Task));
        try
        {
            await jobs.WaitAsync(settings.DrainTime, time, cancellationToken);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            await _stopping.CancelAsync();
            await Task.WhenAny(jobs, Task.Delay(LastWait, time, CancellationToken.None));
        }
    }

    public void Dispose()
    {
        _slots.Dispose();
        _parking.Dispose();
        _stopping.Dispose();
    }

    private async Task TakeAsync(Job job, bool ignoresPause)
    {
        if (pause.IsPaused && !ignoresPause)
        {
            return;
        }

        // Not cancellable: a tick that is taken without being run would have an owner that knows nothing of it.
        if (await openTicks.TakeAsync(job.Id, node.Value, clock.Now(), CancellationToken.None) is not { } tick)
        {
            return;
        }

        var start = time.GetTimestamp();
        job.StartedAt = start;
        metrics.Started();
        var outcome = TickOutcomes.Failed;
        try
        {
            var recorder = new TickRecorder(tick, store, feed, metrics, clock);
            using var stopping = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token, job.Cancelled);
            var result = await personaTick.RunAsync(tick, recorder, new TickSignals(stopping.Token, _parking.Token));
            outcome = !result.IsEnd && job.Cancelled.IsCancellationRequested ? TickStages.Cancelled : result.Outcome;
            var name = tick.Persona.DisplayName();
            var milliseconds = time.GetElapsedTime(start).TotalMilliseconds;
            if (!result.IsEnd)
            {
                await openTicks.ReleaseAsync(tick.Id, tick.Epoch, CancellationToken.None);
                Log.Left(logger, name, outcome, recorder.Calls.Count, milliseconds, result.Error ?? "");
                return;
            }

            await delivery.DeliverAsync(tick.Persona.UserId, stopping.Token);
            Log.Ended(logger, name, result.Outcome, recorder.Calls.Count, milliseconds, result.Error ?? "");

            // Who hears it may start the persona again.
            _active.TryRemove(job.Id.Value, out _);
            feed.Publish(new TickEvent("end", tick.Id, tick.Persona.Email, name, clock.GetUtcNow(), Outcome: result.Outcome, Text: result.Error));
        }
        finally
        {
            metrics.Ended(outcome, time.GetElapsedTime(start), clock.GetUtcNow());
        }
    }

    private sealed class Job(TickId id) : IDisposable
    {
        private const long NotStarted = long.MinValue;

        private readonly CancellationTokenSource _cancelled = new();
        private readonly Lock _lock = new();
        private bool _disposed;
        private long _startedAt = NotStarted;

        public TickId Id { get; } = id;

        public CancellationToken Cancelled => _cancelled.Token;

        // Read by other threads; a nullable one could be read in halves.
        public long? StartedAt
        {
            get => Volatile.Read(ref _startedAt) is var started && started == NotStarted ? null : started;
            set => Volatile.Write(ref _startedAt, value ?? NotStarted);
        }

        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Cancel()
        {
            lock (_lock)
            {
                if (!_disposed)
                {
                    _cancelled.Cancel();
                }
            }
        }

        public void Dispose()
        {
            lock (_lock)
            {
                _disposed = true;
                _cancelled.Dispose();
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "{Persona}: {Outcome}, {Calls} calls, {Milliseconds:0} ms {Error}")]
        public static partial void Ended(ILogger logger, string persona, string outcome, int calls, double milliseconds, string error);

        [LoggerMessage(Level = LogLevel.Information, Message = "{Persona}: {State} after {Calls} calls, {Milliseconds:0} ms {Reason}")]
        public static partial void Left(ILogger logger, string persona, string state, int calls, double milliseconds, string reason);

        [LoggerMessage(Level = LogLevel.Error, Message = "Tick {TickId} could not be taken or ended; it is tried again")]
        public static partial void Lost(ILogger logger, TickId tickId, Exception exception);
    }
}
