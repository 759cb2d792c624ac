using System.Collections.Concurrent;
using System.Threading.Channels;
using Mana.Contracts;
using Mana.Hosting;
using Mana.PersonaRunner.Brains;
using Mana.PersonaRunner.Dashboard;
using Mana.PersonaRunner.Diagnostics;
using Mana.PersonaRunner.Recording;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Mana.PersonaRunner.Ticks;

/// <summary>
/// Runs accepted ticks, at most <c>PERSONA_CONCURRENCY</c> side by side and never two of one persona. There is no
/// batch: a free slot takes the next tick at once.
/// </summary>
internal sealed partial class TickDispatcher(
    PersonaTick personaTick,
    TickStore store,
    TickFeed feed,
    RunnerMetrics metrics,
    OutboxDelivery delivery,
    PauseSwitch pause,
    Brain brain,
    DomainClock clock,
    TimeProvider time,
    RunnerSettings settings,
    ILogger<TickDispatcher> logger) : IHostedService, IDisposable
{
    private const string Paused = "the runner was paused before this tick began; the persona stays due";
    private const string Stopped = "the runner stopped before this tick began; the persona stays due";

    private readonly Channel<Job> _queue = Channel.CreateUnbounded<Job>();
    private readonly ConcurrentDictionary<string, Job> _active = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stopping = new();
    private Task[] _workers = [];
    private volatile bool _accepting = true;

    /// <summary>The ticks that are queued or run now, with the moment on the system's clock at which each began (null: queued).</summary>
    public IEnumerable<(TickId Id, long? StartedAt)> Active => _active.Values.Select(job => (job.Id, job.StartedAt));

    /// <summary>Whether the persona has a tick that is queued or runs.</summary>
    public bool IsActive(UserId persona) => _active.ContainsKey(persona.Value);

    /// <summary>True from the moment of the stop: nothing is accepted any more.</summary>
    public bool IsStopping => !_accepting;

    /// <summary>Takes a persona in, unless it is in already or the runner is stopping.</summary>
    /// <param name="persona">Whose tick it is.</param>
    /// <param name="isAsked">Somebody asked for this very tick: a pause does not hold it back.</param>
    /// <param name="cancellationToken">Cancels before the tick is stored, not after.</param>
    /// <returns>The tick and the task that ends with it; null when it was not accepted.</returns>
    public async Task<(TickId Id, Task<TickResult> Result)?> AcceptAsync(DuePersona persona, bool isAsked, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var now = clock.Now();
        var job = new Job(TickId.New(now), persona, isAsked);
        if (!_accepting || !_active.TryAdd(persona.UserId.Value, job))
        {
            return null;
        }

        try
        {
            // Not cancellable: a row that is stored without its job would stay open until the next start.
            await store.OpenAsync(
                new TickRow
                {
                    Id = job.Id.Value,
                    PersonaId = persona.UserId.Value,
                    Email = persona.Email,
                    Name = persona.DisplayName(),
                    Archetype = persona.Archetype,
                    Brain = brain.Name,
                    Model = brain.Model,
                    Phase = TickPhases.Queued,
                    StartedAt = now,
                },
                CancellationToken.None);
            if (_queue.Writer.TryWrite(job))
            {
                return (job.Id, job.Result.Task);
            }

            // The stop came in between.
            await FinishAsync(job, () => SetBackAsync(job, Stopped));
            return null;
        }
        catch
        {
            _active.TryRemove(persona.UserId.Value, out _);
            throw;
        }
    }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var interrupted = await store.CloseInterruptedAsync(clock.Now(), cancellationToken);
        if (interrupted > 0)
        {
            Log.Interrupted(logger, interrupted);
        }

        _workers = [.. Enumerable.Range(0, settings.Concurrency).Select(_ => Task.Run(WorkAsync, CancellationToken.None))];
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _accepting = false;
        _queue.Writer.TryComplete();
        var waiting = new List<Task>();
        while (_queue.Reader.TryRead(out var job))
        {
            waiting.Add(FinishAsync(job, () => SetBackAsync(job, Stopped)));
        }

        await Task.WhenAll(waiting);
        var workers = Task.WhenAll(_workers);
        try
        {
            await workers.WaitAsync(settings.DrainTime, time, cancellationToken);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            await _stopping.CancelAsync();
            await workers;
        }
    }

    public void Dispose() => _stopping.Dispose();

    private async Task WorkAsync()
    {
        await foreach (var job in _queue.Reader.ReadAllAsync(CancellationToken.None))
        {
            await FinishAsync(job, () => pause.IsPaused && !job.IsAsked ? SetBackAsync(job, Paused) : RunAsync(job));
        }
    }

    /// <summary>Brings the job to its end, whatever happens, and only then says so: who hears it may start the persona again.</summary>
    private async Task FinishAsync(Job job, Func<Task<TickResult>> work)
    {
        TickResult result;
        try
        {
            result = await work();
        }
        catch (Exception e)
        {
            // The end could not be written. The row stays open and the next start closes it.
            Log.EndLost(logger, job.Id, e);
            metrics.Error(TickStages.Storage);
            result = new TickResult(TickOutcomes.Failed, TickStages.Storage, "the end of the tick could not be stored: " + e.Message);
        }

        _active.TryRemove(job.Persona.UserId.Value, out _);
        feed.Publish(new TickEvent("end", job.Id, job.Persona.Email, job.Persona.DisplayName(), clock.GetUtcNow(), Outcome: result.Outcome, Text: result.Error));
        job.Result.TrySetResult(result);
    }

    /// <summary>Ends a job that has not begun: nothing is delivered of it.</summary>
    private async Task<TickResult> SetBackAsync(Job job, string reason)
    {
        await store.AbandonAsync(job.Id, reason, clock.Now(), CancellationToken.None);
        return new TickResult(TickOutcomes.Failed, TickStages.Stopped, reason);
    }

    private async Task<TickResult> RunAsync(Job job)
    {
        var recorder = new TickRecorder(job.Id, job.Persona, store, feed, metrics, clock);
        var start = time.GetTimestamp();
        job.StartedAt = start;
        metrics.Started();
        var outcome = TickOutcomes.Failed;
        try
        {
            var result = await personaTick.RunAsync(job.Persona, recorder, _stopping.Token);
            outcome = result.Outcome;
            await delivery.DeliverAsync(job.Persona.UserId, _stopping.Token);
            var name = job.Persona.DisplayName();
            var milliseconds = time.GetElapsedTime(start).TotalMilliseconds;
            Log.Ended(logger, name, result.Outcome, recorder.Calls.Count, milliseconds, result.Error ?? "");
            return result;
        }
        finally
        {
            metrics.Ended(outcome, time.GetElapsedTime(start), clock.GetUtcNow());
        }
    }

    private sealed class Job(TickId id, DuePersona persona, bool isAsked)
    {
        private const long NotStarted = long.MinValue;

        private long _startedAt = NotStarted;

        public TickId Id { get; } = id;

        public DuePersona Persona { get; } = persona;

        public bool IsAsked { get; } = isAsked;

        // Read by other threads; a nullable one could be read in halves.
        public long? StartedAt
        {
            get => Volatile.Read(ref _startedAt) is var started && started == NotStarted ? null : started;
            set => Volatile.Write(ref _startedAt, value ?? NotStarted);
        }

        public TaskCompletionSource<TickResult> Result { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "{Persona}: {Outcome}, {Calls} calls, {Milliseconds:0} ms {Error}")]
        public static partial void Ended(ILogger logger, string persona, string outcome, int calls, double milliseconds, string error);

        [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} ticks were open from an earlier run; they are ended and what they did is delivered")]
        public static partial void Interrupted(ILogger logger, int count);

        [LoggerMessage(Level = LogLevel.Error, Message = "The end of tick {TickId} could not be stored")]
        public static partial void EndLost(ILogger logger, TickId tickId, Exception exception);
    }
}
