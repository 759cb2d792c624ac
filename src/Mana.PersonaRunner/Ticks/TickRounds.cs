using System.Text.Json;
using Mana.Contracts;
using Mana.Hosting;
using Mana.PersonaRunner.Brains;
using Mana.PersonaRunner.Diagnostics;
using Mana.PersonaRunner.Platform;
using Mana.PersonaRunner.Recording;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Mana.PersonaRunner.Ticks;

/// <summary>What is known of the last beat.</summary>
/// <param name="At">When it began, domain time.</param>
/// <param name="LastTickAt">When a beat last started a tick.</param>
/// <param name="Error">Why the last beat failed; null when it did not.</param>
internal sealed record BeatReport(DateTimeOffset? At, DateTimeOffset? LastTickAt, string? Error);

/// <summary>What was started at once.</summary>
internal sealed record Round(int Asked, IReadOnlyList<StartedTick> Ticks, IReadOnlyList<SkippedPersona> Skipped);

/// <summary>Decides whose tick begins, opens the ticks in the store and hands them out; waits for none of them.</summary>
internal sealed partial class TickRounds(
    IPlatform platform,
    OpenTicks openTicks,
    PersonaStates states,
    Outbox outbox,
    ITickDispatch dispatch,
    TickRunner runner,
    PauseSwitch pause,
    RunnerMetrics metrics,
    Brain brain,
    RunName run,
    RunnerSettings settings,
    IClusterView cluster,
    DomainClock clock,
    TimeProvider time,
    IHostApplicationLifetime lifetime,
    ILogger<TickRounds> logger)
{
    // How soon it is seen that ticks have begun and others may wait in their place.
    private static readonly TimeSpan NextLook = TimeSpan.FromMilliseconds(250);

    // More than this many messages at once only stand in line.
    private const int MostAtOnce = 2000;

    /// <summary>How many ticks may wait for a slot, on all nodes.</summary>
    private long MostThatWait => Math.Max(1, cluster.Count) * (long)settings.Queue;

    /// <summary>
    /// Opens a tick for everyone who is due: at once for as many as may wait (<c>PERSONA_QUEUE</c>), whoever is due
    /// longest first, and for the others as those begin. Who is not let in yet costs no memory meanwhile.
    /// </summary>
    /// <param name="looked">Told after each look what it opened; there are more looks for as long as somebody is left out.</param>
    /// <param name="cancellationToken">Ends it; who was not let in stays due.</param>
    /// <exception cref="PlatformException">mana-auth cannot be asked.</exception>
    public async Task BeatAsync(Action<Round> looked, CancellationToken cancellationToken)
    {
        for (var isFirst = true; !pause.IsPaused; isFirst = false)
        {
            var room = MostThatWait - (await openTicks.CountAsync(cancellationToken)).Queued;

            // Seldom and many: whoever waits already is among the due, and is read again each time.
            var (round, isEverybody) = room >= (isFirst ? 1 : (MostThatWait + 1) / 2) ? await FillAsync(room, cancellationToken) : (new Round(0, [], []), false);
            looked(round);
            if (isEverybody)
            {
                return;
            }

            await Task.Delay(NextLook, time, cancellationToken);
        }
    }

    /// <summary>
    /// Opens ticks for the personas that a caller asked for, whatever the clock and a pause say. All of them are in the
    /// store when this returns; of very many, those that may not wait for a slot yet (<c>PERSONA_QUEUE</c>) are there alone.
    /// </summary>
    /// <exception cref="PlatformException">mana-auth cannot be asked.</exception>
    public async Task<Round> RunNowAsync(RunTicksRequest request, CancellationToken cancellationToken)
    {
        // mana-auth can look up addresses; a name is matched here.
        IReadOnlyList<string> emails = request.Personas is { } asked && asked.All(name => name.Contains('@')) ? asked : [];
        DateTimeOffset? askedAt = request.Scope == TickScopes.All ? null : clock.Now();
        var personas = await platform.PersonasAsync(request.Scope, emails, cancellationToken);
        if (request.Scope == TickScopes.NeverTicked)
        {
            // An auth service that does not know the scope answers with the due ones.
            var known = await states.OfAsync(personas.Select(persona => persona.UserId.Value), cancellationToken);
            personas = [.. personas.Where(persona => persona.LastActiveAt is null && !known.ContainsKey(persona.UserId.Value))];
        }

        if (request.Personas is not { } wanted)
        {
            return await OpenAsync(personas, askedAt, pause.IsPaused, cancellationToken);
        }

        var chosen = personas.Where(persona => wanted.Any(name => Means(name, persona))).ToList();
        var round = await OpenAsync(chosen, askedAt, pause.IsPaused, cancellationToken);
        var unknown = wanted
            .Where(name => !personas.Any(persona => Means(name, persona)))
            .Select(name => new SkippedPersona(name, request.Scope == TickScopes.All ? "mana-auth knows no such persona" : $"not among the personas of mana-auth that are {request.Scope}"));
        return round with { Skipped = [.. round.Skipped, .. unknown] };
    }

    /// <summary>Hands out what nobody runs.</summary>
    /// <param name="nodes">The names of the nodes that live.</param>
    /// <param name="unownedSince">A tick without owner that was opened later is on its way to one.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    /// <returns>How many were handed out.</returns>
    public async Task<int> SweepAsync(IReadOnlyCollection<string> nodes, DateTimeOffset unownedSince, CancellationToken cancellationToken)
    {
        // The oldest, which are those that wait for a slot already: who is only in the store comes when these have begun.
        var orphans = await openTicks.OrphansAsync(nodes, unownedSince, pause.IsPaused, (int)Math.Min(MostAtOnce, MostThatWait), cancellationToken);
        foreach (var tick in orphans)
        {
            dispatch.Run(tick.PersonaId, new TickId(tick.Id), tick.IgnoresPause);
        }

        return orphans.Count;
    }

    /// <summary>Opens ticks for as many of the due as there is room for.</summary>
    private async Task<(Round Round, bool IsEverybody)> FillAsync(long room, CancellationToken cancellationToken)
    {
        var askedAt = clock.Now();
        var undelivered = await outbox.UndeliveredPersonasAsync(cancellationToken);
        var (seen, ticks, skipped) = (0, new List<StartedTick>(), new List<SkippedPersona>());
        await foreach (var page in platform.DueAsync(cancellationToken))
        {
            seen += page.Count;
            metrics.Due(seen);
            var runnable = await RunnableAsync(page, undelivered, cancellationToken);
            for (var next = 0; next < runnable.Count;)
            {
                if (ticks.Count == room)
                {
                    return (Round(), false);
                }

                // Those that have a tick already take no place.
                List<DuePersona> some = [.. runnable.Skip(next).Take((int)Math.Min(runnable.Count, room - ticks.Count))];
                next += some.Count;
                var opened = await OpenAsync(some, askedAt, ignoresPause: false, cancellationToken);
                ticks.AddRange(opened.Ticks);
                skipped.AddRange(opened.Skipped);
            }
        }

        metrics.Due(seen);
        return (Round(), true);

        Round Round() => new(ticks.Count + skipped.Count, ticks, skipped);
    }

    /// <summary>Whether the text is the persona's e-mail, or its name.</summary>
    private static bool Means(string text, DuePersona persona) =>
        string.Equals(persona.Email, text, StringComparison.OrdinalIgnoreCase)
        || string.Equals(persona.DisplayName(), text, StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// Leaves out whom mana-auth calls due only because it has not heard of the last tick: those with undelivered rows,
    /// those whose own schedule counted from our last tick says "not yet" (an auth service that does not move
    /// lastActiveAt for idle or failed ticks would otherwise have them run every minute at full cost), and those that
    /// failed and are left alone for a while.
    /// </summary>
    private async Task<IReadOnlyList<DuePersona>> RunnableAsync(
        IReadOnlyList<DuePersona> due, IReadOnlySet<string> undelivered, CancellationToken cancellationToken)
    {
        var known = await states.OfAsync(due.Select(persona => persona.UserId.Value), cancellationToken);
        return [.. due.Where(persona => !undelivered.Contains(persona.UserId.Value)
            && (!known.TryGetValue(persona.UserId.Value, out var state) || MayRun(persona, state)))];
    }

    private bool MayRun(DuePersona persona, PersonaStateRow state)
    {
        if (state.Failures > 0)
        {
            // A rest that is longer than any comes from a clock that has been set back since.
            return state.NotBefore is not { } until || until <= clock.GetUtcNow() || until > clock.GetUtcNow() + FailureBackOff.Longest;
        }

        var last = state.LastEndedAt;
        return (persona.LastActiveAt is not null && last <= persona.LastActiveAt)
            || !Schedule.TryParse(persona.TickCadence, persona.TimeZone, persona.ActiveHours, out var schedule, out _)
            || schedule.For(persona.UserId).IsDue(clock.GetUtcNow(), last, last);
    }

    private async Task<Round> OpenAsync(
        IReadOnlyList<DuePersona> personas, DateTimeOffset? askedAt, bool ignoresPause, CancellationToken cancellationToken)
    {
        if (runner.IsStopping)
        {
            return new Round(personas.Count, [], [.. personas.Select(persona => new SkippedPersona(persona.Email, "the runner is stopping"))]);
        }

        cancellationToken.ThrowIfCancellationRequested();
        var now = clock.Now();
        var rows = personas.Select(persona => Row(persona, now, ignoresPause)).ToList();

        // Not cancellable: a tick that is stored without being handed out would wait for the next sweep.
        var opened = await openTicks.OpenAsync(rows, askedAt, CancellationToken.None);
        var ticks = new List<StartedTick>();
        var skipped = new List<SkippedPersona>();
        var rest = new Queue<(string Persona, TickId Tick)>();
        foreach (var row in rows)
        {
            if (opened.Contains(row.Id))
            {
                var tick = new TickId(row.Id);
                ticks.Add(new StartedTick(tick, row.Email, row.Name));
                if (ticks.Count <= MostThatWait)
                {
                    dispatch.Run(row.PersonaId, tick, ignoresPause);
                }
                else
                {
                    rest.Enqueue((row.PersonaId, tick));
                }
            }
            else
            {
                skipped.Add(new SkippedPersona(row.Email, "a tick of this persona is under way, or has just ended"));
            }
        }

        if (rest.Count > 0)
        {
            _ = HandOutAsync(rest, ignoresPause);
        }

        return new Round(personas.Count, ticks, skipped);
    }

    /// <summary>Hands out ticks that are in the store as others begin; what a fault or a stop leaves, the sweeps hand out.</summary>
    private async Task HandOutAsync(Queue<(string Persona, TickId Tick)> rest, bool ignoresPause)
    {
        try
        {
            while (rest.Count > 0)
            {
                await Task.Delay(NextLook, time, lifetime.ApplicationStopping);
                var waiting = await openTicks.CountWaitingAsync(ignoresPause, lifetime.ApplicationStopping) - rest.Count;
                for (var room = MostThatWait - waiting; room > 0 && rest.TryDequeue(out var next); room--)
                {
                    dispatch.Run(next.Persona, next.Tick, ignoresPause);
                }
            }
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            // They are in the store.
        }
        catch (Exception e)
        {
            Log.LeftToTheSweeps(logger, rest.Count, e);
        }
    }

    private TickRow Row(DuePersona persona, DateTimeOffset now, bool ignoresPause) => new()
    {
        Id = TickId.New(now).Value,
        PersonaId = persona.UserId.Value,
        Email = persona.Email,
        Name = persona.DisplayName(),
        Archetype = persona.Archetype,
        Brain = brain.Name,
        Model = brain.Model,
        Phase = TickPhases.Queued,
        StartedAt = now,
        IgnoresPause = ignoresPause,
        Run = run.Value,
        Persona = JsonSerializer.Serialize(persona, AuthJson.Default.DuePersona),
    };

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} ticks that wait in the store are handed out later")]
        public static partial void LeftToTheSweeps(ILogger logger, int count, Exception exception);
    }
}
