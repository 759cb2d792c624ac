namespace Mana.PersonaRunner.Brains;

/// <summary>
/// One call of a model failed. <see cref="RetryingChatClient"/> decides from it whether another attempt makes sense;
/// beyond that it never travels. The message is free of secrets and prompts.
/// </summary>
internal sealed class ModelCallException(BrainFailure failure, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary><see cref="BrainFailure.Unavailable"/> is worth another attempt; the others are not.</summary>
    public BrainFailure Failure { get; } = failure;

    /// <summary>The HTTP status; null when there was no answer, or none that could be read.</summary>
    public int? Status { get; init; }

    /// <summary>How long the server asked to wait; null when it did not.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>What the server said of its rate limits; null when nothing.</summary>
    public ModelRateLimits? Limits { get; init; }
}
