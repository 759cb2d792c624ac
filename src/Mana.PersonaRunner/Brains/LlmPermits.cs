namespace Mana.PersonaRunner.Brains;

/// <summary>
/// The gate before a model: every attempt of a call needs a permit. It keeps the limits of the provider's key and the
/// pause, over all nodes that share them.
/// </summary>
internal interface ILlmPermits
{
    /// <summary>Whether a limit on tokens is known; as long as there is none, nobody needs to estimate them.</summary>
    bool CountsTokens { get; }

    /// <summary>Waits for a permit, first come first served. Each one must be given back with <see cref="Settle"/>, once.</summary>
    /// <exception cref="ParkedException">The runner is paused.</exception>
    /// <exception cref="ModelCallException">The limit will not allow it before the call's deadline.</exception>
    ValueTask<LlmPermit> AcquireAsync(LlmNeed need, CancellationToken cancellationToken);

    /// <summary>Gives a permit back, with what became of the call.</summary>
    void Settle(in LlmPermit permit, in LlmOutcome outcome);
}

/// <summary>What a call will need.</summary>
/// <param name="InputTokens">An estimate; 0 where nobody counts.</param>
/// <param name="OutputTokens">The most that the answer may have.</param>
/// <param name="IgnoresPause">Somebody asked for this very tick: a pause does not hold it back.</param>
/// <param name="Deadline">When the caller gives up, on the system's clock.</param>
internal readonly record struct LlmNeed(long InputTokens, long OutputTokens, bool IgnoresPause = false, DateTimeOffset? Deadline = null);

/// <summary>The right to send one request, with what was charged for it in advance.</summary>
/// <param name="Need">What was asked for.</param>
/// <param name="ChargedInput">Input tokens.</param>
/// <param name="ChargedOutput">Output tokens.</param>
/// <param name="Instance">Which life of the budget charged them.</param>
internal readonly record struct LlmPermit(LlmNeed Need, long ChargedInput, long ChargedOutput, long Instance);

/// <summary>What became of a call.</summary>
internal readonly record struct LlmOutcome
{
    /// <summary>An answer came.</summary>
    public bool IsAnswered { get; init; }

    /// <summary>Input tokens that count against the limit; null when nobody knows, and the charge stands.</summary>
    public long? InputTokens { get; init; }

    /// <summary>Output tokens; null when nobody knows, and the charge stands.</summary>
    public long? OutputTokens { get; init; }

    /// <summary>The provider had too much of us (429) or of everybody (529).</summary>
    public bool IsThrottled { get; init; }

    /// <summary>How long it wants to be left alone.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>What the provider said of its limits.</summary>
    public ModelRateLimits? Limits { get; init; }
}

/// <summary>One rate limit as a response states it.</summary>
/// <param name="Limit">Per minute.</param>
/// <param name="Remaining">What is left of it now; null when not said.</param>
internal readonly record struct ModelRate(long Limit, long? Remaining);

/// <summary>The rate limits that a response states; null where it is silent.</summary>
internal sealed record ModelRateLimits(ModelRate? Requests, ModelRate? InputTokens, ModelRate? OutputTokens)
{
    /// <summary>The key under which a chat client puts them into a response's additional properties.</summary>
    public const string Key = "mana.rate-limits";
}
