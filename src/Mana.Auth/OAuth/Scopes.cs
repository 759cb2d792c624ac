namespace Mana.Auth.OAuth;

/// <summary>What a client may do at the gateway; a text of them is separated by spaces, as on the wire.</summary>
internal static class Scopes
{
    public const string Read = "mana:read";
    public const string Write = "mana:write";

    public static IReadOnlyList<string> All { get; } = [Read, Write];

    public static string Text(IEnumerable<string> scopes) => string.Join(' ', scopes);

    public static IReadOnlyList<string> Of(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>
    /// What of the wish can be had, in our order: scopes that we do not know are passed over, as the protocol allows. Without
    /// a wish all that is allowed. Empty when nothing of the wish can be had.
    /// </summary>
    public static IReadOnlyList<string> Choose(string? wish, string allowed)
    {
        var possible = Of(allowed);
        var wanted = string.IsNullOrWhiteSpace(wish) ? possible : Of(wish);
        return [.. All.Where(scope => wanted.Contains(scope) && possible.Contains(scope))];
    }
}
