using System.Globalization;
using Mana.Mcp.Tools;

namespace Mana.Mcp.Modules.Calendar;

/// <summary>Times on the clocks of a zone.</summary>
internal static class ZonedTime
{
    /// <summary>The moment at which the clocks of a zone show this time.</summary>
    /// <remarks>
    /// RFC 5545: a time that the clocks leave out is read with the offset from before, so it comes as much later; of a
    /// time that they show twice, the first is meant.
    /// </remarks>
    public static DateTimeOffset At(DateTime wall, TimeZoneInfo zone)
    {
        var local = DateTime.SpecifyKind(wall, DateTimeKind.Unspecified);
        var offset = zone.IsInvalidTime(local) ? zone.GetUtcOffset(DateTime.SpecifyKind(local, DateTimeKind.Utc).AddDays(-1))
            : zone.IsAmbiguousTime(local) ? zone.GetAmbiguousTimeOffsets(local).Max()
            : zone.GetUtcOffset(local);
        return TimeZoneInfo.ConvertTime(new DateTimeOffset(local, offset), zone);
    }

    /// <summary>The moment at which a day begins in a zone.</summary>
    public static DateTimeOffset At(DateOnly day, TimeZoneInfo zone) => At(day.ToDateTime(TimeOnly.MinValue), zone);

    /// <summary>As tools answer it: with the zone's own offset, so that 15:00 there reads 15:00.</summary>
    public static string Format(DateTimeOffset time, TimeZoneInfo zone) =>
        TimeZoneInfo.ConvertTime(time, zone).ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture);

    /// <summary>The zone of a stored event; UTC should the system no longer know it.</summary>
    public static TimeZoneInfo Stored(string id) => TimeZoneInfo.TryFindSystemTimeZoneById(id, out var zone) ? zone : TimeZoneInfo.Utc;

    /// <exception cref="ToolInputException">There is no such zone.</exception>
    public static TimeZoneInfo Given(string id) =>
        TimeZoneInfo.TryFindSystemTimeZoneById(id, out var zone) && zone.HasIanaId
            ? zone
            : throw new ToolInputException($"\"timeZone\" must be an IANA time zone such as Europe/Berlin; you sent \"{id}\".");
}
