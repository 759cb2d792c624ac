using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace Mana.PersonaRunner.Brains;

/// <summary>
/// Asks for a permit before each attempt and reports what became of it. It belongs inside
/// <see cref="RetryingChatClient"/>, so that a repetition counts like any other request.
/// </summary>
/// <param name="inner">The model.</param>
/// <param name="permits">The gate.</param>
/// <param name="maxOutputTokens">What the model's client allows for an answer when the options do not say.</param>
internal sealed class PermitChatClient(IChatClient inner, ILlmPermits permits, int maxOutputTokens) : DelegatingChatClient(inner)
{
    /// <summary>The key in <see cref="ChatOptions.AdditionalProperties"/> that lets a call pass a pause: <c>true</c>.</summary>
    public const string IgnoresPauseKey = "mana.ignoresPause";

    public override async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        var conversation = messages as IReadOnlyList<ChatMessage> ?? [.. messages];
        var permit = await permits.AcquireAsync(Need(conversation, options), cancellationToken);

        // As long as nobody says otherwise (a broken connection, a cancelled call), what was charged was spent.
        var outcome = default(LlmOutcome);
        try
        {
            var response = await base.GetResponseAsync(conversation, options, cancellationToken);
            outcome = Answered(response);
            return response;
        }
        catch (ModelCallException failure)
        {
            outcome = Failed(failure);
            throw;
        }
        finally
        {
            permits.Settle(permit, outcome);
        }
    }

    public override async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var response = await GetResponseAsync(messages, options, cancellationToken);
        foreach (var update in response.ToChatResponseUpdates())
        {
            yield return update;
        }
    }

    private LlmNeed Need(IReadOnlyList<ChatMessage> conversation, ChatOptions? options)
    {
        var properties = options?.AdditionalProperties;
        var ignoresPause = properties is not null && properties.TryGetValue(IgnoresPauseKey, out var ignores) && ignores is true;
        var deadline = RetryingChatClient.Deadline(options);
        return permits.CountsTokens
            ? new LlmNeed(RequestSize.Tokens(conversation, options), options?.MaxOutputTokens ?? maxOutputTokens, ignoresPause, deadline)
            : new LlmNeed(0, 0, ignoresPause, deadline);
    }

    private static LlmOutcome Answered(ChatResponse response)
    {
        ModelRateLimits? limits = null;
        if (response.AdditionalProperties is { } properties && properties.Remove(ModelRateLimits.Key, out var value))
        {
            limits = value as ModelRateLimits;
        }

        // Tokens read from the cache do not count against the limit on input.
        var usage = response.Usage;
        return new LlmOutcome
        {
            IsAnswered = true,
            InputTokens = usage?.InputTokenCount - (usage?.CachedInputTokenCount ?? 0),
            OutputTokens = usage?.OutputTokenCount,
            Limits = limits,
        };
    }

    private static LlmOutcome Failed(ModelCallException failure) => new()
    {
        // A request that was turned away has cost no tokens.
        InputTokens = failure.Status is null ? null : 0,
        OutputTokens = failure.Status is null ? null : 0,
        IsThrottled = failure.Status is 429 or 529,
        RetryAfter = failure.RetryAfter,
        Limits = failure.Limits,
    };
}
