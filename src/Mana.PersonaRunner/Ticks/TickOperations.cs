using Mana.Contracts;
using Mana.Hosting;
using Mana.PersonaRunner.Dashboard;
using Mana.PersonaRunner.Platform;
using Mana.PersonaRunner.Recording;
using Microsoft.Extensions.Logging;

namespace Mana.PersonaRunner.Ticks;

/// <summary>Why an operator's wish is not carried out.</summary>
/// <param name="IsUnknown">There is no such tick; otherwise it is not in a state for it.</param>
/// <param name="Reason">For a person.</param>
internal sealed record Refusal(bool IsUnknown, string Reason);

/// <summary>What operators do with single ticks, from any node: end one, or have one's work done again.</summary>
internal sealed partial class TickOperations(
    TickStore store,
    TickReader reader,
    Outbox outbox,
    OutboxDelivery delivery,
    ITickDispatch dispatch,
    TickRounds rounds,
    TickFeed feed,
    DomainClock clock,
    TimeProvider time,
    ILogger<TickOperations> logger)
{
    private const string ByOperator = "cancelled by an operator";

    // The tick has ended by then: a node that does not hear of it finds out with its next write.
    private static readonly TimeSpan MessageTimeout = TimeSpan.FromSeconds(5);

    private static readonly Refusal Unknown = new(true, "There is no tick of this id; GET /api/v1/ticks lists them");

    /// <summary>Ends an open tick: queued, running on whatever node, or parked.</summary>
    public async Task<(CancelTickResponse? Done, Refusal? Refusal)> CancelAsync(TickId id, CancellationToken cancellationToken)
    {
        var (row, isDone) = await store.CancelAsync(id, ByOperator, clock.Now(), cancellationToken);
        if (row is null)
        {
            return (null, Unknown);
        }

        if (!isDone)
        {
            return (null, new Refusal(false, $"This tick has ended already ({row.Outcome}); there is nothing to cancel"));
        }

        Log.Cancelled(logger, row.Name, id, row.Phase, row.Owner ?? "no node");
        await TellAsync(row);
        feed.Publish(new TickEvent(
            "end", id, row.Email, row.Name, clock.GetUtcNow(), Outcome: TickOutcomes.Failed, Text: ByOperator));
        delivery.Wake();
        return (new CancelTickResponse(true, id, row.Email, row.Name, row.Phase, row.Owner), null);
    }

    /// <summary>
    /// Sends again what mana-auth has not acknowledged of an ended tick, and begins a new one of its persona where it
    /// failed. What mana-auth has acknowledged meanwhile comes before what is sent again now.
    /// </summary>
    public async Task<(RetryTickResponse? Done, Refusal? Refusal)> RetryAsync(TickId id, CancellationToken cancellationToken)
    {
        if (await reader.FindAsync(id, cancellationToken) is not { Tick: var tick })
        {
            return (null, Unknown);
        }

        if (tick.Outcome is null)
        {
            return (null, new Refusal(false, "This tick has not ended; it goes on by itself, unless it is cancelled"));
        }

        var failed = tick.Outcome is TickOutcomes.Failed or TickOutcomes.TimedOut;
        var resent = await outbox.RetryAsync(id, clock.Now(), cancellationToken);
        if (resent == 0 && !failed)
        {
            return (null, new Refusal(false, $"This tick ended as {tick.Outcome} and mana-auth has all of it; there is nothing to do again"));
        }

        if (resent > 0)
        {
            delivery.Wake();
        }

        var (started, problem) = failed ? await BeginAsync(tick.Email, cancellationToken) : (null, null);
        Log.Retried(logger, tick.Name, id, resent, started?.TickId.Value ?? problem ?? "no new tick");
        return (new RetryTickResponse(problem is null, id, resent, started, problem), null);
    }

    /// <summary>
    /// Sets aside what mana-auth has not acknowledged of an ended tick, so that the persona's later rows and visits no
    /// longer wait for it: mana-auth may answer a batch with an error of its own for ever. A retry sends it again.
    /// </summary>
    public async Task<(SetAsideTickResponse? Done, Refusal? Refusal)> SetAsideAsync(TickId id, CancellationToken cancellationToken)
    {
        if (await reader.FindAsync(id, cancellationToken) is not { Tick: var tick })
        {
            return (null, Unknown);
        }

        var rows = await outbox.SetAsideAsync(id, cancellationToken);
        if (rows == 0)
        {
            return (null, new Refusal(false, "Nothing of this tick waits to be delivered; there is nothing to set aside"));
        }

        Log.SetAside(logger, tick.Name, id, rows);
        delivery.Wake();
        return (new SetAsideTickResponse(true, id, tick.Email, tick.Name, rows), null);
    }

    private async Task<(StartedTick? Started, string? Problem)> BeginAsync(string email, CancellationToken cancellationToken)
    {
        try
        {
            var round = await rounds.RunNowAsync(new RunTicksRequest(TickScopes.All, [email]), cancellationToken);
            return round.Ticks is [var started, ..] ? (started, null) : (null, round.Skipped is [var skipped, ..] ? skipped.Reason : "mana-auth knows no such persona");
        }
        catch (PlatformException e)
        {
            return (null, e.Message);
        }
    }

    private async Task TellAsync(TickRow tick)
    {
        try
        {
            await dispatch.CancelAsync(tick.PersonaId, new TickId(tick.Id)).WaitAsync(MessageTimeout, time);
        }
        catch (Exception e)
        {
            Log.NotTold(logger, tick.Id, e);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "{Persona}: tick {TickId} is cancelled by an operator in phase {Phase} on {Node}")]
        public static partial void Cancelled(ILogger logger, string persona, TickId tickId, string phase, string node);

        [LoggerMessage(Level = LogLevel.Information, Message = "{Persona}: tick {TickId} is retried by an operator: {Resent} batches sent again; {Started}")]
        public static partial void Retried(ILogger logger, string persona, TickId tickId, int resent, string started);

        [LoggerMessage(Level = LogLevel.Information, Message = "{Persona}: {Batches} batches of tick {TickId} are set aside by an operator")]
        public static partial void SetAside(ILogger logger, string persona, TickId tickId, int batches);

        [LoggerMessage(Level = LogLevel.Warning, Message = "The node of tick {TickId} could not be told that it is cancelled; its next write is refused")]
        public static partial void NotTold(ILogger logger, string tickId, Exception exception);
    }
}
