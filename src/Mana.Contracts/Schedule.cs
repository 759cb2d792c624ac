using System.Globalization;
using Cronos;

namespace Mana.Contracts;

/// <summary>
/// When a persona is due: a pure function of its cadence, its last activity and its own clock settings.
/// mana-auth stores the result as <c>next_due_at</c>; a standalone runner evaluates it itself.
/// </summary>
/// <remarks>
/// <para>Without our optional fields the rule is the wire contract's: <c>hourly</c> one hour after the last activity,
/// <c>daily</c> 24 hours after it, <c>weekdays</c> likewise but only on Monday to Friday (UTC); no jitter.</para>
/// <para>With a time zone or active hours (and always for <c>cron:</c>) visits have places in the persona's own day, and
/// the next one follows from the schedule, never from the end of the last:</para>
/// <list type="bullet">
/// <item><c>daily</c>, <c>weekdays</c>: one place a day, up to two hours after the active hours (else the day) begin, and
/// on the same date. Whoever has been there since they began has made the day's visit.</item>
/// <item><c>hourly</c>: one place in each hour, counted from the beginning of the active hours, up to an hour into it
/// (less where the hours are shorter). An hour is an hour of real time: a change of the clock neither skips nor doubles.</item>
/// <item><c>cron:</c>, five fields: up to a tenth of the time to the next occurrence after each, at most five minutes, and
/// never past the date or the active hours.</item>
/// </list>
/// <para>Where in that range is the same for a persona on every day (<see cref="For"/>), and spread over all of them.
/// Missed visits run once: a missed occurrence of <c>cron:</c> as soon as the hours allow, any other on the same day and
/// within its hours; after that the next day's place counts.</para>
/// </remarks>
public sealed class Schedule
{
    private const string CronPrefix = "cron:";
    private const double CronJitterShare = 0.1;
    private const int MaxWindowsWithoutOccurrence = 1500;

    // A weekend, a skipped date and a change of the clock that swallows the hours take fewer than seven days.
    private const int MaxDaysWithoutVisit = 14;

    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    /// <summary>The most that a place in the day lies after the day's beginning.</summary>
    public static readonly TimeSpan DailyJitter = TimeSpan.FromHours(2);

    /// <summary>The most that a place in the hour lies after the hour's beginning.</summary>
    public static readonly TimeSpan HourlyJitter = Hour;

    /// <summary>The most that a visit lies after its <c>cron:</c> occurrence.</summary>
    public static readonly TimeSpan CronJitter = TimeSpan.FromMinutes(5);

    private readonly CadenceKind _kind;
    private readonly CronExpression? _cron;
    private readonly AllowedTimes _allowed;
    private readonly bool _isContracts;
    private readonly UserId? _persona;
    private readonly double _share;

    private Schedule(CadenceKind kind, CronExpression? cron, AllowedTimes allowed, bool isContracts, UserId? persona)
    {
        _kind = kind;
        _cron = cron;
        _allowed = allowed;
        _isContracts = isContracts;
        _persona = persona;
        _share = PersonaJitter.Share(persona, "place");
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
    /// <param name="schedule">The schedule of nobody in particular (<see cref="For"/>), when the settings are sound.</param>
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

        if (!TryParseHours(activeHours, out var hours))
        {
            error = $"activeHours \"{activeHours}\" must be two different times like 08:00-22:00";
            return false;
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
            case not null when cadence.StartsWith(CronPrefix, StringComparison.Ordinal)
                && CronExpression.TryParse(cadence[CronPrefix.Length..], out cron)
                && !cron.Equals(CronExpression.EverySecond):
                kind = CadenceKind.Cron;
                break;
            default:
                error = cadence?.StartsWith(CronPrefix, StringComparison.Ordinal) == true
                    ? $"tickCadence \"{cadence}\" is no cron expression of five fields such as cron:0 9 * * 1-5"
                    : "tickCadence must be one of daily, weekdays, hourly";
                return false;
        }

        var isContracts = kind != CadenceKind.Cron && string.IsNullOrEmpty(timeZone) && hours is null;
        schedule = new Schedule(kind, cron, new AllowedTimes(zone, hours, kind == CadenceKind.Weekdays), isContracts, persona: null);
        error = null;
        return true;
    }

    /// <summary>Whether visits have places in the persona's day; otherwise the next one follows from the last activity.</summary>
    public bool HasPlaces => !_isContracts;

    /// <summary>The same schedule with the persona's own place in the day or hour; without it everybody has the first one.</summary>
    public Schedule For(UserId persona) => new(_kind, _cron, _allowed, _isContracts, persona);

    /// <summary>The first moment at which the persona is due, later than its last activity.</summary>
    /// <param name="lastActiveAt">Its last activity; null if it never ticked, which makes it due as soon as its day and hours allow.</param>
    /// <param name="createdAt">When it was made: the base of a first <c>cron:</c> occurrence and of the first day.</param>
    /// <returns>Null only for a <c>cron:</c> expression without any further occurrence.</returns>
    public DateTimeOffset? NextDue(DateTimeOffset? lastActiveAt, DateTimeOffset createdAt)
    {
        if (_kind == CadenceKind.Cron)
        {
            return NextVisit(lastActiveAt ?? createdAt);
        }

        if (_isContracts)
        {
            return _allowed.First(lastActiveAt + (_kind == CadenceKind.Hourly ? Hour : Day) ?? createdAt);
        }

        return lastActiveAt is null && Allows(createdAt) ? createdAt.ToUniversalTime() : NextVisit(lastActiveAt ?? createdAt);
    }

    /// <summary>Whether the persona is due at this moment.</summary>
    /// <remarks>
    /// A moment that was missed counts only while the day and the hours still fit: Friday's visit is not made up for
    /// on Saturday night.
    /// </remarks>
    public bool IsDue(DateTimeOffset now, DateTimeOffset? lastActiveAt, DateTimeOffset createdAt)
    {
        if (!Allows(now))
        {
            return false;
        }

        // Yesterday's place does not count today: everybody who missed it would be due at the same moment.
        var due = lastActiveAt is { } last && !_isContracts && _kind != CadenceKind.Cron && (_kind != CadenceKind.Hourly || _allowed.HasHours)
            ? VisitOn(_allowed.DayOf(now), last)
            : NextDue(lastActiveAt, createdAt);
        return due <= now;
    }

    /// <summary>When a persona that failed is tried again: after its rest, or at its next place when that is outside its hours.</summary>
    /// <param name="failedAt">The end of the last tick that failed.</param>
    /// <param name="failures">Failures in a row, at least 1.</param>
    public DateTimeOffset RetryAt(DateTimeOffset failedAt, int failures)
    {
        var rested = failedAt.ToUniversalTime() + FailureBackOff.Rest(failures, _persona);
        if (Allows(rested))
        {
            return rested;
        }

        return (_isContracts ? null : NextVisit(rested)) ?? FirstAllowed(rested);
    }

    /// <summary>Whether day and hours allow a tick at this moment.</summary>
    public bool Allows(DateTimeOffset moment) => _allowed.Contains(moment);

    /// <summary>The first moment not before <paramref name="from"/> at which the day and the hours allow a tick.</summary>
    public DateTimeOffset FirstAllowed(DateTimeOffset from) => _allowed.First(from);

    private static bool TryParseHours(string? text, out (TimeOnly From, TimeOnly Until)? hours)
    {
        hours = null;
        if (string.IsNullOrEmpty(text))
        {
            return true;
        }

        var parts = text.Split('-', 2);
        if (parts.Length != 2
            || !TimeOnly.TryParseExact(parts[0], "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out var from)
            || !TimeOnly.TryParseExact(parts[1], "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out var until)
            || from == until)
        {
            return false;
        }

        hours = (from, until);
        return true;
    }

    private static TimeSpan Least(TimeSpan one, TimeSpan other) => one < other ? one : other;

    /// <summary>The place itself or whole hours after it, whatever is first after a moment.</summary>
    private static DateTimeOffset NextHour(DateTimeOffset place, DateTimeOffset after) =>
        after < place ? place : place + TimeSpan.FromTicks((((after - place).Ticks / Hour.Ticks) + 1) * Hour.Ticks);

    /// <summary>The first visit after a moment.</summary>
    private DateTimeOffset? NextVisit(DateTimeOffset after)
    {
        after = after.ToUniversalTime();
        if (_kind == CadenceKind.Cron)
        {
            return NextCronVisit(after);
        }

        if (_kind == CadenceKind.Hourly && !_allowed.HasHours)
        {
            // Hours of real time, whatever the wall clock does.
            return NextHour(DateTimeOffset.UnixEpoch + PersonaJitter.Of(HourlyJitter, _share), after);
        }

        // Hours across midnight that a change of the clock brings twice: between the two a moment belongs to the next day.
        var day = _allowed.DayOf(after);
        for (var days = _kind == CadenceKind.Hourly && _allowed.CrossMidnight ? -1 : 0; days < MaxDaysWithoutVisit; days++)
        {
            if (VisitOn(day.AddDays(days), after) is { } visit)
            {
                return visit;
            }
        }

        return null;
    }

    /// <summary>The first visit of a day that counts for somebody who was last active then.</summary>
    private DateTimeOffset? VisitOn(DateOnly day, DateTimeOffset lastActiveAt)
    {
        if (!_allowed.HasVisits(day) || _allowed.OpeningOf(day) is not { } opening)
        {
            return null;
        }

        if (_kind != CadenceKind.Hourly)
        {
            var place = PersonaJitter.Of(Least(DailyJitter, _allowed.LengthOnTheirDate), _share);
            return opening > lastActiveAt ? _allowed.AfterOpeningOf(day, place) : null;
        }

        var visit = opening + PersonaJitter.Of(Least(HourlyJitter, _allowed.Length), _share);
        visit = NextHour(_allowed.IsOn(day, visit) ? visit : opening, lastActiveAt);

        // Hours that a change of the clock brings twice have a time between the two.
        while (!_allowed.IsOn(day, visit))
        {
            visit += Hour;
            if (visit - opening > Day + Hour + Hour)
            {
                return null;
            }
        }

        return visit;
    }

    private DateTimeOffset? NextCronVisit(DateTimeOffset after)
    {
        // The occurrence may lie before the moment and its visit after it.
        for (var occurrence = NextOccurrence(after - CronJitter, inclusive: true);
            occurrence is { } moment;
            occurrence = OccurrenceAfter(moment))
        {
            if (CronVisit(moment) is var visit && visit > after)
            {
                return visit;
            }
        }

        return null;
    }

    /// <summary>
    /// The next occurrence, later in any case: around a change of the clock the expression may name the end of the gap
    /// again. Occurrences lie on whole minutes.
    /// </summary>
    private DateTimeOffset? OccurrenceAfter(DateTimeOffset moment)
    {
        for (var step = TimeSpan.FromMinutes(1); step < Day + Day; step *= 2)
        {
            if (NextOccurrence(moment + step, inclusive: true) is not { } next || next > moment)
            {
                return NextOccurrence(moment + step, inclusive: true);
            }
        }

        return null;
    }

    private DateTimeOffset CronVisit(DateTimeOffset occurrence)
    {
        var range = Least(CronJitter, _allowed.Remaining(occurrence));
        if (_cron!.GetNextOccurrence(occurrence, _allowed.Zone) is { } next)
        {
            range = Least(range, (next - occurrence) * CronJitterShare);
        }

        // What is left by the wall clock may be less in truth, on the day of a change.
        var visit = occurrence + PersonaJitter.Of(range, _share);
        return Allows(visit) && _allowed.DateOf(visit) == _allowed.DateOf(occurrence) ? visit : occurrence;
    }

    private DateTimeOffset? NextOccurrence(DateTimeOffset from, bool inclusive)
    {
        var next = _cron!.GetNextOccurrence(from, _allowed.Zone, inclusive);
        for (var tries = 0; next is { } moment && !Allows(moment); tries++)
        {
            // From one window of hours to the next; an expression that missed them all for years never meets them.
            next = tries < MaxWindowsWithoutOccurrence ? _cron.GetNextOccurrence(FirstAllowed(moment), _allowed.Zone, inclusive: true) : null;
        }

        return next?.ToUniversalTime();
    }
}
