using Mana.Contracts;
using Mana.Hosting;
using Mana.PersonaRunner.Diagnostics;
using Mana.PersonaRunner.Platform;
using Mana.PersonaRunner.Recording;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Mana.PersonaRunner.Ticks;

/// <summary>Asks every <c>TICK_INTERVAL_MS</c> (domain time; the first time at once) who is due and hands them to the dispatcher.</summary>
internal sealed partial class TickClock(
    IPlatform platform,
    TickDispatcher dispatcher,
    TickReader reader,
    Outbox outbox,
    PauseSwitch pause,
    RunnerMetrics metrics,
    RunnerSettings settings,
    DomainClock clock,
    ILogger<TickClock> logger) : BackgroundService
{
    private readonly Lock _lock = new();
    private BeatReport _last = new(null, null, null);

    /// <summary>Why there is no loop; null when there is one.</summary>
    public string? DisabledReason => settings.ServiceKey is null ? "MANA_SERVICE_KEY not set: nobody can be asked who is due" : null;

    /// <summary>The last beat.</summary>
    public BeatReport Last
    {
        get
        {
            lock (_lock)
            {
                return _last;
            }
        }
    }

    /// <summary>Dispatches everyone who is due; waits for no tick.</summary>
    /// <exception cref="PlatformException">mana-auth cannot be asked.</exception>
    public async Task<Round> BeatAsync(CancellationToken cancellationToken)
    {
        Report(last => last with { At = clock.GetUtcNow() });
        var due = await platform.PersonasAsync(TickScopes.Due, [], cancellationToken);
        metrics.Due(due.Count);
        return await DispatchAsync(await RunnableAsync(due, cancellationToken), isAsked: false, cancellationToken);
    }

    /// <summary>Dispatches the personas that a caller asked for, whatever the clock and a pause say.</summary>
    public async Task<Round> RunNowAsync(RunTicksRequest request, CancellationToken cancellationToken)
    {
        // mana-auth can look up addresses; a name is matched here.
        IReadOnlyList<string> emails = request.Personas is { } asked && asked.All(name => name.Contains('@')) ? asked : [];
        var personas = await platform.PersonasAsync(request.Scope, emails, cancellationToken);
        if (request.Scope == TickScopes.NeverTicked)
        {
            // An auth service that does not know the scope answers with the due ones.
            var known = await reader.LastEndedAsync(cancellationToken);
            personas = [.. personas.Where(persona => persona.LastActiveAt is null && !known.ContainsKey(persona.UserId.Value))];
        }

        if (request.Personas is not { } wanted)
        {
            return await DispatchAsync(personas, isAsked: true, cancellationToken);
        }

        var chosen = personas.Where(persona => wanted.Any(name => Means(name, persona))).ToList();
        var round = await DispatchAsync(chosen, isAsked: true, cancellationToken);
        var unknown = wanted
            .Where(name => !personas.Any(persona => Means(name, persona)))
            .Select(name => new SkippedPersona(name, request.Scope == TickScopes.All ? "mana-auth knows no such persona" : $"not among the personas of mana-auth that are {request.Scope}"));
        return round with { Skipped = [.. round.Skipped, .. unknown] };
    }

    /// <summary>Whether the text is the persona's e-mail, or its name.</summary>
    private static bool Means(string text, DuePersona persona) =>
        string.Equals(persona.Email, text, StringComparison.OrdinalIgnoreCase)
        || string.Equals(persona.DisplayName(), text, StringComparison.OrdinalIgnoreCase);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (DisabledReason is { } reason)
        {
            Log.Disabled(logger, reason);
            return;
        }

        using var timer = new PeriodicTimer(settings.TickInterval, clock);
        do
        {
            try
            {
                if (pause.IsPaused)
                {
                    Report(last => last with { At = clock.GetUtcNow() });
                    continue;
                }

                var round = await BeatAsync(stoppingToken);
                Report(last => last with { Error = null, LastTickAt = round.Ticks.Count > 0 ? clock.GetUtcNow() : last.LastTickAt });
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (PlatformException e)
            {
                Report(last => last with { Error = e.Message });
                metrics.Error(e.Stage);
                Log.BeatRefused(logger, e.Message);
            }
            catch (Exception e)
            {
                // The loop outlives every single beat; what went wrong shows in /health.
                Report(last => last with { Error = e.GetType().Name });
                metrics.Error(TickStages.Internal);
                Log.BeatFailed(logger, e);
            }
        }
        while (await NextAsync(timer, stoppingToken));
    }

    private static async Task<bool> NextAsync(PeriodicTimer timer, CancellationToken stoppingToken)
    {
        try
        {
            return await timer.WaitForNextTickAsync(stoppingToken);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>
    /// Leaves out whom mana-auth calls due only because it has not heard of the last tick: those with undelivered rows,
    /// and those whose own schedule counted from our last tick says "not yet" (an auth service that does not move
    /// lastActiveAt for idle or failed ticks would otherwise have them run every minute at full cost).
    /// </summary>
    private async Task<IReadOnlyList<DuePersona>> RunnableAsync(IReadOnlyList<DuePersona> due, CancellationToken cancellationToken)
    {
        var undelivered = await outbox.UndeliveredPersonasAsync(cancellationToken);
        var ended = await reader.LastEndedAsync(cancellationToken);
        return [.. due.Where(persona => !undelivered.Contains(persona.UserId.Value) && !RanSince(persona, ended))];
    }

    private bool RanSince(DuePersona persona, IReadOnlyDictionary<string, DateTimeOffset> ended) =>
        ended.TryGetValue(persona.UserId.Value, out var last)
        && (persona.LastActiveAt is null || last > persona.LastActiveAt)
        && Schedule.TryParse(persona.TickCadence, persona.TimeZone, persona.ActiveHours, out var schedule, out _)
        && !schedule.IsDue(clock.GetUtcNow(), last, last);

    private async Task<Round> DispatchAsync(IReadOnlyList<DuePersona> personas, bool isAsked, CancellationToken cancellationToken)
    {
        var ticks = new List<(StartedTick Tick, Task<TickResult> Result)>();
        var skipped = new List<SkippedPersona>();
        foreach (var persona in personas)
        {
            if (await dispatcher.AcceptAsync(persona, isAsked, cancellationToken) is var (id, result))
            {
                ticks.Add((new StartedTick(id, persona.Email, persona.DisplayName()), result));
            }
            else
            {
                skipped.Add(new SkippedPersona(persona.Email, dispatcher.IsStopping ? "the runner is stopping" : "a tick of this persona is under way"));
            }
        }

        return new Round(personas.Count, ticks, skipped);
    }

    private void Report(Func<BeatReport, BeatReport> change)
    {
        lock (_lock)
        {
            _last = change(_last);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "The tick loop is off: {Reason}")]
        public static partial void Disabled(ILogger logger, string reason);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Nobody could be asked who is due: {Reason}")]
        public static partial void BeatRefused(ILogger logger, string reason);

        [LoggerMessage(Level = LogLevel.Error, Message = "The beat failed")]
        public static partial void BeatFailed(ILogger logger, Exception exception);
    }
}

/// <summary>What is known of the last beat.</summary>
/// <param name="At">When it began, domain time.</param>
/// <param name="LastTickAt">When a beat last started a tick.</param>
/// <param name="Error">Why the last beat failed; null when it did not.</param>
internal sealed record BeatReport(DateTimeOffset? At, DateTimeOffset? LastTickAt, string? Error);

/// <summary>What was started at once.</summary>
internal sealed record Round(int Asked, IReadOnlyList<(StartedTick Tick, Task<TickResult> Result)> Ticks, IReadOnlyList<SkippedPersona> Skipped);
