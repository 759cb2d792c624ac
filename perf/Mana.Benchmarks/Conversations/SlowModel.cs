using System.Collections.Concurrent;
using Mana.PersonaRunner.Brains;
using Microsoft.Extensions.AI;

namespace Mana.Benchmarks.Conversations;

/// <summary>The simulated brain, answering after a fixed time, as a model over the network would.</summary>
internal sealed class SlowModel(IChatClient inner, TimeSpan latency, TimeProvider time) : DelegatingChatClient(inner)
{
    private readonly ConcurrentDictionary<string, long> _answerDue = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<double> _timerLate = new();
    private readonly ConcurrentQueue<double> _turnLate = new();
    private long _thinkingTicks;
    private int _answers;
    private int _begun;

    /// <summary>Answers so far.</summary>
    public int Answers => Volatile.Read(ref _answers);

    /// <summary>Conversations that have asked at least once.</summary>
    public int Begun => Volatile.Read(ref _begun);

    /// <summary>What the simulated brain itself took of the processor.</summary>
    public TimeSpan Thinking => TimeSpan.FromTicks(Volatile.Read(ref _thinkingTicks));

    /// <summary>Milliseconds from the moment at which an answer was due until somebody took it.</summary>
    public List<double> AnswerLateness => [.. _timerLate.Order()];

    /// <summary>
    /// Milliseconds from the moment at which an answer was due until the next request of its conversation: journal, tool
    /// calls and their results included.
    /// </summary>
    public List<double> TurnLateness => [.. _turnLate.Order()];

    public override async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        var asked = time.GetTimestamp();
        var persona = ((PersonaHints)options!.AdditionalProperties![PersonaHints.Key]!).Email;
        if (_answerDue.TryRemove(persona, out var due))
        {
            _turnLate.Enqueue(time.GetElapsedTime(due, asked).TotalMilliseconds);
        }
        else
        {
            Interlocked.Increment(ref _begun);
        }

        // Within the latency: it is the model's time, not the runner's.
        var response = await base.GetResponseAsync(messages, options, cancellationToken);
        Interlocked.Add(ref _thinkingTicks, time.GetElapsedTime(asked).Ticks);
        var rest = latency - time.GetElapsedTime(asked);
        if (rest > TimeSpan.Zero)
        {
            await Task.Delay(rest, time, cancellationToken);
        }

        _timerLate.Enqueue((time.GetElapsedTime(asked) - latency).TotalMilliseconds);
        _answerDue[persona] = asked + (long)(latency.TotalSeconds * time.TimestampFrequency);
        Interlocked.Increment(ref _answers);
        return response;
    }
}
