using System.Globalization;
using System.Security.Cryptography;
using Mana.Hosting;

namespace Mana.PersonaRunner.Ticks;

/// <summary>
/// The name of a run: from the start of one runner until its end. It stands on the ticks that the run opened, also when
/// another runner ends them. Names sort by the time of the start.
/// </summary>
internal sealed record RunName(string Value)
{
    private const int RandomDigits = 4;

    /// <summary>A new name, such as <c>20261123-091500-3fa2</c>, of the domain clock's UTC time.</summary>
    public static RunName New(DomainClock clock) => new(
        clock.GetUtcNow().ToString("yyyyMMdd-HHmmss-", CultureInfo.InvariantCulture) + RandomNumberGenerator.GetHexString(RandomDigits, lowercase: true));
}
