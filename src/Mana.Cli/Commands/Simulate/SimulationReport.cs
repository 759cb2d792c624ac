namespace Mana.Cli.Commands.Simulate;

/// <summary>Result of <c>mana simulate --json</c>. All but <c>WallSeconds</c> is the same for the same arguments.</summary>
/// <param name="Note">What the ratings are not.</param>
/// <param name="Start">Domain time of the first moment.</param>
/// <param name="End">Domain time of the last.</param>
/// <param name="Days">Days played.</param>
/// <param name="Personas">How many.</param>
/// <param name="Seed">Of the variants and of what personas choose.</param>
/// <param name="Data">The directory that was filled; null for a temporary one.</param>
/// <param name="Ticks">Visits that began.</param>
/// <param name="Outcomes">How they ended.</param>
/// <param name="ToolCalls">Tool calls in them.</param>
/// <param name="FailedToolCalls">Those that a tool answered with an error: people meet them, too.</param>
/// <param name="Ratings">By module.</param>
/// <param name="Errors">Why ticks failed.</param>
/// <param name="DriftP50Seconds">Median of start minus due time, domain time.</param>
/// <param name="DriftMaxSeconds">The largest.</param>
/// <param name="MissedDays">Days on which a persona had a visit to make and made none.</param>
/// <param name="DoubledDays">Days on which a persona made a visit that was not due.</param>
/// <param name="FaultyDays">The first of both.</param>
/// <param name="WallSeconds">How long the play took, without the start of the services.</param>
internal sealed record SimulationReport(
    string Note,
    DateTimeOffset Start,
    DateTimeOffset End,
    int Days,
    int Personas,
    int Seed,
    string? Data,
    int Ticks,
    IReadOnlyDictionary<string, int> Outcomes,
    int ToolCalls,
    int FailedToolCalls,
    IReadOnlyList<RatedModule> Ratings,
    IReadOnlyList<TickError> Errors,
    double DriftP50Seconds,
    double DriftMaxSeconds,
    int MissedDays,
    int DoubledDays,
    IReadOnlyList<FaultyDay> FaultyDays,
    double WallSeconds)
{
    public bool IsSound => Errors.Count == 0 && MissedDays == 0 && DoubledDays == 0;
}

/// <summary>The ratings of a module: never a bare mean.</summary>
internal sealed record RatedModule(string Module, int Count, double Median, double ShareOfFives);

/// <summary>Ticks that failed for the same reason.</summary>
internal sealed record TickError(string Stage, string Error, int Count);

/// <summary>A day of a persona's own calendar that is not as its schedule says.</summary>
internal sealed record FaultyDay(string Email, string Day, int Visits, string Fault);
