using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Mana.Mcp.Records;

/// <summary>A place in a list: the sort key and number of the last record that was shown. Opaque to callers.</summary>
internal readonly record struct Cursor(string OrderKey, long Seq)
{
    public override string ToString() =>
        Base64Url.EncodeToString(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Seq}|{OrderKey}")));

    /// <summary>Null when the text is no cursor of ours.</summary>
    public static Cursor? Parse(string text)
    {
        try
        {
            var parts = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(text)).Split('|', 2);
            return parts.Length == 2 && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var seq)
                && !parts[1].Contains('\0', StringComparison.Ordinal)
                ? new Cursor(parts[1], seq)
                : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }
}

/// <summary>The cursor that a caller sent is none of ours.</summary>
internal sealed class InvalidCursorException()
    : Exception("\"cursor\" must be the nextCursor of an earlier answer; leave it out to start with the newest.");
