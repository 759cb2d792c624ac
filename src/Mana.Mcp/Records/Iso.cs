using System.Globalization;
using Mana.Contracts;

namespace Mana.Mcp.Records;

/// <summary>Times and dates as text: always UTC with milliseconds and Z, so that they also sort as text.</summary>
internal static class Iso
{
    public static string Time(DateTimeOffset time) =>
        IsoTime.Format(time);

    public static string Date(DateOnly date) => date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>A date (midnight UTC) or a date-time, as a time.</summary>
    public static string TimeOf(string dateOrTime) =>
        Time(DateTimeOffset.Parse(dateOrTime, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal));

    /// <summary>The date of a date or a date-time, as the writer of it sees it.</summary>
    public static string DateOf(string dateOrTime) => dateOrTime[..10];

    /// <summary>The day after that of a date or a date-time: the first sort key that no longer belongs to it.</summary>
    public static string DayAfter(string dateOrTime) =>
        DateOnly.ParseExact(DateOf(dateOrTime), "yyyy-MM-dd", CultureInfo.InvariantCulture) is var day && day < DateOnly.MaxValue
            ? Date(day.AddDays(1))
            : "9999-12-32";
}
