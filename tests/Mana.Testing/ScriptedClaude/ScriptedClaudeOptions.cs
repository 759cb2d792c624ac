using System.Text.Json;

namespace Mana.Testing;

/// <summary>How a <see cref="ScriptedClaude"/> behaves.</summary>
public sealed class ScriptedClaudeOptions
{
    /// <summary>The loopback port; 0 (the default) asks the system for a free one.</summary>
    public int Port { get; init; }

    /// <summary>Waited before each answer to a message request.</summary>
    public TimeSpan Latency { get; init; }

    /// <summary>The only key that is accepted; null accepts every non-empty key.</summary>
    public string? ApiKey { get; init; }

    /// <summary>
    /// Asked for each valid request that no enqueued reply is waiting for; null means: play on. Gets the request's
    /// body.
    /// </summary>
    public Func<JsonElement, ScriptedReply?>? Respond { get; init; }

    /// <summary>Sent with every answer to a message request, such as the rate limits.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>Replies by the index of the request; asked after <see cref="Respond"/>.</summary>
    public ReplyScript? Script { get; init; }

    /// <summary>Whether <see cref="ScriptedClaude.Requests"/> is filled (default). A load test turns it off.</summary>
    public bool RecordRequests { get; init; } = true;

    /// <summary>
    /// The number of tool calls in each model turn before the closing text. The default makes, with a forced rating at
    /// the end, five model calls and four tool calls.
    /// </summary>
    public IReadOnlyList<int> Plan { get; init; } = [2, 1, 1];

    /// <summary>The clock of the latency and, where the conversation names no date, of the dates in arguments.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
