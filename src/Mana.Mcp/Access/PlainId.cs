using System.Buffers;

namespace Mana.Mcp.Access;

/// <summary>Ids of users and spaces end up in paths of calls to mana-auth, so only letters, digits, <c>-</c> and <c>_</c> pass.</summary>
internal static class PlainId
{
    private const int MaxLength = 128;
    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    public static bool IsValid(string text) => text.Length is > 0 and <= MaxLength && !text.AsSpan().ContainsAnyExcept(Allowed);
}
