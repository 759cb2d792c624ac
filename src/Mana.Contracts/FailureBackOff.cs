using System.Globalization;

namespace Mana.Contracts;

/// <summary>
/// How long a persona rests after failures in a row: one minute after the first, twice as long after each further one,
/// never more than six hours. Up to a quarter is added, by the persona's id and the number of failures, so that personas
/// that failed together (their service was away) do not return together.
/// </summary>
public static class FailureBackOff
{
    /// <summary>After the first failure, before jitter; no rest is shorter.</summary>
    public static readonly TimeSpan Shortest = TimeSpan.FromMinutes(1);

    /// <summary>With jitter; no rest is longer.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromHours(6);

    /// <summary>The most that is added, as a part of the rest.</summary>
    public const double Jitter = 0.25;

    private static readonly TimeSpan LongestBeforeJitter = Longest / (1 + Jitter);

    /// <summary>The rest.</summary>
    /// <param name="failures">Failures in a row, at least 1.</param>
    /// <param name="persona">Whose; null for no jitter.</param>
    public static TimeSpan Rest(int failures, UserId? persona)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(failures, 1);
        var doublings = Math.Min(failures - 1, 10);
        var rest = Shortest * (1 << doublings);
        rest = rest < LongestBeforeJitter ? rest : LongestBeforeJitter;
        return rest + PersonaJitter.Of(rest * Jitter, PersonaJitter.Share(persona, string.Create(CultureInfo.InvariantCulture, $"back-off {failures}")));
    }
}
