using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;

namespace Mana.PersonaRunner.Brains;

/// <summary>
/// Repeats calls that failed for a passing reason, and turns a failure for good into a <see cref="BrainException"/>.
/// A <c>retry-after</c> of any length is kept to as long as the deadline (<see cref="DeadlineKey"/>) allows; a wait that
/// would pass it fails at once, so that the worker is free for others.
/// </summary>
internal sealed partial class RetryingChatClient(IChatClient inner, TimeProvider system, ILogger<RetryingChatClient> logger, Random? jitter = null)
    : DelegatingChatClient(inner)
{
    /// <summary>The key of the deadline in <see cref="ChatOptions.AdditionalProperties"/>: a <see cref="DateTimeOffset"/> of the system's clock.</summary>
    public const string DeadlineKey = "mana.deadline";

    /// <summary>The most attempts of one call.</summary>
    public const int MaxAttempts = 8;

    private static readonly TimeSpan FirstWait = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);
    private readonly Random _jitter = jitter ?? Random.Shared;

    public override async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        var conversation = messages as IReadOnlyList<ChatMessage> ?? [.. messages];
        var deadline = Deadline(options);
        for (var attempt = 1; ; attempt++)
        {
            ModelCallException failure;
            try
            {
                return await base.GetResponseAsync(conversation, options, cancellationToken);
            }
            catch (ModelCallException exception)
            {
                failure = exception;
            }

            if (failure.Failure != BrainFailure.Unavailable)
            {
                throw new BrainException(failure.Failure, failure.Message);
            }

            if (attempt == MaxAttempts)
            {
                throw new BrainException(BrainFailure.Unavailable, $"{failure.Message} {MaxAttempts} attempts were made.");
            }

            var wait = failure.RetryAfter ?? BackOff(attempt);
            if (deadline - system.GetUtcNow() is { } left && wait >= left)
            {
                var until = left > TimeSpan.Zero ? $"only {left.TotalSeconds:0.#} s are left" : "none is left";
                var asked = failure.RetryAfter is null ? $"The next attempt would be in {wait.TotalSeconds:0.#} s" : $"It asked for a wait of {wait.TotalSeconds:0.#} s";
                throw new BrainException(BrainFailure.Unavailable, $"{failure.Message} {asked}, and of this tick's time {until}.");
            }

            Log.Waiting(logger, failure.Message, attempt, MaxAttempts, (long)wait.TotalMilliseconds);
            await Task.Delay(wait, system, cancellationToken);
        }
    }

    public override async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        // Nothing has been handed on before an answer is whole, so an attempt can be repeated.
        var response = await GetResponseAsync(messages, options, cancellationToken);
        foreach (var update in response.ToChatResponseUpdates())
        {
            yield return update;
        }
    }

    /// <summary>The deadline that the options carry.</summary>
    public static DateTimeOffset? Deadline(ChatOptions? options) =>
        options?.AdditionalProperties is { } properties && properties.TryGetValue(DeadlineKey, out var value) ? value as DateTimeOffset? : null;

    // Half of the wait is chance: callers that failed together do not come back together.
    private TimeSpan BackOff(int attempt)
    {
        var full = FirstWait * Math.Pow(2, attempt - 1);
        return (full < LongestWait ? full : LongestWait) * (0.5 + (0.5 * _jitter.NextDouble()));
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "{Failure} Attempt {Attempt} of {MaxAttempts}; the next one in {WaitMs} ms")]
        public static partial void Waiting(ILogger logger, string failure, int attempt, int maxAttempts, long waitMs);
    }
}
