using Mana.PersonaRunner.Brains;

namespace Mana.PersonaRunner.Ticks.Cluster;

/// <summary>
/// A node's side of the budget: what it holds, what it owes an account of, and what it knows of the budget. Messages are
/// made and answered one after the other; permits come back at any time. It knows no clock.
/// </summary>
/// <param name="name">The node, in this one life of its process.</param>
/// <param name="configured">The limits until the budget states others.</param>
internal sealed class LlmNode(string name, LlmLimits configured)
{
    /// <summary>
    /// How old a grant may become on its way. An older one comes from a budget, or reached a node, that was frozen in
    /// between: the place may have been given to others in the meantime.
    /// </summary>
    public static readonly TimeSpan GrantValidity = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private LlmSettlement? _open;
    private LlmSettlement? _sent;
    private LlmLimits _learned = LlmLimits.None;
    private long _instance;
    private int _others;
    private long _sequence;
    private long _settlements;
    private int _inFlight;
    private volatile LlmLimits _limits = configured;

    public bool CountsTokens => _limits.CountsTokens;

    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>The next message.</summary>
    public LlmReport Report(PauseState pause)
    {
        lock (_lock)
        {
            if (_sent is null && _open is not null)
            {
                _sent = _open with { Number = ++_settlements, Instance = _instance };
                _open = null;
            }

            return new LlmReport
            {
                Node = name,
                Sequence = ++_sequence,
                InFlight = _inFlight,
                Instance = _instance,
                Pause = pause,
                Learned = _learned,
                Others = _others,
                Settled = _sent,
            };
        }
    }

    /// <summary>Takes the answer to the last message.</summary>
    /// <param name="reply">The answer.</param>
    /// <param name="need">What was asked for; null for a mere report.</param>
    /// <param name="underway">The time since the message was sent.</param>
    /// <returns>The permit, if there is one.</returns>
    public LlmPermit? Take(LlmReply reply, LlmNeed? need, TimeSpan underway)
    {
        lock (_lock)
        {
            if (reply.Instance != _instance && _open is { } open)
            {
                // The new budget has not charged for these calls: it is told of debts only.
                _open = open with { InputDelta = Math.Max(0, open.InputDelta), OutputDelta = Math.Max(0, open.OutputDelta) };
            }

            _sent = null;
            _instance = reply.Instance;
            _learned = reply.Learned;
            _others = reply.Others;
            _limits = reply.Limits;
            if (reply.Answer != LlmAnswer.Granted || need is not { } granted)
            {
                return null;
            }

            if (underway >= GrantValidity)
            {
                // What was charged for it is given back.
                var settled = _open ?? new LlmSettlement();
                _open = settled with { InputDelta = settled.InputDelta - reply.ChargedInput, OutputDelta = settled.OutputDelta - reply.ChargedOutput };
                return null;
            }

            _inFlight++;
            return new LlmPermit(granted, reply.ChargedInput, reply.ChargedOutput, reply.Instance);
        }
    }

    /// <summary>Takes a permit back.</summary>
    public void Settle(in LlmPermit permit, in LlmOutcome outcome)
    {
        lock (_lock)
        {
            _inFlight--;
            var input = outcome.InputTokens - permit.ChargedInput ?? 0;
            var output = outcome.OutputTokens - permit.ChargedOutput ?? 0;
            if (permit.Instance != _instance)
            {
                input = Math.Max(0, input);
                output = Math.Max(0, output);
            }

            var settled = _open ?? new LlmSettlement();
            var (stated, remaining) = outcome.Limits is { } limits ? Read(limits) : (settled.Stated, settled.Remaining);
            var knowsInput = outcome is { IsAnswered: true, InputTokens: not null } && permit.Need.InputTokens > 0;
            var knowsOutput = outcome is { IsAnswered: true, OutputTokens: not null } && permit.Need.OutputTokens > 0;
            _open = settled with
            {
                InputDelta = settled.InputDelta + input,
                OutputDelta = settled.OutputDelta + output,
                EstimatedInput = settled.EstimatedInput + (knowsInput ? permit.Need.InputTokens : 0),
                SpentInput = settled.SpentInput + (knowsInput ? outcome.InputTokens!.Value : 0),
                AllowedOutput = settled.AllowedOutput + (knowsOutput ? permit.Need.OutputTokens : 0),
                SpentOutput = settled.SpentOutput + (knowsOutput ? outcome.OutputTokens!.Value : 0),
                Answered = settled.Answered + (outcome.IsAnswered ? 1 : 0),
                Throttled = settled.Throttled + (outcome.IsThrottled ? 1 : 0),
                RetryAfter = outcome.IsThrottled ? Longer(settled.RetryAfter, outcome.RetryAfter) : settled.RetryAfter,
                Stated = stated,
                Remaining = remaining,
            };
        }
    }

    private static (LlmLimits Stated, LlmLimits Remaining) Read(ModelRateLimits limits) => (
        new LlmLimits(null, limits.Requests?.Limit, limits.InputTokens?.Limit, limits.OutputTokens?.Limit),
        new LlmLimits(null, limits.Requests?.Remaining, limits.InputTokens?.Remaining, limits.OutputTokens?.Remaining));

    private static TimeSpan? Longer(TimeSpan? one, TimeSpan? other) => one > other || other is null ? one : other;
}
