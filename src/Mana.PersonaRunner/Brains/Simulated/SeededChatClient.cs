using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.AI;

namespace Mana.PersonaRunner.Brains.Simulated;

/// <summary>
/// Replaces the seed of the hints by one that follows from the persona, the number of its visit and the simulation's seed.
/// A visit has one time from its beginning to its end: a later one is the next visit.
/// </summary>
internal sealed class SeededChatClient(IChatClient inner, int seed) : DelegatingChatClient(inner)
{
    // The minute of a visit follows from the persona's random id; which of its visits it is does not.
    private readonly ConcurrentDictionary<string, (DateTimeOffset Today, int Number)> _visits = new(StringComparer.Ordinal);

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
        var visit = _visits.AddOrUpdate(
            hints.Email,
            static (_, today) => (today, 0),
            static (_, last, today) => last.Today == today ? last : (today, last.Number + 1),
            hints.Today);
        var text = string.Create(CultureInfo.InvariantCulture, $"{seed}:{hints.Email}:{visit.Number}");
        return BinaryPrimitives.ReadInt32LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }
}
