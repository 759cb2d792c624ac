using System.Globalization;
using System.Text.RegularExpressions;

namespace Mana.Ports.Files;

/// <summary>A host and a port in a text: <c>mana-auth:3001</c>, <c>http://localhost:3001/health</c>.</summary>
/// <param name="Host">Without brackets.</param>
/// <param name="Port">The number.</param>
/// <param name="Index">Of the number in the text.</param>
internal readonly partial record struct Endpoint(string Host, int Port, int Index)
{
    /// <summary>The text as a whole, which may lack the scheme.</summary>
    public static Endpoint? Parse(string text) => Of(Whole().Match(text));

    /// <summary>Every URL with a port in a text.</summary>
    public static IEnumerable<Endpoint> In(string text) =>
        Anywhere().Matches(text).Select(match => Of(match)).OfType<Endpoint>();

    /// <summary>A port, if that is what the text is.</summary>
    public static int? Number(ReadOnlySpan<char> text) =>
        text.Length is > 0 and <= 5 && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and <= 65535
            ? port
            : null;

    /// <summary>Whether a host is the machine itself, seen from itself or from a container of it.</summary>
    public static bool IsThisMachine(string? host) =>
        host is null or "" or "localhost" or "0.0.0.0" or "::" or "::1" or "host.docker.internal" || host.StartsWith("127.", StringComparison.Ordinal);

    /// <summary>Whether a host is the name of a container: one word, no address.</summary>
    public static bool IsContainer(string? host) => !IsThisMachine(host) && host!.AsSpan().IndexOfAny('.', ':') < 0 && !host!.All(char.IsAsciiDigit);

    private static Endpoint? Of(Match match) =>
        match.Success && Number(match.Groups["port"].ValueSpan) is { } port
            ? new Endpoint(match.Groups["host"].Value.Trim('[', ']'), port, match.Groups["port"].Index)
            : null;

    [GeneratedRegex(@"\A\s*(?:[A-Za-z][A-Za-z0-9+.-]*://)?(?:[^/@\s]*@)?(?<host>\[[0-9a-fA-F:.]+\]|[A-Za-z0-9_.-]+):(?<port>[0-9]{1,5})(?=[/?#\s]|\z)", RegexOptions.CultureInvariant)]
    private static partial Regex Whole();

    [GeneratedRegex(@"[A-Za-z][A-Za-z0-9+.-]*://(?:[^/@\s'""]*@)?(?<host>\[[0-9a-fA-F:.]+\]|[A-Za-z0-9_.-]+):(?<port>[0-9]{1,5})", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Anywhere();
}
