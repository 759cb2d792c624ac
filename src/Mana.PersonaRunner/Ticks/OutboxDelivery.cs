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
internal sealed partial class OutboxDelivery(
    Outbox outbox, ManaAuthClient auth, RunnerMetrics metrics, RunnerSettings settings, DomainClock clock, ILogger<OutboxDelivery> logger) : BackgroundService
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);

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
            if (await SendAllAsync(persona, stopping))
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
            metrics.Error(TickStages.Deliver);
        }

        // The loop may be asleep: it looks when what was left here is to be tried.
        _wake.Writer.TryWrite(true);
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
                foreach (var persona in await outbox.DuePersonasAsync(clock.GetUtcNow(), stoppingToken))
                {
                    await SendAllAsync(new UserId(persona), stoppingToken);
                }

                metrics.Undelivered(await outbox.CountAsync(stoppingToken));
                wait = await outbox.NextAttemptAsync(stoppingToken) - clock.GetUtcNow() ?? LongestPause;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                Log.Failed(logger, e);
                metrics.Error(TickStages.Deliver);
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

        using var timer = new CancellationTokenSource(wait < LongestPause ? wait : LongestPause, clock);
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

    /// <returns>True when nothing of the persona is left.</returns>
    private async Task<bool> SendAllAsync(UserId persona, CancellationToken cancellationToken)
    {
        using var held = await _locks.EnterAsync(persona.Value, cancellationToken);
        while (await outbox.OfAsync(persona, cancellationToken) is { Count: > 0 } rows)
        {
            if (!await SendAsync(persona, rows, cancellationToken))
            {
                return false;
            }
        }

        return true;
    }

    /// <returns>False when a row has to wait.</returns>
    private async Task<bool> SendAsync(UserId persona, List<OutboxRow> rows, CancellationToken cancellationToken)
    {
        // Struck off with one write for all: a crash before it only means that some are sent twice.
        var acknowledged = new List<string>();
        try
        {
            foreach (var row in rows)
            {
                if (row.NextAttemptAt > clock.GetUtcNow() || !await SendAsync(persona, row, acknowledged, cancellationToken))
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
    private async Task<bool> SendAsync(UserId persona, OutboxRow row, List<string> acknowledged, CancellationToken cancellationToken)
    {
        try
        {
            await auth.DeliverAsync(persona, row.Kind, row.Payload, cancellationToken);
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
            var refused = e.StatusCode is 400 or 404 or 413 or 422;
            var pause = TimeSpan.FromSeconds(Math.Min(LongestPause.TotalSeconds, FirstPause.TotalSeconds * Math.Pow(2, Math.Min(attempts - 1, 10))));
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
