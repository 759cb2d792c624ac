using System.Runtime.CompilerServices;
using Mana.PersonaRunner.Conversation;
using Microsoft.Extensions.AI;

namespace Mana.PersonaRunner.Brains.Simulated;

/// <summary>
/// Plays a persona through the same seam as a real model. It keeps nothing between calls: what it does follows from
/// the messages, the tools' schemas and the <see cref="PersonaHints"/>, so a tick can be repeated and resumed.
/// </summary>
public sealed class SimulatedChatClient : IChatClient
{
    private static readonly ChatClientMetadata Metadata = new(Brain.Simulated);

    /// <inheritdoc />
    /// <exception cref="BrainException">The hints are missing.</exception>
    public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        cancellationToken.ThrowIfCancellationRequested();
        if (options?.AdditionalProperties?.TryGetValue(PersonaHints.Key, out var value) != true || value is not PersonaHints hints)
        {
            throw new BrainException(BrainFailure.Rejected, $"The simulated brain needs the persona's hints in the option \"{PersonaHints.Key}\".");
        }

        var tools = (options.Tools ?? []).OfType<AIFunctionDeclaration>().Where(tool => tool.Name != RatingTool.Name)
            .Select(SimulatedTool.Of).DistinctBy(tool => tool.Name).ToDictionary(tool => tool.Name);
        var transcript = new Transcript(messages, tools);
        var message = Answer(hints, tools, transcript, options.ToolMode);
        var isCall = message.Contents.OfType<FunctionCallContent>().Any();
        return Task.FromResult(new ChatResponse(message)
        {
            ResponseId = $"sim_{hints.Seed:x8}_{transcript.Turns}",
            FinishReason = isCall ? ChatFinishReason.ToolCalls : ChatFinishReason.Stop,
            Usage = new UsageDetails { InputTokenCount = 0, OutputTokenCount = 0, TotalTokenCount = 0 },
        });
    }

    /// <inheritdoc />
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var response = await GetResponseAsync(messages, options, cancellationToken);
        foreach (var update in response.ToChatResponseUpdates())
        {
            yield return update;
        }
    }

    /// <inheritdoc />
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is not null ? null
            : serviceType == typeof(ChatClientMetadata) ? Metadata
            : serviceType.IsInstanceOfType(this) ? this
            : null;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        // Nothing is held.
    }

    private static ChatMessage Answer(PersonaHints hints, Dictionary<string, SimulatedTool> tools, Transcript transcript, ChatToolMode? mode)
    {
        switch (mode)
        {
            case RequiredChatToolMode { RequiredFunctionName: RatingTool.Name }:
                return new RatingBehaviour(hints, transcript).Rate();
            case RequiredChatToolMode { RequiredFunctionName: { } name } when tools.TryGetValue(name, out var tool):
                return new TickBehaviour(hints, tools.Values, transcript).Forced(tool) ?? Words(hints, transcript);
            case RequiredChatToolMode { RequiredFunctionName: null }:
                return new TickBehaviour(hints, tools.Values, transcript).AnyCall() ?? Words(hints, transcript);
            case NoneChatToolMode:
                return Words(hints, transcript);
            default:
                return new TickBehaviour(hints, tools.Values, transcript).Next();
        }
    }

    /// <summary>Without tools there is nothing to do but to close.</summary>
    private static ChatMessage Words(PersonaHints hints, Transcript transcript) => new TickBehaviour(hints, [], transcript).Next();
}
