using System.Diagnostics;

namespace Mana.Contracts;

/// <summary>
/// The times at which a persona may tick: its active hours in its zone, on every day or on Monday to Friday. Hours that
/// cross midnight belong to the day on which they begin.
/// </summary>
internal sealed class AllowedTimes(TimeZoneInfo zone, (TimeOnly From, TimeOnly Until)? hours, bool weekdaysOnly)
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    // Any zone's offset, and a change of the clock by a whole day (Apia 2011), lie within.
    private static readonly TimeSpan AroundAnyChange = TimeSpan.FromHours(26);

    // A weekend and a change of the clock that swallows the hours take fewer than five days.
    private const int MaxDaysWithoutHours = 14;

    public TimeZoneInfo Zone => zone;

    public bool HasHours => hours is not null;

    /// <summary>Whether the hours of a day end on the next one.</summary>
    public bool CrossMidnight => hours is var (from, until) && from > until;

    /// <summary>The wall time at which a day begins.</summary>
    private TimeSpan From => hours?.From.ToTimeSpan() ?? TimeSpan.Zero;

    /// <summary>How long the hours last by the wall clock.</summary>
    public TimeSpan Length => hours is var (from, until) ? until - from : Day;

    /// <summary>How long they last before the next date begins.</summary>
    public TimeSpan LengthOnTheirDate => Length < Day - From ? Length : Day - From;

    public bool Contains(DateTimeOffset moment)
    {
        var local = TimeZoneInfo.ConvertTime(moment, zone);
        return !(weekdaysOnly && IsWeekend(local.DayOfWeek)) && IsInHours(local);
    }

    /// <summary>Whether the day has visits at all.</summary>
    public bool HasVisits(DateOnly day) => !(weekdaysOnly && IsWeekend(day.DayOfWeek));

    /// <summary>The day to whose hours a moment belongs, or whose hours come next on its date.</summary>
    public DateOnly DayOf(DateTimeOffset moment)
    {
        var local = TimeZoneInfo.ConvertTime(moment, zone);
        var date = DateOnly.FromDateTime(local.Date);
        return CrossMidnight && TimeOnly.FromTimeSpan(local.TimeOfDay) < hours!.Value.Until ? date.AddDays(-1) : date;
    }

    /// <summary>Whether a moment lies in the hours of that very day.</summary>
    public bool IsOn(DateOnly day, DateTimeOffset moment) => IsInHours(TimeZoneInfo.ConvertTime(moment, zone)) && DayOf(moment) == day;

    /// <summary>When the hours of a day begin; null when a change of the clock leaves nothing of them, or of the day.</summary>
    public DateTimeOffset? OpeningOf(DateOnly day)
    {
        var opening = Resolve(day.ToDateTime(TimeOnly.MinValue) + From);
        return IsOn(day, opening) && DateOf(opening) == day ? opening : null;
    }

    /// <summary>
    /// A moment on the day by the wall clock, so much after its hours begin. A time that comes twice is the first one; a
    /// time that is skipped is the first moment after the gap, or, when that is past the hours, their beginning.
    /// </summary>
    public DateTimeOffset? AfterOpeningOf(DateOnly day, TimeSpan later)
    {
        if (OpeningOf(day) is not { } opening)
        {
            return null;
        }

        var moment = Resolve(day.ToDateTime(TimeOnly.MinValue) + From + later);
        return moment >= opening && IsOn(day, moment) && DateOf(moment) == day ? moment : opening;
    }

    /// <summary>How much is left of the date and of the hours, by the wall clock.</summary>
    public TimeSpan Remaining(DateTimeOffset moment)
    {
        var time = TimeZoneInfo.ConvertTime(moment, zone).TimeOfDay;
        var ofDate = Day - time;
        return hours is var (_, until) && until - TimeOnly.FromTimeSpan(time) is var ofHours && ofHours < ofDate ? ofHours : ofDate;
    }

    public DateOnly DateOf(DateTimeOffset moment) => DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(moment, zone).Date);

    /// <summary>The first allowed moment not before <paramref name="from"/>.</summary>
    public DateTimeOffset First(DateTimeOffset from)
    {
        from = from.ToUniversalTime();
        for (var day = 0; day < MaxDaysWithoutHours && !Contains(from); day++)
        {
            var until = from + Day;
            if (Beginnings(from, until).Where(moment => moment > from && Contains(moment)).Order().Cast<DateTimeOffset?>().FirstOrDefault() is { } first)
            {
                return first;
            }

            from = until;
        }

        return Contains(from) ? from : throw new UnreachableException("No hours within two weeks.");
    }

    private static bool IsWeekend(DayOfWeek day) => day is DayOfWeek.Saturday or DayOfWeek.Sunday;

    private bool IsInHours(DateTimeOffset local) =>
        hours is not var (from, until) || TimeOnly.FromTimeSpan(local.TimeOfDay).IsBetween(from, until);

    private DateTimeOffset Resolve(DateTime wall)
    {
        var around = new DateTimeOffset(wall, TimeSpan.Zero);
        var (before, after) = (zone.GetUtcOffset(around - AroundAnyChange), zone.GetUtcOffset(around + AroundAnyChange));

        // The larger offset is the earlier moment.
        foreach (var offset in before >= after ? [before, after] : (ReadOnlySpan<TimeSpan>)[after, before])
        {
            var moment = new DateTimeOffset(wall, offset);
            if (zone.GetUtcOffset(moment) == offset)
            {
                return moment.ToUniversalTime();
            }
        }

        return ClockChange(around - AroundAnyChange, around + AroundAnyChange, before);
    }

    /// <summary>
    /// The moments at which day or hours may begin to fit: midnight, the hours' start, and a change of the clock, which
    /// may jump into the hours, past them, or back into them.
    /// </summary>
    private IEnumerable<DateTimeOffset> Beginnings(DateTimeOffset from, DateTimeOffset until)
    {
        var (before, after) = (zone.GetUtcOffset(from), zone.GetUtcOffset(until));
        TimeSpan[] offsets = before == after ? [before] : [before, after];
        TimeSpan[] starts = HasHours ? [TimeSpan.Zero, From] : [TimeSpan.Zero];
        for (var date = from.ToOffset(before).Date; date <= until.ToOffset(after).Date; date = date.AddDays(1))
        {
            foreach (var wall in starts.Select(time => date + time))
            {
                // A time that the change skips has no moment, one that it repeats has two.
                foreach (var moment in offsets.Select(offset => new DateTimeOffset(wall, offset)).Where(moment => zone.GetUtcOffset(moment) == moment.Offset))
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
            (from, until) = zone.GetUtcOffset(middle) == before ? (middle, until) : (from, middle);
        }

        return until;
    }
}
