using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Mana.Contracts;

/// <summary>
/// A share in [0, 1) that is always the same for a persona, on every machine and in every version: personas spread
/// evenly, and none wanders.
/// </summary>
internal static class PersonaJitter
{
    /// <summary>The share.</summary>
    /// <param name="persona">Whose share; null, the schedule of nobody in particular, has 0.</param>
    /// <param name="purpose">Shares for different purposes have nothing to do with one another.</param>
    public static double Share(UserId? persona, string purpose)
    {
        if (persona is null)
        {
            return 0;
        }

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes($"{purpose}:{persona.Value.Value}"), hash);

        // 53 bits: what a double holds exactly.
        return (BinaryPrimitives.ReadUInt64BigEndian(hash) >> 11) * (1.0 / (1UL << 53));
    }

    /// <summary>The share of a range, in whole milliseconds and below its end.</summary>
    public static TimeSpan Of(TimeSpan range, double share) => TimeSpan.FromMilliseconds((long)(range.TotalMilliseconds * share));
}
