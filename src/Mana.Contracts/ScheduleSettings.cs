namespace Mana.Contracts;

/// <summary>What whoever takes down a schedule must look at beyond its form.</summary>
public static class ScheduleSettings
{
    // Rules that repeat at all repeat from here: a 29 February on a Monday comes within 28 years.
    private static readonly DateTimeOffset AnyMoment = new(2024, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>What is wrong with the settings, and what would be right; null when they are sound and the persona will ever be due.</summary>
    /// <param name="cadence">As in <see cref="Schedule.TryParse"/>.</param>
    /// <param name="timeZone">Likewise.</param>
    /// <param name="activeHours">Likewise.</param>
    public static string? Fault(string cadence, string? timeZone, string? activeHours)
    {
        if (!Schedule.TryParse(cadence, timeZone, activeHours, out var schedule, out var error))
        {
            return error;
        }

        if (schedule.NextDue(null, AnyMoment) is not null)
        {
            return null;
        }

        return string.IsNullOrEmpty(activeHours)
            ? $"tickCadence \"{cadence}\" names a day that never comes"
            : $"tickCadence \"{cadence}\" never comes within activeHours \"{activeHours}\"";
    }
}
