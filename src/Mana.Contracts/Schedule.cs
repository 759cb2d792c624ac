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
/// weekday and the active hours to the persona's day; <c>cron:</c> is a five-field expression in that zone.
/// </remarks>
public sealed class Schedule
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

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
        if (!string.IsNullOrEmpty(timeZone) && !TimeZoneInfo.TryFindSystemTimeZoneById(timeZone, out zone!))
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
                error = "tickCadence must be one of daily, weekdays, hourly";
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
        switch (_kind)
        {
            case CadenceKind.Cron:
                return _cron!.GetNextOccurrence(lastActiveAt ?? createdAt, _zone)?.ToUniversalTime();
            case CadenceKind.Hourly:
                return IntoActiveHours(lastActiveAt + Hour ?? createdAt);
            case CadenceKind.Weekdays:
                return IntoWorkingDay(lastActiveAt + Day ?? createdAt);
            default:
                return IntoActiveHours(lastActiveAt + Day ?? createdAt);
        }
    }

    /// <summary>Whether the persona is due at this moment.</summary>
    public bool IsDue(DateTimeOffset now, DateTimeOffset? lastActiveAt, DateTimeOffset createdAt)
    {
        if (NextDue(lastActiveAt, createdAt) is not { } due || due > now)
        {
            return false;
        }

        // A moment that was missed counts only while the day and the hours still fit: Friday's visit is not made up for on Saturday night.
        return _kind switch
        {
            CadenceKind.Cron => true,
            CadenceKind.Weekdays => IntoWorkingDay(now) == now,
            _ => IntoActiveHours(now) == now,
        };
    }

    /// <summary>The first moment not before <paramref name="from"/> at which the day and the hours allow a tick.</summary>
    public DateTimeOffset FirstAllowed(DateTimeOffset from) => _kind switch
    {
        CadenceKind.Cron => from,
        CadenceKind.Weekdays => IntoWorkingDay(from),
        _ => IntoActiveHours(from),
    };

    private DateTimeOffset IntoWorkingDay(DateTimeOffset moment)
    {
        // At most: out of the hours, over a weekend, into the hours again.
        for (var i = 0; i < 4; i++)
        {
            var local = TimeZoneInfo.ConvertTime(moment, _zone);
            if (local.DayOfWeek is DayOfWeek.Saturday or DayOfWeek.Sunday)
            {
                var days = local.DayOfWeek == DayOfWeek.Saturday ? 2 : 1;
                moment = ToUtc(local.Date.AddDays(days));
                continue;
            }

            var allowed = IntoActiveHours(moment);
            if (allowed == moment)
            {
                return moment.ToUniversalTime();
            }

            moment = allowed;
        }

        return moment.ToUniversalTime();
    }

    private DateTimeOffset IntoActiveHours(DateTimeOffset moment)
    {
        if (_activeHours is not var (from, until))
        {
            return moment.ToUniversalTime();
        }

        var local = TimeZoneInfo.ConvertTime(moment, _zone);
        var time = TimeOnly.FromTimeSpan(local.TimeOfDay);
        if (time.IsBetween(from, until))
        {
            return moment.ToUniversalTime();
        }

        var start = local.Date + from.ToTimeSpan();
        return ToUtc(start < local.DateTime ? start.AddDays(1) : start);
    }

    private DateTimeOffset ToUtc(DateTime local)
    {
        // A time that the spring change skips does not exist: the next one that does is an hour later.
        while (_zone.IsInvalidTime(local))
        {
            local = local.AddMinutes(30);
        }

        return new DateTimeOffset(local, _zone.GetUtcOffset(local)).ToUniversalTime();
    }
}
