using System.Diagnostics;
using System.Globalization;
using Cronos;

namespace Mana.Contracts;

/// <summary>
/// When a persona is due: a pure function of its cadence, its last activity and its own clock settings.
/// mana-auth stores the result as <c>next_due_at</c>; a standalone runner evaluates it itself.
/// </summary>
/// <remarks>
/// Without our optional fields the rule is the wire contract's: <c>hourly</c> one hour after the last activity,
/// <c>daily</c> 24 hours after it, <c>weekdays</c> likewise but only on Monday to Friday (UTC). A time zone moves the
/// weekday and the active hours to the persona's day; <c>cron:</c> is a five-field expression in that zone, of which
/// the occurrences within the active hours count.
/// </remarks>
public sealed class Schedule
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    // A weekend and a change of the clock that swallows the hours take fewer than five days.
    private const int MaxDaysWithoutHours = 14;
    private const int MaxWindowsWithoutOccurrence = 1500;

    private readonly CadenceKind _kind;
    private readonly CronExpression? _cron;
    private readonly TimeZoneInfo _zone;
    private readonly (TimeOnly From, TimeOnly Until)? _activeHours;

    private Schedule(CadenceKind kind, CronExpression? cron, TimeZoneInfo zone, (TimeOnly, TimeOnly)? activeHours)
    {
        _kind = kind;
        _cron = cron;
        _zone = zone;
        _activeHours = activeHours;
    }

    private enum CadenceKind
    {
        Hourly,
        Daily,
        Weekdays,
        Cron,
    }

    /// <summary>Reads the four settings.</summary>
    /// <param name="cadence"><c>hourly</c>, <c>daily</c>, <c>weekdays</c> or <c>cron:</c> with five fields.</param>
    /// <param name="timeZone">An IANA zone; null means UTC.</param>
    /// <param name="activeHours"><c>HH:mm-HH:mm</c> in that zone, may cross midnight; null means the whole day.</param>
    /// <param name="schedule">The schedule, when the settings are sound.</param>
    /// <param name="error">What is wrong and what would be right, when they are not.</param>
    public static bool TryParse(string cadence, string? timeZone, string? activeHours, out Schedule schedule, out string? error)
    {
        schedule = null!;
        var zone = TimeZoneInfo.Utc;
        if (!string.IsNullOrEmpty(timeZone) && !(TimeZoneInfo.TryFindSystemTimeZoneById(timeZone, out zone!) && zone.HasIanaId))
        {
            error = $"timeZone \"{timeZone}\" is not an IANA time zone such as Europe/Berlin";
            return false;
        }

        (TimeOnly, TimeOnly)? hours = null;
        if (!string.IsNullOrEmpty(activeHours))
        {
            var parts = activeHours.Split('-', 2);
            if (parts.Length != 2
                || !TimeOnly.TryParseExact(parts[0], "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out var from)
                || !TimeOnly.TryParseExact(parts[1], "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out var until)
                || from == until)
            {
                error = $"activeHours \"{activeHours}\" must be two different times like 08:00-22:00";
                return false;
            }

            hours = (from, until);
        }

        CronExpression? cron = null;
        CadenceKind kind;
        switch (cadence)
        {
            case "hourly":
                kind = CadenceKind.Hourly;
                break;
            case "daily":
                kind = CadenceKind.Daily;
                break;
            case "weekdays":
                kind = CadenceKind.Weekdays;
                break;
            case not null when cadence.StartsWith("cron:", StringComparison.Ordinal)
                && CronExpression.TryParse(cadence["cron:".Length..], out cron):
                kind = CadenceKind.Cron;
                break;
            default:
                error = cadence?.StartsWith("cron:", StringComparison.Ordinal) == true
                    ? $"tickCadence \"{cadence}\" is no cron expression of five fields such as cron:0 9 * * 1-5"
                    : "tickCadence must be one of daily, weekdays, hourly";
                return false;
        }

        schedule = new Schedule(kind, cron, zone, hours);
        error = null;
        return true;
    }

    /// <summary>The first moment at which the persona is due.</summary>
    /// <param name="lastActiveAt">Its last activity; null if it never ticked, which makes it due as soon as its day and hours allow.</param>
    /// <param name="createdAt">When it was made: the base of a first <c>cron:</c> occurrence and of the first day.</param>
    /// <returns>Null only for a <c>cron:</c> expression without any further occurrence.</returns>
    public DateTimeOffset? NextDue(DateTimeOffset? lastActiveAt, DateTimeOffset createdAt)
    {
        var from = lastActiveAt + (_kind == CadenceKind.Hourly ? Hour : Day) ?? createdAt;
        return _kind == CadenceKind.Cron ? NextOccurrence(lastActiveAt ?? createdAt) : FirstAllowed(from);
    }

    /// <summary>Whether the persona is due at this moment.</summary>
    /// <remarks>
    /// A moment that was missed counts only while the day and the hours still fit: Friday's visit is not made up for
    /// on Saturday night.
    /// </remarks>
    public bool IsDue(DateTimeOffset now, DateTimeOffset? lastActiveAt, DateTimeOffset createdAt) =>
        NextDue(lastActiveAt, createdAt) is { } due && due <= now && IsAllowed(now);

    /// <summary>The first moment not before <paramref name="from"/> at which the day and the hours allow a tick.</summary>
    public DateTimeOffset FirstAllowed(DateTimeOffset from)
    {
        from = from.ToUniversalTime();
        for (var day = 0; day < MaxDaysWithoutHours && !IsAllowed(from); day++)
        {
            var until = from + Day;
            if (Beginnings(from, until).Where(moment => moment > from && IsAllowed(moment)).Order().Cast<DateTimeOffset?>().FirstOrDefault() is { } first)
            {
                return first;
            }

            from = until;
        }

        return IsAllowed(from) ? from : throw new UnreachableException("No hours within two weeks.");
    }

    private bool IsAllowed(DateTimeOffset moment)
    {
        var local = TimeZoneInfo.ConvertTime(moment, _zone);
        return !(_kind == CadenceKind.Weekdays && local.DayOfWeek is (DayOfWeek.Saturday or DayOfWeek.Sunday))
            && (_activeHours is not var (from, until) || TimeOnly.FromTimeSpan(local.TimeOfDay).IsBetween(from, until));
    }

    /// <summary>
    /// The moments at which day or hours may begin to fit: midnight, the hours' start, and a change of the clock, which
    /// may jump into the hours, past them, or back into them.
    /// </summary>
    private IEnumerable<DateTimeOffset> Beginnings(DateTimeOffset from, DateTimeOffset until)
    {
        var (before, after) = (_zone.GetUtcOffset(from), _zone.GetUtcOffset(until));
        TimeSpan[] offsets = before == after ? [before] : [before, after];
        TimeSpan[] starts = _activeHours is var (start, _) ? [TimeSpan.Zero, start.ToTimeSpan()] : [TimeSpan.Zero];
        for (var date = from.ToOffset(before).Date; date <= until.ToOffset(after).Date; date = date.AddDays(1))
        {
            foreach (var wall in starts.Select(time => date + time))
            {
                // A time that the change skips has no moment, one that it repeats has two.
                foreach (var moment in offsets.Select(offset => new DateTimeOffset(wall, offset)).Where(moment => _zone.GetUtcOffset(moment) == moment.Offset))
                {
                    yield return moment.ToUniversalTime();
                }
            }
        }

        if (before != after)
        {
            yield return ClockChange(from, until, before);
        }
    }

    private DateTimeOffset ClockChange(DateTimeOffset from, DateTimeOffset until, TimeSpan before)
    {
        while (until - from > TimeSpan.FromTicks(1))
        {
            var middle = from + ((until - from) / 2);
            (from, until) = _zone.GetUtcOffset(middle) == before ? (middle, until) : (from, middle);
        }

        return until;
    }

    private DateTimeOffset? NextOccurrence(DateTimeOffset after)
    {
        var next = _cron!.GetNextOccurrence(after, _zone);
        for (var tries = 0; next is { } moment && !IsAllowed(moment); tries++)
        {
            // From one window of hours to the next; an expression that missed them all for years never meets them.
            next = tries < MaxWindowsWithoutOccurrence ? _cron.GetNextOccurrence(FirstAllowed(moment), _zone, inclusive: true) : null;
        }

        return next?.ToUniversalTime();
    }
}
