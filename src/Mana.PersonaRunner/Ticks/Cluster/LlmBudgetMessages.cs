namespace Mana.PersonaRunner.Ticks.Cluster;

/// <summary>Limits of a provider's key; null where there is none.</summary>
[GenerateSerializer, Immutable, Alias("mana.llm-limits")]
internal sealed record LlmLimits(
    [property: Id(0)] long? Concurrency,
    [property: Id(1)] long? RequestsPerMinute,
    [property: Id(2)] long? InputTokensPerMinute,
    [property: Id(3)] long? OutputTokensPerMinute)
{
    public static LlmLimits None { get; } = new(null, null, null, null);

    public bool CountsTokens => InputTokensPerMinute is not null || OutputTokensPerMinute is not null;
}

/// <summary>Whether the runner is paused, and by which change: of two states the one of the later change holds.</summary>
/// <param name="IsPaused">Paused.</param>
/// <param name="Version">Grows with each change.</param>
[GenerateSerializer, Immutable, Alias("mana.pause-state")]
internal readonly record struct PauseState([property: Id(0)] bool IsPaused, [property: Id(1)] long Version);

/// <summary>What a node says of itself with every message, so that a budget that knows nothing can begin from it.</summary>
[GenerateSerializer, Immutable, Alias("mana.llm-report")]
internal sealed record LlmReport
{
    /// <summary>The node, in this one life of its process.</summary>
    [Id(0)]
    public required string Node { get; init; }

    /// <summary>Counts the node's messages: a late one must not undo a newer one.</summary>
    [Id(1)]
    public required long Sequence { get; init; }

    /// <summary>The permits that the node holds now.</summary>
    [Id(2)]
    public required int InFlight { get; init; }

    /// <summary>The life of the budget that the node has last heard from; 0 when from none.</summary>
    [Id(3)]
    public required long Instance { get; init; }

    /// <summary>The pause as the node knows it.</summary>
    [Id(4)]
    public required PauseState Pause { get; init; }

    /// <summary>What the budget had learned of the provider when the node last heard from it.</summary>
    [Id(5)]
    public required LlmLimits Learned { get; init; }

    /// <summary>The permits that other nodes held when the node last heard from the budget.</summary>
    [Id(6)]
    public required int Others { get; init; }

    /// <summary>What became of calls; sent again until it is answered.</summary>
    [Id(7)]
    public LlmSettlement? Settled { get; init; }
}

/// <summary>What became of some calls of a node.</summary>
[GenerateSerializer, Immutable, Alias("mana.llm-settlement")]
internal sealed record LlmSettlement
{
    /// <summary>Counts the node's settlements: none counts twice.</summary>
    [Id(0)]
    public long Number { get; init; }

    /// <summary>The life of the budget that charged for the calls; another one gives nothing back.</summary>
    [Id(1)]
    public long Instance { get; init; }

    /// <summary>Input tokens spent beyond the charge; below zero when it was too much.</summary>
    [Id(2)]
    public long InputDelta { get; init; }

    /// <summary>Output tokens spent beyond the charge; below zero when it was too much.</summary>
    [Id(3)]
    public long OutputDelta { get; init; }

    /// <summary>The estimates of answered calls, and what they really took: the next estimates are corrected by them.</summary>
    [Id(4)]
    public long EstimatedInput { get; init; }

    [Id(5)]
    public long SpentInput { get; init; }

    [Id(6)]
    public long AllowedOutput { get; init; }

    [Id(7)]
    public long SpentOutput { get; init; }

    /// <summary>Calls that were answered.</summary>
    [Id(8)]
    public int Answered { get; init; }

    /// <summary>Calls that were refused as too many.</summary>
    [Id(9)]
    public int Throttled { get; init; }

    /// <summary>The longest wait that a refusal asked for.</summary>
    [Id(10)]
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The limits of the latest response that stated any.</summary>
    [Id(11)]
    public LlmLimits? Stated { get; init; }

    /// <summary>What was left of them.</summary>
    [Id(12)]
    public LlmLimits? Remaining { get; init; }
}

/// <summary>What a caller needs.</summary>
[GenerateSerializer, Immutable, Alias("mana.llm-ask")]
internal readonly record struct LlmAsk([property: Id(0)] long InputTokens, [property: Id(1)] long OutputTokens, [property: Id(2)] bool IgnoresPause);

/// <summary>The kinds of answer.</summary>
internal enum LlmAnswer
{
    /// <summary>To a report: taken down. To an ask: not yet, come again after the wait.</summary>
    Wait,

    /// <summary>One request may be sent.</summary>
    Granted,

    /// <summary>The runner is paused.</summary>
    Paused,
}

/// <summary>The budget's answer.</summary>
[GenerateSerializer, Immutable, Alias("mana.llm-reply")]
internal sealed record LlmReply
{
    [Id(0)]
    public LlmAnswer Answer { get; init; }

    /// <summary>When it makes sense to ask again.</summary>
    [Id(1)]
    public TimeSpan Wait { get; init; }

    [Id(2)]
    public long ChargedInput { get; init; }

    [Id(3)]
    public long ChargedOutput { get; init; }

    /// <summary>Which life of the budget speaks.</summary>
    [Id(4)]
    public required long Instance { get; init; }

    /// <summary>The pause as the budget knows it.</summary>
    [Id(5)]
    public required PauseState Pause { get; init; }

    /// <summary>The limits that hold.</summary>
    [Id(6)]
    public required LlmLimits Limits { get; init; }

    /// <summary>The part of them that was learned from the provider.</summary>
    [Id(7)]
    public required LlmLimits Learned { get; init; }

    /// <summary>The permits that other nodes hold.</summary>
    [Id(8)]
    public int Others { get; init; }
}
