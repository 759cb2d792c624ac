using System.Threading.Channels;
using Mana.Contracts;
using Mana.Hosting;
using Mana.PersonaRunner.Diagnostics;
using Mana.PersonaRunner.Platform;
using Mana.PersonaRunner.Recording;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Mana.PersonaRunner.Ticks;

/// <summary>
/// Brings the outbox to mana-auth: at least once, in order per persona, with growing pauses while it is away. A row
/// that mana-auth refuses for good is set aside and shown, and blocks nobody.
/// </summary>
/// <remarks>
/// Order: a row is sent only when all earlier ones of the persona are acknowledged or set aside, so they first arrive in
/// their order, whoever sends them; what is sent twice mana-auth knows by its id. The lock in this node and the lease
/// among nodes are there to send little twice.
/// </remarks>
internal sealed partial class OutboxDelivery(
    Outbox outbox,
    ManaAuthClient auth,
    RunnerMetrics metrics,
    RunnerSettings settings,
    NodeName node,
    DomainClock clock,
    TimeProvider time,
    ILogger<OutboxDelivery> logger) : BackgroundService
{
    // A persona whose batch hangs holds up no more than its share.
    private const int MaxParallelPersonas = 8;

    // What a stop leaves to a request under way, beside the time that running ticks have.
    private static readonly TimeSpan LongestFarewell = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(5);

    private readonly KeyedLock _locks = new();

    // One signal is as good as many: the round looks at everything that is due.
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>
    /// Sends what is due of one persona now. What cannot be sent, for whatever reason, stays and is tried again by
    /// itself; so a tick never fails for its delivery.
    /// </summary>
    public async Task DeliverAsync(UserId persona, CancellationToken stopping)
    {
        if (settings.ServiceKey is null)
        {
            return;
        }

        try
        {
            if (await SendAllAsync(persona, stopping) == Sent.All)
            {
                return;
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The rows are on disk.
        }
        catch (Exception e)
        {
            Log.Failed(logger, e);
            metrics.Error(TickStages.Of(e, TickStages.Deliver));
        }

        // The loop may be asleep: it looks when what was left here is to be tried.
        Wake();
    }

    /// <summary>Has the loop look at what is due.</summary>
    public void Wake() => _wake.Writer.TryWrite(true);

    /// <summary>Sends what is due of all personas.</summary>
    /// <returns>How long to wait for the next row.</returns>
    public async Task<TimeSpan> RoundAsync(CancellationToken stopping)
    {
        var held = 0;
        await Parallel.ForEachAsync(
            await outbox.DuePersonasAsync(clock.GetUtcNow(), stopping),
            new ParallelOptions { MaxDegreeOfParallelism = MaxParallelPersonas, CancellationToken = stopping },
            async (persona, _) =>
            {
                if (await SendAllAsync(new UserId(persona), stopping) == Sent.HeldElsewhere)
                {
                    Interlocked.Increment(ref held);
                }
            });
        metrics.Undelivered(await outbox.StateAsync(stopping));
        var wait = await outbox.NextAttemptAsync(stopping) - clock.GetUtcNow() ?? Outbox.LongestPause;

        // What another node sends looks due until it has been sent.
        return held > 0 && wait < FirstPause ? FirstPause : wait;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (settings.ServiceKey is null)
        {
            return;
        }

        while (!stoppingToken.IsCancellationRequested)
        {
            var wait = FirstPause;
            try
            {
                wait = await RoundAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                Log.Failed(logger, e);
                metrics.Error(TickStages.Of(e, TickStages.Deliver));
            }

            await WaitAsync(wait, stoppingToken);
        }
    }

    /// <summary>Waits until the next attempt is due, at most the longest pause, or until a delivery has left something.</summary>
    private async Task WaitAsync(TimeSpan wait, CancellationToken stoppingToken)
    {
        if (wait <= TimeSpan.Zero)
        {
            return;
        }

        using var timer = new CancellationTokenSource(wait < Outbox.LongestPause ? wait : Outbox.LongestPause, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, stoppingToken);
        try
        {
            await _wake.Reader.ReadAsync(either.Token);
        }
        catch (OperationCanceledException)
        {
            // Time is up, or the service stops: the loop looks which.
        }
    }

    private async Task<Sent> SendAllAsync(UserId persona, CancellationToken stopping)
    {
        using var held = await _locks.EnterAsync(persona.Value, stopping);
        await using var lease = new OutboxLease(outbox, persona, node, time);
        if (!await lease.HoldAsync(stopping))
        {
            return Sent.HeldElsewhere;
        }

        while (await outbox.OfAsync(persona, stopping) is { Count: > 0 } rows)
        {
            if (!await SendAsync(persona, rows, lease, stopping))
            {
                return Sent.NotAll;
            }
        }

        return Sent.All;
    }

    /// <returns>False when a row has to wait.</returns>
    private async Task<bool> SendAsync(UserId persona, List<OutboxRow> rows, OutboxLease lease, CancellationToken stopping)
    {
        // Struck off with one write for all: a crash before it only means that some are sent twice.
        var acknowledged = new List<string>();
        try
        {
            foreach (var row in rows)
            {
                stopping.ThrowIfCancellationRequested();
                if (Outbox.Rests(row, clock.GetUtcNow()) || !await lease.HoldAsync(stopping) || !await SendAsync(persona, row, acknowledged, stopping))
                {
                    // Order is kept: what comes later waits for this one.
                    return false;
                }
            }

            return true;
        }
        finally
        {
            if (acknowledged.Count > 0)
            {
                await outbox.AcknowledgedAsync(acknowledged, CancellationToken.None);
            }
        }
    }

    /// <returns>True when the next row may follow.</returns>
    private async Task<bool> SendAsync(UserId persona, OutboxRow row, List<string> acknowledged, CancellationToken stopping)
    {
        // A stop does not cut off a request that may have been handled already: it would be sent again.
        using var farewell = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        await using var _ = stopping.Register(() => farewell.CancelAfter(settings.DrainTime < LongestFarewell ? settings.DrainTime : LongestFarewell));
        try
        {
            await auth.DeliverAsync(persona, row.Kind, row.Payload, farewell.Token);
            acknowledged.Add(row.Id);
            return true;
        }
        catch (PlatformException e) when (e.StatusCode == 404 && row.Kind == OutboxPayloads.Outcome)
        {
            // An auth service without our outcome endpoint: actions and feedback are all that it can take.
            acknowledged.Add(row.Id);
            return true;
        }
        catch (PlatformException e)
        {
            var attempts = row.Attempts + 1;
            var refused = IsRefusedForGood(e.StatusCode);
            var pause = TimeSpan.FromSeconds(Math.Min(Outbox.LongestPause.TotalSeconds, FirstPause.TotalSeconds * Math.Pow(2, Math.Min(attempts - 1, 10))));
            await outbox.FailedAsync(row.Id, attempts, e.Message, clock.Now() + pause, refused, CancellationToken.None);
            metrics.Error(TickStages.Deliver);
            if (refused)
            {
                Log.SetAside(logger, row.Id, e.Message);
            }
            else
            {
                Log.Postponed(logger, row.Id, attempts, pause.TotalSeconds, e.Message);
            }

            return refused;
        }
    }

    /// <summary>What no repetition changes; a key that does not fit or too many requests are not of this kind.</summary>
    private static bool IsRefusedForGood(int? status) => status is 400 or 404 or 409 or 410 or 413 or 414 or 415 or 422 or 431;

    private enum Sent
    {
        All,
        NotAll,
        HeldElsewhere,
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "The outbox could not be read or written; it is tried again")]
        public static partial void Failed(ILogger logger, Exception exception);

        [LoggerMessage(Level = LogLevel.Error, Message = "{Row} is set aside, mana-auth refuses it: {Reason}")]
        public static partial void SetAside(ILogger logger, string row, string reason);

        [LoggerMessage(Level = LogLevel.Warning, Message = "{Row} not delivered (attempt {Attempt}), next in {Seconds:0} s: {Reason}")]
        public static partial void Postponed(ILogger logger, string row, int attempt, double seconds, string reason);
    }
}
