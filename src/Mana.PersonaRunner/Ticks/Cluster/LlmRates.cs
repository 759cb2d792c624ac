namespace Mana.PersonaRunner.Ticks.Cluster;

/// <summary>
/// The limits that hold, and how much of them is left: what is configured, and below it what the provider states or lets
/// us feel. After a refusal half as many requests may be under way, and one more after each round that went well.
/// </summary>
internal sealed class LlmRates(LlmLimits configured)
{
    private static readonly TimeSpan ThrottledWait = TimeSpan.FromSeconds(1);

    private readonly LlmEstimates _estimates = new();
    private readonly RateMeter _requests = new(isExact: true);
    private readonly RateMeter _input = new(isExact: false);
    private readonly RateMeter _output = new(isExact: false);
    private LlmLimits? _limits;
    private int _answered;

    /// <summary>The limits that hold now.</summary>
    public LlmLimits Limits => _limits ?? Renew();

    /// <summary>What was learned of the provider.</summary>
    public LlmLimits Learned { get; private set; } = LlmLimits.None;

    /// <summary>Until then the provider wants to be left alone.</summary>
    public TimeSpan ClosedUntil { get; private set; } = TimeSpan.MinValue;

    /// <summary>The earliest moment of the next request when others go first.</summary>
    public TimeSpan Next(int ahead)
    {
        _ = Limits;
        var requests = _requests.Next(ahead);
        var input = _input.Next(0);
        var output = _output.Next(0);
        var tokens = input > output ? input : output;
        return requests > tokens ? requests : tokens;
    }

    /// <summary>Charges for one request.</summary>
    /// <returns>The tokens that were charged.</returns>
    public (long Input, long Output) Charge(in LlmAsk ask, TimeSpan now)
    {
        var input = _estimates.Input(ask.InputTokens);
        var output = _estimates.Output(ask.OutputTokens);
        _requests.Charge(1, now);
        _input.Charge(input, now);
        _output.Charge(output, now);
        return (input, output);
    }

    /// <summary>Takes over what became of calls.</summary>
    /// <param name="settled">The calls.</param>
    /// <param name="isOwn">Whether they were charged here; if not, only debts count.</param>
    /// <param name="inFlight">Requests under way beside them.</param>
    /// <param name="now">The moment.</param>
    public void Settle(LlmSettlement settled, bool isOwn, int inFlight, TimeSpan now)
    {
        if (settled.Stated is { } stated)
        {
            Learn(Learned with
            {
                RequestsPerMinute = stated.RequestsPerMinute ?? Learned.RequestsPerMinute,
                InputTokensPerMinute = stated.InputTokensPerMinute ?? Learned.InputTokensPerMinute,
                OutputTokensPerMinute = stated.OutputTokensPerMinute ?? Learned.OutputTokensPerMinute,
            });
        }

        _input.Correct(isOwn ? settled.InputDelta : Math.Max(0, settled.InputDelta), now);
        _output.Correct(isOwn ? settled.OutputDelta : Math.Max(0, settled.OutputDelta), now);
        _estimates.Learn(settled);
        if (settled.Remaining is { } left)
        {
            _requests.Remaining(left.RequestsPerMinute ?? long.MaxValue, now);
            _input.Remaining(left.InputTokensPerMinute ?? long.MaxValue, now);
            _output.Remaining(left.OutputTokensPerMinute ?? long.MaxValue, now);
        }

        if (settled.Throttled > 0)
        {
            Throttle(settled, inFlight, now);
        }
        else
        {
            Grow(settled.Answered);
        }
    }

    /// <summary>Takes over what an earlier budget had learned, where nothing is known yet.</summary>
    public void Adopt(LlmLimits learned)
    {
        if (!ReferenceEquals(learned, Learned) && learned != LlmLimits.None)
        {
            Learn(new LlmLimits(
                Learned.Concurrency ?? learned.Concurrency,
                Learned.RequestsPerMinute ?? learned.RequestsPerMinute,
                Learned.InputTokensPerMinute ?? learned.InputTokensPerMinute,
                Learned.OutputTokensPerMinute ?? learned.OutputTokensPerMinute));
        }
    }

    /// <summary>Another budget may have granted all there was until now.</summary>
    public void Empty(TimeSpan now)
    {
        _ = Limits;
        _requests.Empty(now);
        _input.Empty(now);
        _output.Empty(now);
    }

    private void Throttle(LlmSettlement settled, int inFlight, TimeSpan now)
    {
        if (now >= ClosedUntil)
        {
            // Those that were sent together are refused together: one refusal counts for all of them.
            var most = Math.Min(Limits.Concurrency ?? int.MaxValue, inFlight + settled.Throttled);
            Learn(Learned with { Concurrency = Math.Max(1, most / 2) });
            _answered = 0;
        }

        var until = now + (settled.RetryAfter ?? ThrottledWait);
        ClosedUntil = until > ClosedUntil ? until : ClosedUntil;
    }

    private void Grow(int answered)
    {
        if (Learned.Concurrency is not { } most || answered == 0)
        {
            return;
        }

        _answered += answered;
        if (_answered >= most)
        {
            _answered = 0;
            Learn(Learned with { Concurrency = configured.Concurrency <= most + 1 ? null : most + 1 });
        }
    }

    private void Learn(LlmLimits learned)
    {
        if (learned != Learned)
        {
            Learned = learned;
            Renew();
        }
    }

    private LlmLimits Renew()
    {
        var limits = new LlmLimits(
            Lower(configured.Concurrency, Learned.Concurrency),
            Lower(configured.RequestsPerMinute, Learned.RequestsPerMinute),
            Lower(configured.InputTokensPerMinute, Learned.InputTokensPerMinute),
            Lower(configured.OutputTokensPerMinute, Learned.OutputTokensPerMinute));
        _requests.SetLimit(limits.RequestsPerMinute);
        _input.SetLimit(limits.InputTokensPerMinute);
        _output.SetLimit(limits.OutputTokensPerMinute);
        return _limits = limits;
    }

    private static long? Lower(long? one, long? other) => one is null ? other : other is null ? one : Math.Min(one.Value, other.Value);
}
