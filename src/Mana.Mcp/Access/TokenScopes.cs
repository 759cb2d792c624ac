namespace Mana.Mcp.Access;

/// <summary>What a token allows. One without a <c>scope</c> claim is a first-party sign-in and allows everything.</summary>
internal sealed record TokenScopes(bool CanRead, bool CanWrite)
{
    public const string Read = "mana:read";
    public const string Write = "mana:write";

    public static readonly TokenScopes Everything = new(true, true);

    /// <summary>All there are.</summary>
    public static IReadOnlyList<string> All { get; } = [Read, Write];

    /// <summary>Reads the claim: a text with scopes between spaces, or several of them.</summary>
    public static TokenScopes Of(IReadOnlyList<string> claims)
    {
        if (claims.Count == 0)
        {
            return Everything;
        }

        var scopes = claims.SelectMany(claim => claim.Split(' ', StringSplitOptions.RemoveEmptyEntries)).ToHashSet(StringComparer.Ordinal);
        return new TokenScopes(scopes.Contains(Read), scopes.Contains(Write));
    }
}
