using Mana.Contracts;

namespace Mana.Mcp.Policy;

/// <summary>How often a user called a tool in the last minute.</summary>
internal interface ICallRates
{
    /// <summary>Counts this call and says how many came before it; a call over the limit is not counted when it will not run.</summary>
    /// <param name="user">The caller.</param>
    /// <param name="tool">A tool that exists: names made up by callers would fill the memory.</param>
    /// <param name="runsAnyway">True when a call over the limit runs all the same.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    ValueTask<int> RegisterAsync(UserId user, string tool, bool runsAnyway, CancellationToken cancellationToken);
}

/// <summary>The window of the rate.</summary>
internal static class RateWindow
{
    public static readonly TimeSpan Length = TimeSpan.FromSeconds(60);
}
