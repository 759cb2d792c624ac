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
    Brain brain,
    DomainClock clock,
    TimeProvider time,
    RunnerSettings settings,
    ILogger<TickDispatcher> logger) : IHostedService, IDisposable
{
    private readonly Channel<Job> _queue = Channel.CreateUnbounded<Job>();
    private readonly ConcurrentDictionary<string, Job> _active = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stopping = new();
    private Task[] _workers = [];
    private volatile bool _accepting = true;

    /// <summary>The ticks that are queued or run now, with the moment on the system's clock at which each began (null: queued).</summary>
    public IEnumerable<(TickId Id, long? StartedAt)> Active => _active.Values.Select(job => (job.Id, job.StartedAt));

    /// <summary>Whether the persona has a tick that is queued or runs.</summary>
    public bool IsActive(UserId persona) => _active.ContainsKey(persona.Value);

    /// <summary>Takes a persona in, unless it is in already or the runner is stopping.</summary>
    /// <returns>The tick and the task that ends with it; null when it was not accepted.</returns>
    public async Task<(TickId Id, Task<TickResult> Result)?> AcceptAsync(DuePersona persona, CancellationToken cancellationToken)
    {
        var now = clock.Now();
        var job = new Job(TickId.New(now), persona);
        if (!_accepting || !_active.TryAdd(persona.UserId.Value, job))
        {
            return null;
        }

        try
        {
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
                cancellationToken);
            await _queue.Writer.WriteAsync(job, cancellationToken);
            return (job.Id, job.Result.Task);
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
        while (_queue.Reader.TryRead(out var waiting))
        {
            // Its row says "queued": the next start closes it, and the persona stays due.
            waiting.Result.TrySetCanceled(CancellationToken.None);
        }

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
            try
            {
                job.Result.TrySetResult(await RunAsync(job));
            }
            catch (Exception e)
            {
                // The end could not be written. The row stays open and the next start closes it.
                Log.EndLost(logger, job.Id, e);
                metrics.Error(TickStages.Storage);
                job.Result.TrySetResult(new TickResult(TickOutcomes.Failed, TickStages.Storage, "the end of the tick could not be stored: " + e.Message));
            }
            finally
            {
                _active.TryRemove(job.Persona.UserId.Value, out _);
            }
        }
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
            recorder.Announce(result.Outcome, result.Error);
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

    private sealed class Job(TickId id, DuePersona persona)
    {
        public TickId Id { get; } = id;

        public DuePersona Persona { get; } = persona;

        public long? StartedAt { get; set; }

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
