using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.AI;

namespace Mana.PersonaRunner.Brains.Simulated;

/// <summary>Replaces the seed of the hints by one that follows from the persona, its time and the simulation's seed.</summary>
internal sealed class SeededChatClient(IChatClient inner, int seed) : DelegatingChatClient(inner)
{
    public override Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        base.GetResponseAsync(messages, Seeded(options), cancellationToken);

    public override IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        base.GetStreamingResponseAsync(messages, Seeded(options), cancellationToken);

    private ChatOptions? Seeded(ChatOptions? options)
    {
        if (options?.AdditionalProperties?.TryGetValue(PersonaHints.Key, out var value) != true || value is not PersonaHints hints)
        {
            return options;
        }

        // The caller's options go to every call of the tick and stay as they are.
        var own = options.Clone();
        own.AdditionalProperties![PersonaHints.Key] = hints with { Seed = SeedOf(hints) };
        return own;
    }

    private int SeedOf(PersonaHints hints)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{seed}:{hints.Email}:{hints.Today.ToUnixTimeMilliseconds()}");
        return BinaryPrimitives.ReadInt32LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }
}
