using System.Collections.Concurrent;
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

    private readonly ConcurrentDictionary<string, SemaphoreSlim> _locks = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _wake = new(0);

    /// <summary>Sends what is due of one persona now. What cannot be sent stays, and is tried again by itself.</summary>
    public async Task DeliverAsync(UserId persona, CancellationToken cancellationToken)
    {
        if (settings.ServiceKey is null)
        {
            return;
        }

        var gate = _locks.GetOrAdd(persona.Value, _ => new SemaphoreSlim(1));
        try
        {
            await gate.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            return;
        }

        try
        {
            await DeliverLockedAsync(persona, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Stopping: the rows are on disk.
        }
        finally
        {
            gate.Release();
        }
    }

    public override void Dispose()
    {
        _wake.Dispose();
        base.Dispose();
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
                    await DeliverAsync(new UserId(persona), stoppingToken);
                }

                metrics.Undelivered(await outbox.CountAsync(stoppingToken));
                wait = await outbox.NextAttemptAsync(stoppingToken) - clock.GetUtcNow() ?? Timeout.InfiniteTimeSpan;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                Log.RoundFailed(logger, e);
                metrics.Error(TickStages.Deliver);
            }

            await WaitAsync(wait, stoppingToken);
        }
    }

    /// <summary>Waits until the next attempt is due, or until a failed delivery has set an earlier one.</summary>
    private async Task WaitAsync(TimeSpan wait, CancellationToken stoppingToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        var woken = _wake.WaitAsync(either.Token);
        if (wait != Timeout.InfiniteTimeSpan && wait < TimeSpan.Zero)
        {
            wait = TimeSpan.Zero;
        }

        await Task.WhenAny(woken, Task.Delay(wait, clock, either.Token));
        await either.CancelAsync();
    }

    private async Task DeliverLockedAsync(UserId persona, CancellationToken cancellationToken)
    {
        // Struck off with one write for all: a crash before it only means that some are sent twice.
        var acknowledged = new List<string>();
        try
        {
            foreach (var row in await outbox.OfAsync(persona, cancellationToken))
            {
                if (row.NextAttemptAt > clock.GetUtcNow() || !await SendAsync(persona, row, acknowledged, cancellationToken))
                {
                    // Order is kept: what comes later waits for this one.
                    break;
                }
            }
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

            _wake.Release();

            return refused;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "The delivery round failed")]
        public static partial void RoundFailed(ILogger logger, Exception exception);

        [LoggerMessage(Level = LogLevel.Error, Message = "{Row} is set aside, mana-auth refuses it: {Reason}")]
        public static partial void SetAside(ILogger logger, string row, string reason);

        [LoggerMessage(Level = LogLevel.Warning, Message = "{Row} not delivered (attempt {Attempt}), next in {Seconds:0} s: {Reason}")]
        public static partial void Postponed(ILogger logger, string row, int attempt, double seconds, string reason);
    }
}
