using System.Data.Common;
using Mana.Contracts;
using Mana.PersonaRunner.Brains;
using Mana.PersonaRunner.Conversation;
using Mana.PersonaRunner.Platform;
using Mana.PersonaRunner.Recording;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;

namespace Mana.PersonaRunner.Ticks;

/// <summary>How a tick ended, or why this process ran it no further.</summary>
/// <param name="Outcome">One of <see cref="TickOutcomes"/>, <see cref="Parked"/> or <see cref="TakenOver"/>.</param>
/// <param name="Stage">Where it failed; null when it did not.</param>
/// <param name="Error">Why it failed or was idle, in a sentence.</param>
internal sealed record TickResult(string Outcome, string? Stage = null, string? Error = null)
{
    /// <summary>It is open and goes on later from where it stands: a pause, or a stop.</summary>
    public const string Parked = "parked";

    /// <summary>Another process has it, or somebody ended it.</summary>
    public const string TakenOver = "taken-over";

    /// <summary>Whether the tick is over.</summary>
    public bool IsEnd => Outcome is not (Parked or TakenOver);
}

/// <summary>What may cut a visit short from outside.</summary>
/// <param name="Stopping">At once; what was under way is taken up again later.</param>
/// <param name="Parking">At the next turn of the model; calls that are under way are finished.</param>
internal sealed record TickSignals(CancellationToken Stopping, CancellationToken Parking);

/// <summary>The limits of a tick.</summary>
/// <param name="Deadline">The longest a tick may take, in the system's time.</param>
/// <param name="MaxTurns">Model turns of the acting.</param>
internal sealed record TickLimits(TimeSpan Deadline, int MaxTurns);

/// <summary>
/// One persona's visit, phase by phase. This is the only place that knows their order; it knows nothing of what
/// schedules it.
/// </summary>
/// <param name="platform">The product.</param>
/// <param name="brain">Who speaks for the persona.</param>
/// <param name="reader">Reads earlier visits.</param>
/// <param name="clock">The domain's clock: the persona's "today".</param>
/// <param name="time">The system's clock: the deadline.</param>
/// <param name="limits">Deadline and turns.</param>
/// <param name="logger">Names and outcomes only; prompts and arguments stay out of the log.</param>
internal sealed partial class PersonaTick(
    IPlatform platform, Brain brain, TickReader reader, TimeProvider clock, TimeProvider time, TickLimits limits, ILogger<PersonaTick> logger)
{
    // A tick that takes its process with it each time must not do so for ever.
    private const int MaxEpochs = 50;

    private static readonly TimeSpan[] EndRetries =
        [TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(15)];

    /// <summary>
    /// Runs the visit to its end, from wherever its journal ends. Whatever happens, the tick is then ended in the store
    /// with what it did; only a tick that is parked or taken over stays open.
    /// </summary>
    /// <param name="tick">The tick, taken for this process.</param>
    /// <param name="recorder">Its notebook.</param>
    /// <param name="signals">What may cut it short.</param>
    /// <exception cref="DbException">The end could not be stored; the tick is open and can be taken again.</exception>
    public async Task<TickResult> RunAsync(TakenTick tick, TickRecorder recorder, TickSignals signals)
    {
        using var deadline = new CancellationTokenSource(limits.Deadline, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(signals.Stopping, deadline.Token);
        TickResult result;
        try
        {
            result = tick.Epoch > MaxEpochs
                ? new TickResult(TickOutcomes.Failed, TickStages.Internal, $"given up: it was interrupted {MaxEpochs} times")
                : await VisitAsync(tick, recorder, time.GetUtcNow() + limits.Deadline, signals, both.Token);
        }
        catch (StaleEpochException)
        {
            return new TickResult(TickResult.TakenOver);
        }
        catch (ParkedException e)
        {
            result = new TickResult(TickResult.Parked, null, e.Message);
        }
        catch (PlatformException e)
        {
            result = new TickResult(TickOutcomes.Failed, e.Stage, e.Message);
        }
        catch (BrainException e)
        {
            result = new TickResult(TickOutcomes.Failed, TickStages.Model, e.Message);
        }
        catch (OperationCanceledException) when (signals.Stopping.IsCancellationRequested)
        {
            result = new TickResult(TickResult.Parked, null, "the runner is stopping");
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            result = new TickResult(TickOutcomes.TimedOut, null, $"not finished within {limits.Deadline.TotalSeconds:0} s; what was done is kept");
        }
        catch (DbException e)
        {
            Log.Faulted(logger, recorder.Id, e);
            result = new TickResult(TickOutcomes.Failed, TickStages.Storage, "the runner's store failed: " + e.Message);
        }
        catch (InvalidDataException e)
        {
            result = new TickResult(TickOutcomes.Failed, TickStages.Internal, e.Message);
        }
        catch (Exception e)
        {
            Log.Faulted(logger, recorder.Id, e);
            result = new TickResult(TickOutcomes.Failed, TickStages.Internal, $"a fault of the runner ({e.GetType().Name}); see its log");
        }

        try
        {
            await (result.IsEnd ? EndAsync(recorder, result, signals.Stopping) : recorder.FlushAsync(CancellationToken.None));
            return result;
        }
        catch (StaleEpochException)
        {
            return new TickResult(TickResult.TakenOver);
        }
    }

    /// <summary>
    /// Writes the end, even of a tick that was cancelled. A store that is away for a moment (a fail-over, a restart)
    /// must not leave every running tick open, so the write is repeated for half a minute.
    /// </summary>
    private async Task EndAsync(TickRecorder recorder, TickResult result, CancellationToken stopping)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                await recorder.EndAsync(result.Outcome, result.Stage, result.Error, CancellationToken.None);
                return;
            }
            catch (DbException e) when (attempt < EndRetries.Length && !stopping.IsCancellationRequested)
            {
                Log.EndPostponed(logger, recorder.Id, e);
                await Task.Delay(EndRetries[attempt], time, CancellationToken.None);
            }
        }
    }

    private async Task<TickResult> VisitAsync(
        TakenTick tick, TickRecorder recorder, DateTimeOffset deadline, TickSignals signals, CancellationToken cancellationToken)
    {
        var persona = tick.Persona;
        recorder.Begin();
        var access = await platform.SignInAsync(persona, cancellationToken);

        recorder.Enter(TickPhases.Connect);
        await recorder.FlushAsync(cancellationToken);
        await using var tools = await platform.ConnectAsync(access, cancellationToken);
        var mix = UsableMix(persona.ModuleMix, tools.Tools);
        if (mix.Count == 0)
        {
            var wanted = string.Join(", ", persona.ModuleMix.Keys);
            return new TickResult(TickOutcomes.Idle, null, $"no usable module: none of {wanted} has a tool");
        }

        recorder.Enter(TickPhases.Act);
        var language = persona.Language is { Length: > 0 } given ? given : "de";
        var prompts = new Prompts(language);
        var today = InZone(clock.GetUtcNow(), persona);

        // Where no tool takes the argument, a persona that knows of its spaces could only fail with them.
        IReadOnlyList<SharedSpace> spaces = tools.Tools.Any(tool => tool.TakesSpace) ? access.SharedSpaces : [];
        var properties = new AdditionalPropertiesDictionary
        {
            [PersonaHints.Key] = new PersonaHints(persona.Email, persona.Archetype, mix, language, today, Seed(recorder.Id)) { Spaces = spaces },
            [RetryingChatClient.DeadlineKey] = deadline,
        };
        if (tick.IgnoresPause)
        {
            properties[PermitChatClient.IgnoresPauseKey] = true;
        }

        var conversation = new PersonaConversation(brain, recorder, ModelTools.For(tools.Tools), properties, time, signals.Parking);
        conversation.Say(ChatRole.System, prompts.Rules);
        conversation.Say(ChatRole.System, persona.SystemPrompt);
        var lastVisit = await reader.LastSummaryAsync(persona.UserId, cancellationToken);
        if (lastVisit is var (words, at))
        {
            lastVisit = (words, InZone(at, persona));
        }

        conversation.Say(ChatRole.User, prompts.Visit(today, mix, lastVisit, spaces));
        var act = await new ToolLoop(conversation, tools, recorder, prompts, limits.MaxTurns, time).RunAsync(cancellationToken);

        if (recorder.Calls.Count > 0)
        {
            recorder.Enter(TickPhases.Rate);
            await new RatingTurn(conversation, recorder, prompts).RunAsync(cancellationToken, signals.Stopping);
        }

        recorder.Enter(TickPhases.Remember);
        if (act.Closing.Length > 0)
        {
            recorder.Remember(PlainText.Clean(act.Closing));
        }

        // Stored with the end of the tick: nothing happens in between.
        recorder.Enter(TickPhases.Deliver);
        return recorder.Calls.Count > 0
            ? new TickResult(TickOutcomes.Completed, null, act.Note)
            : new TickResult(TickOutcomes.Idle, null, act.Note ?? "no tool was called");
    }

    /// <summary>The part of the mix that the server has tools for.</summary>
    private static Dictionary<string, double> UsableMix(IReadOnlyDictionary<string, double> mix, IReadOnlyList<ToolDefinition> tools)
    {
        var offered = tools.Select(tool => ModuleNames.Normalise(tool.Module)).ToHashSet(StringComparer.Ordinal);
        return mix
            .Where(part => part.Value > 0 && offered.Contains(ModuleNames.Normalise(part.Key)))
            .ToDictionary(part => part.Key, part => part.Value, StringComparer.Ordinal);
    }

    private static DateTimeOffset InZone(DateTimeOffset moment, DuePersona persona)
    {
        var zone = persona.TimeZone is { Length: > 0 } id && TimeZoneInfo.TryFindSystemTimeZoneById(id, out var found) ? found : TimeZoneInfo.Utc;
        return TimeZoneInfo.ConvertTime(moment, zone);
    }

    // The last bytes of a version 7 UUID are random; the first are the time, which neighbours share.
    private static int Seed(TickId id) =>
        Guid.TryParse(id.Value, out var guid) ? BitConverter.ToInt32(guid.ToByteArray(), 12) : StringComparer.Ordinal.GetHashCode(id.Value);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "Tick {TickId} failed")]
        public static partial void Faulted(ILogger logger, TickId tickId, Exception exception);

        [LoggerMessage(Level = LogLevel.Warning, Message = "The end of tick {TickId} could not be stored yet; it is tried again")]
        public static partial void EndPostponed(ILogger logger, TickId tickId, Exception exception);
    }
}
