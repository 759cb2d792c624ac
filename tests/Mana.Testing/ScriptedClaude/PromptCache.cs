using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;

namespace Mana.Testing;

/// <summary>The tokens of one answer; the three inputs do not overlap.</summary>
internal sealed record ReplyUsage(long Input, long CacheRead, long CacheWrite, long Output);

/// <summary>
/// A model of the prompt cache: whatever stands before a breakpoint is written, and read again when a later request
/// begins the same way. Tokens are counted as a quarter of the bytes.
/// </summary>
internal sealed class PromptCache
{
    private const int MostPrefixes = 50_000;
    private readonly ConcurrentDictionary<UInt128, bool> _prefixes = new();

    public ReplyUsage Charge(JsonElement request, long outputBytes)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var boundaries = new List<(UInt128 Prefix, long Bytes, bool IsBreakpoint)>();
        var bytes = 0L;
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        foreach (var (block, _) in RequestBlocks.Of(request))
        {
            bytes += Append(hash, block);
            hash.GetCurrentHash(digest);
            boundaries.Add((MemoryMarshal.Read<UInt128>(digest), bytes, HasBreakpoint(block)));
        }

        var last = boundaries.FindLastIndex(boundary => boundary.IsBreakpoint);
        var read = last < 0 ? -1 : boundaries.FindLastIndex(last, boundary => _prefixes.ContainsKey(boundary.Prefix));
        if (_prefixes.Count > MostPrefixes)
        {
            _prefixes.Clear();
        }

        foreach (var boundary in boundaries.Where(boundary => boundary.IsBreakpoint))
        {
            _prefixes.TryAdd(boundary.Prefix, true);
        }

        var cached = last < 0 ? 0 : Tokens(boundaries[last].Bytes);
        var cacheRead = read < 0 ? 0 : Tokens(boundaries[read].Bytes);
        return new ReplyUsage(Math.Max(1, Tokens(bytes) - cached), cacheRead, cached - cacheRead, Math.Max(1, Tokens(outputBytes)));
    }

    private static long Tokens(long bytes) => (bytes + 3) / 4;

    private static bool HasBreakpoint(JsonElement block) =>
        block.ValueKind == JsonValueKind.Object && block.TryGetProperty("cache_control", out var control) && control.ValueKind == JsonValueKind.Object;

    // The breakpoint moves from block to block, so it is no part of what is compared.
    private static long Append(IncrementalHash hash, JsonElement block)
    {
        if (!HasBreakpoint(block))
        {
            var raw = JsonMarshal.GetRawUtf8Value(block);
            hash.AppendData(raw);
            return raw.Length;
        }

        using var buffer = new MemoryStream();
        buffer.WriteByte((byte)'{');
        foreach (var property in block.EnumerateObject().Where(property => !property.NameEquals("cache_control")))
        {
            if (buffer.Length > 1)
            {
                buffer.WriteByte((byte)',');
            }

            buffer.WriteByte((byte)'"');
            buffer.Write(JsonMarshal.GetRawUtf8PropertyName(property));
            buffer.Write("\":"u8);
            buffer.Write(JsonMarshal.GetRawUtf8Value(property.Value));
        }

        buffer.WriteByte((byte)'}');
        hash.AppendData(buffer.GetBuffer().AsSpan(0, (int)buffer.Length));
        return buffer.Length;
    }
}
