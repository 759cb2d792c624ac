using Ical.Net;
using Ical.Net.DataTypes;
using Ical.Net.Evaluation;
using Mana.Mcp.Records;
using Mana.Mcp.Tools;
using IcalEvent = Ical.Net.CalendarComponents.CalendarEvent;

namespace Mana.Mcp.Modules.Calendar;

/// <summary>
/// The wall-clock times at which an event begins by its rule. They are calculated without a zone: a lesson at nine stays
/// at nine when the clocks change.
/// </summary>
internal sealed class Recurrence
{
    private const string Examples = "FREQ=DAILY, FREQ=WEEKLY;BYDAY=MO,TH or FREQ=MONTHLY;BYMONTHDAY=1;COUNT=12";
    private const int MaxCount = 1000;
    private const int MaxInterval = 1000;

    // Beyond what anybody plans; from there on no arithmetic runs out of years.
    private const int LastYear = EventTimes.LastYear + 100;

    // The 29th of February has been away for eight years before.
    private static readonly EvaluationOptions Bounded = new() { MaxUnmatchedIncrementsLimit = 3000 };

    private static readonly TimeSpan MaxLength = TimeSpan.FromDays(31);

    private readonly RecurrenceRule _rule;
    private readonly EventTimes _times;

    private Recurrence(RecurrenceRule rule, EventTimes times)
    {
        _rule = rule;
        _times = times;
        if (rule.Until is { } until)
        {
            rule.Until = new CalDateTime(LastMoment(until, times), hasTime: true);
        }
    }

    /// <summary>The recurrence of a stored event that has a rule.</summary>
    public static Recurrence Of(CalendarEvent calendarEvent, EventTimes times) => Of(calendarEvent.RecurrenceRule!, times);

    /// <summary>The recurrence by a stored rule.</summary>
    public static Recurrence Of(string rule, EventTimes times) => new(new RecurrenceRule(rule), times);

    /// <summary>The rule that a caller gave, in the form in which it is stored.</summary>
    /// <param name="text">As it came.</param>
    /// <param name="times">Where it begins.</param>
    /// <param name="startField">What the caller calls the beginning.</param>
    /// <param name="mayStartBetween">Whether it may begin on a day that the rule does not name.</param>
    /// <exception cref="ToolInputException">It is none, too much for a calendar, or does not fall on the start.</exception>
    public static string Read(string text, EventTimes times, string startField = "start", bool mayStartBetween = false)
    {
        var cleaned = string.Concat(text.Where(character => !char.IsWhiteSpace(character))).ToUpperInvariant().Trim(';');
        if (cleaned.StartsWith("RRULE:", StringComparison.Ordinal))
        {
            cleaned = cleaned["RRULE:".Length..];
        }

        var rule = Parse(cleaned, text);
        Refuse(
            rule.Frequency is FrequencyType.Secondly or FrequencyType.Minutely or FrequencyType.Hourly || rule.ByHour.Count + rule.ByMinute.Count + rule.BySecond.Count > 0,
            $"must repeat by days, weeks, months or years, at the time of {startField}: FREQ is DAILY, WEEKLY, MONTHLY or YEARLY, without BYHOUR, BYMINUTE and BYSECOND; "
            + "make one of its own for each time of the day");
        Refuse(rule.Count > MaxCount, $"may have a COUNT of at most {MaxCount}; leave it out for one without an end");
        Refuse(rule.Interval > MaxInterval, $"may have an INTERVAL of at most {MaxInterval}");
        Refuse(times.Length > MaxLength, $"is for events of at most {MaxLength.Days} days");

        Refuse(rule.Until is { } until && LastMoment(until, times) < times.Start, $"must have an UNTIL after {startField} ({times.Texts().Start})");
        var first = new Recurrence(rule, times).Starts(times.Start).Select(start => (DateTime?)start).FirstOrDefault();
        Refuse(first is null, "never takes place; such a day does not come");
        Refuse(
            first != times.Start && !mayStartBetween,
            $"does not fall on {startField} ({times.Texts().Start}); the first day that fits is {(first is { } day ? Iso.Date(DateOnly.FromDateTime(day)) : "")}: start there, or change the rule");
        return cleaned;

        void Refuse(bool isRefused, string why)
        {
            if (isRefused)
            {
                throw new ToolInputException($"\"recurrenceRule\" {why}; you sent \"{text}\".");
            }
        }
    }

    /// <summary>The times from <paramref name="from"/> on, in order; they can be very many.</summary>
    public IEnumerable<DateTime> Starts(DateTime from)
    {
        var seed = Nearer(from);
        var occurrences = new IcalEvent { Start = Floating(seed), RecurrenceRule = _rule };
        using var enumerator = occurrences.GetOccurrences(Floating(from), Bounded).GetEnumerator();
        while (MovesNext(enumerator))
        {
            var start = enumerator.Current.Period.StartTime.Value;
            if (start.Year > LastYear)
            {
                yield break;
            }

            if (start >= from)
            {
                yield return start;
            }
        }
    }

    /// <summary>The sort key of the last moment of the series; beyond all others when there is none.</summary>
    public string EndKey()
    {
        if (_rule.Until is { } until)
        {
            return Iso.Date(DateOnly.FromDateTime(until.Value + _times.Length).AddDays(1));
        }

        // COUNT bounds it, and what can never end has none.
        return _rule.Count is null ? "9999-12-31" : Iso.Date(DateOnly.FromDateTime(Starts(_times.Start).LastOrDefault(_times.Start) + _times.Length).AddDays(1));
    }

    // Days and weeks repeat evenly: nobody has to count through the years from a far start.
    private DateTime Nearer(DateTime from)
    {
        if (_rule.Count is not null || _rule.Frequency is not (FrequencyType.Daily or FrequencyType.Weekly))
        {
            return _times.Start;
        }

        var step = _rule.Interval * (_rule.Frequency == FrequencyType.Weekly ? 7 : 1);
        var steps = ((int)(from - _times.Start).TotalDays / step) - 1;
        return steps > 0 ? _times.Start.AddDays(steps * step) : _times.Start;
    }

    private static RecurrenceRule Parse(string cleaned, string text)
    {
        var names = cleaned.Split(';').Select(part => part.Split('=')[0]).ToList();
        try
        {
            // The parser lets the last of two win.
            if (names.Contains("FREQ") && names.Distinct().Count() == names.Count)
            {
                return new RecurrenceRule(cleaned);
            }
        }
        catch (Exception e) when (e is ArgumentException or FormatException or OverflowException)
        {
            // Not a rule, whatever the reason.
        }

        throw new ToolInputException($"\"recurrenceRule\" must be a recurrence rule of RFC 5545 such as {Examples}; you sent \"{text}\".");
    }

    // A day means all of it; a moment is one of the event's own clock.
    private static DateTime LastMoment(CalDateTime until, EventTimes times)
    {
        if (until.Year > LastYear)
        {
            return new DateTime(LastYear, 12, 31, 0, 0, 0, DateTimeKind.Unspecified);
        }

        var wall = until is { HasTime: true, IsUtc: true } && !times.IsAllDay
            ? TimeZoneInfo.ConvertTimeFromUtc(until.AsUtc, times.Zone)
            : until.Value;
        return until.HasTime && !times.IsAllDay ? wall : wall.Date.AddDays(1).AddSeconds(-1);
    }

    private static CalDateTime Floating(DateTime wall) => new(DateTime.SpecifyKind(wall, DateTimeKind.Unspecified), hasTime: true);

    private static bool MovesNext(IEnumerator<Occurrence> occurrences)
    {
        try
        {
            return occurrences.MoveNext();
        }
        catch (Exception e) when (e is EvaluationException or ArgumentOutOfRangeException)
        {
            // No more of them within any time that matters.
            return false;
        }
    }
}
