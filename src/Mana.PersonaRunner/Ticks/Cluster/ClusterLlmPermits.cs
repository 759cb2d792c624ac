using Mana.PersonaRunner.Brains;
using Mana.PersonaRunner.Diagnostics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Mana.PersonaRunner.Ticks.Cluster;

/// <summary>
/// The node's gate to the cluster's budget. Callers queue here, first come first served, and only the first one asks. A
/// budget that does not answer is asked again: without its word no request leaves the node.
/// </summary>
/// <param name="node">The node's account.</param>
/// <param name="budget">The budget, wherever it lives now; it can be asked once the cluster is up.</param>
/// <param name="pause">Learns of a pause with every answer.</param>
/// <param name="metrics">Waits and limits.</param>
/// <param name="time">The system's clock.</param>
/// <param name="logger">Faults of the budget.</param>
internal sealed partial class ClusterLlmPermits(
    LlmNode node, Lazy<ILlmBudgetGrain> budget, PauseSwitch pause, LlmMetrics metrics, TimeProvider time, ILogger<ClusterLlmPermits> logger)
    : BackgroundService, ILlmPermits
{
    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FaultWait = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Jitter = TimeSpan.FromMilliseconds(4);

    // The head of the queue holds the turn while it waits; a message to the budget is answered before the next is made,
    // or a report could undo what a grant has just added.
    private readonly SemaphoreSlim _turn = new(1);
    private readonly SemaphoreSlim _message = new(1);
    private TaskCompletionSource? _sleeper;
    private TaskCompletionSource _reportNow = NewSignal();
    private long _changes;
    private bool _isLost;

    public bool CountsTokens => node.CountsTokens;

    public async ValueTask<LlmPermit> AcquireAsync(LlmNeed need, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        await _turn.WaitAsync(cancellationToken);
        try
        {
            while (true)
            {
                var changes = Volatile.Read(ref _changes);
                var (reply, permit) = await AskAsync(need, cancellationToken);
                if (permit is { } granted)
                {
                    metrics.Granted(time.GetElapsedTime(start));
                    return granted;
                }

                if (reply?.Answer == LlmAnswer.Paused)
                {
                    metrics.Parked();
                    throw new ParkedException("the runner is paused; the tick goes on when it is resumed");
                }

                if (reply is not null && need.Deadline - time.GetUtcNow() is { } left && reply.Wait >= left)
                {
                    throw new ModelCallException(BrainFailure.Unavailable, "The limits of the model leave no room for another request.") { RetryAfter = reply.Wait };
                }

                await SleepAsync(reply is null ? FaultWait : reply.Wait, changes, cancellationToken);
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Settle(in LlmPermit permit, in LlmOutcome outcome)
    {
        node.Settle(permit, outcome);
        if (outcome.IsThrottled)
        {
            // The other nodes should hear of it before they are refused as well.
            metrics.Throttled();
            Volatile.Read(ref _reportNow).TrySetResult();
        }

        Wake();
    }

    public override void Dispose()
    {
        base.Dispose();
        _turn.Dispose();
        _message.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var wait = ReportInterval;
        while (!stoppingToken.IsCancellationRequested)
        {
            await Volatile.Read(ref _reportNow).Task.WaitAsync(wait, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stoppingToken.IsCancellationRequested)
            {
                return;
            }

            if (Volatile.Read(ref _reportNow).Task.IsCompleted)
            {
                Volatile.Write(ref _reportNow, NewSignal());
            }

            await _message.WaitAsync(stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stoppingToken.IsCancellationRequested)
            {
                return;
            }

            var (reply, _) = await SendAsync(null, static (grain, report, _) => grain.Report(report), stoppingToken);
            wait = reply is null ? FaultWait : ReportInterval;
        }
    }

    private async ValueTask<(LlmReply? Reply, LlmPermit? Permit)> AskAsync(LlmNeed need, CancellationToken cancellationToken)
    {
        await _message.WaitAsync(cancellationToken);
        return await SendAsync(need, Acquire, cancellationToken);

        static ValueTask<LlmReply> Acquire(ILlmBudgetGrain grain, LlmReport report, LlmNeed? need) =>
            grain.Acquire(report, new LlmAsk(need!.Value.InputTokens, need.Value.OutputTokens, need.Value.IgnoresPause));
    }

    /// <summary>Sends one message; the lock on messages is held and is let go here.</summary>
    private async ValueTask<(LlmReply? Reply, LlmPermit? Permit)> SendAsync(
        LlmNeed? need, Func<ILlmBudgetGrain, LlmReport, LlmNeed?, ValueTask<LlmReply>> send, CancellationToken cancellationToken)
    {
        try
        {
            var sent = time.GetTimestamp();
            var reply = await send(budget.Value, node.Report(pause.State), need);
            var permit = node.Take(reply, need, time.GetElapsedTime(sent));
            Hear(reply);
            return (reply, permit);
        }
        catch (Exception e)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!_isLost)
            {
                Log.Lost(logger, e);
            }

            _isLost = true;
            return (null, null);
        }
        finally
        {
            _message.Release();
        }
    }

    private void Hear(LlmReply reply)
    {
        if (_isLost)
        {
            _isLost = false;
            Log.Found(logger);
        }

        metrics.Limits(reply.Limits);
        if (pause.Learn(reply.Pause))
        {
            Wake();
        }
    }

    private async Task SleepAsync(TimeSpan wait, long changes, CancellationToken cancellationToken)
    {
        var sleeper = NewSignal();
        Volatile.Write(ref _sleeper, sleeper);
        if (Volatile.Read(ref _changes) != changes)
        {
            return;
        }

        var sleep = wait < LlmTurns.LongestSleep ? wait : LlmTurns.LongestSleep;
        await sleeper.Task.WaitAsync(sleep + (Jitter * Random.Shared.NextDouble()), time, cancellationToken)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
    }

    private void Wake()
    {
        Interlocked.Increment(ref _changes);
        Volatile.Read(ref _sleeper)?.TrySetResult();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "The model budget does not answer; no request is sent until it does")]
        public static partial void Lost(ILogger logger, Exception exception);

        [LoggerMessage(Level = LogLevel.Information, Message = "The model budget answers again")]
        public static partial void Found(ILogger logger);
    }
}
