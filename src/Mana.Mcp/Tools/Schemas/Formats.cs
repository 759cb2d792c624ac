using System.Globalization;
using System.Text.RegularExpressions;

namespace Mana.Mcp.Tools.Schemas;

/// <summary>The formats that .NET's own parsers read too generously.</summary>
internal static partial class Formats
{
    /// <summary>RFC 3339: date, time and zone, as in 2026-11-22T18:00:00Z or 2026-11-22T19:00:00.000+01:00.</summary>
    public static bool IsDateTime(string text) =>
        Rfc3339().IsMatch(text)
        && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out var time)
        && time.Year is > 1 and < 9999;

    [GeneratedRegex(@"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?([Zz]|[+-][0-9]{2}:[0-9]{2})\z", RegexOptions.CultureInvariant)]
    private static partial Regex Rfc3339();
}
