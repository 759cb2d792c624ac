using Mana.Contracts;
using Mana.PersonaRunner.Brains;
using Mana.PersonaRunner.Recording;
using Microsoft.Extensions.AI;

namespace Mana.PersonaRunner.Conversation;

/// <summary>
/// The message history of one tick and the one way to ask the model for its next turn: every model call is timed,
/// counted and noted.
/// </summary>
internal sealed class PersonaConversation
{
    private readonly Brain _brain;
    private readonly TickRecorder _recorder;
    private readonly TimeProvider _time;
    private readonly List<ChatMessage> _messages = [];
    private readonly IList<AITool> _tools;
    private readonly AdditionalPropertiesDictionary _properties;
    private readonly CancellationToken _parking;

    /// <summary>Opens the conversation; nothing is sent yet.</summary>
    /// <param name="brain">Who speaks.</param>
    /// <param name="recorder">Where it is written down.</param>
    /// <param name="tools">The tools of the product as the model sees them.</param>
    /// <param name="properties">For the brain's decorators: the tick's deadline, for instance.</param>
    /// <param name="time">The system's clock.</param>
    /// <param name="parking">From this signal on the model is asked no more.</param>
    public PersonaConversation(
        Brain brain, TickRecorder recorder, ModelTools tools, AdditionalPropertiesDictionary properties, TimeProvider time, CancellationToken parking)
    {
        _brain = brain;
        _recorder = recorder;
        _time = time;
        Names = tools.Names;
        _tools = tools.Declarations;
        _properties = properties;
        _parking = parking;
    }

    /// <summary>The tool names, both ways.</summary>
    public ToolNames Names { get; }

    /// <summary>Adds a system or user message; it is written down before it is sent. A resumed conversation says what it said.</summary>
    public void Say(ChatRole role, string text) => _messages.Add(new ChatMessage(role, _recorder.Say(role.Value, text)));

    /// <summary>Adds the answers to the last turn's tool calls, one for each, in their order.</summary>
    public void Answer(IEnumerable<FunctionResultContent> results) => _messages.Add(new ChatMessage(ChatRole.Tool, [.. results]));

    /// <summary>
    /// Asks for the next turn and adds it to the history exactly as it came. A turn that is in the journal is not asked
    /// for again.
    /// </summary>
    /// <param name="purpose"><c>act</c>, <c>rate</c> or <c>repair</c>: stands on the model call's row.</param>
    /// <param name="mode">Free, or the rating tool required.</param>
    /// <param name="cancellationToken">The tick's deadline or the stop.</param>
    /// <exception cref="BrainException">The model failed for good.</exception>
    /// <exception cref="ParkedException">The model is not to be asked now; the tick goes on later, from here.</exception>
    /// <exception cref="StaleEpochException">Another process has the tick.</exception>
    public async Task<ChatResponse> AskAsync(string purpose, ChatToolMode mode, CancellationToken cancellationToken)
    {
        var (seq, stored) = _recorder.Ask(purpose);
        var response = stored is null ? await AskAsync(seq, mode, cancellationToken) : StoredAnswer.Read(stored);
        _messages.AddRange(response.Messages);
        _recorder.Say(ChatRole.Assistant.Value, PlainText.Clean(response.Text.Trim()));
        return response;
    }

    private async Task<ChatResponse> AskAsync(int seq, ChatToolMode mode, CancellationToken cancellationToken)
    {
        if (_parking.IsCancellationRequested)
        {
            _recorder.Withdraw(seq);
            throw new ParkedException("the runner is stopping");
        }

        await _recorder.FlushAsync(cancellationToken);
        var options = new ChatOptions { ModelId = _brain.Model, Tools = _tools, ToolMode = mode, AdditionalProperties = _properties };
        var start = _time.GetTimestamp();
        ChatResponse response;
        try
        {
            response = await _brain.Client.GetResponseAsync(_messages, options, cancellationToken);
        }
        catch (ParkedException)
        {
            _recorder.Withdraw(seq);
            throw;
        }

        _recorder.Answered(seq, StoredAnswer.Write(response), response.FinishReason?.Value, Usage(response.Usage), _time.GetElapsedTime(start));
        return response;
    }

    private static TickUsage Usage(UsageDetails? usage) => new(
        1,
        usage?.InputTokenCount ?? 0,
        usage?.OutputTokenCount ?? 0,
        usage?.CachedInputTokenCount ?? 0,
        usage?.AdditionalCounts?.GetValueOrDefault("CacheCreationInputTokens") ?? 0);
}
