using CsCheck;
using Mana.Mcp.Modules.Calendar;
using Mana.Mcp.Tools;

namespace Mana.Tests.Mcp.Modules;

public sealed class RecurrenceTests
{
    private static readonly string[] DayCodes = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"];

    private static readonly DateTime Epoch = new(2024, 1, 1, 9, 0, 0, DateTimeKind.Unspecified);

    private enum Frequency
    {
        Daily,
        Weekly,
        Monthly,
        Yearly,
    }

    /// <summary>The rule against the plain question, day by day: does it take place on this one?</summary>
    [Fact]
    public void Simple_rules_fall_on_the_days_that_a_count_day_by_day_gives()
    {
        var rules = Gen.Select(
            Gen.Enum<Frequency>(), Gen.Int[1, 5], Gen.Bool.Array[7], Gen.Bool, Gen.Int[0, 3], Gen.Int[0, 800], Gen.Int[1, 40],
            (frequency, interval, weekdays, hasDays, bound, startDay, count) => new Rule(frequency, interval, hasDays ? weekdays : null, bound, Epoch.AddDays(startDay), count));

        Gen.Select(rules, Gen.Int[-30, 900], Gen.Int[0, 120]).Sample(
            (rule, offset, length) =>
            {
                // The start of an event has to be one of its days.
                var start = Enumerable.Range(0, 1500).Select(day => rule.Anchor.AddDays(day)).Where(day => rule.Days is null || rule.Days[(int)day.DayOfWeek]).Select(day => (DateTime?)day).FirstOrDefault();
                if (start is not { } first)
                {
                    return;
                }

                rule = rule with { Anchor = first };
                var from = first.AddDays(offset);
                var expected = Enumerable.Range(0, 2000).Select(day => first.AddDays(day)).Where(rule.FallsOn).Take(rule.Bound == 1 ? rule.Count : int.MaxValue)
                    .Where(day => day >= from && day < from.AddDays(length)).ToList();

                var times = EventTimes.Read($"{first:yyyy-MM-dd}T09:00:00Z", null, TimeZoneInfo.Utc);
                var calendarEvent = Event(times, Recurrence.Read(rule.Text, times));
                var actual = Recurrence.Of(calendarEvent, EventTimes.Of(calendarEvent)).Starts(from).TakeWhile(day => day < from.AddDays(length)).ToList();

                actual.Should().Equal(expected, because: $"{rule.Text} from {first:O}");
            },
            iter: 3000,
            threads: 1);
    }

    [Fact]
    public void Whatever_text_comes_as_a_rule_is_taken_or_refused_in_a_sentence_and_never_hangs()
    {
        var parts = Gen.OneOf(
            Gen.OneOf("FREQ=DAILY", "FREQ=WEEKLY", "FREQ=MONTHLY", "FREQ=YEARLY", "FREQ=HOURLY", "FREQ=", "WKST=SU", "X-FOO=1", ";", "=", "BYDAY=", "BYDAY=5MO", "BYDAY=-1FR", "BYDAY=99MO"),
            Gen.Select(
                Gen.OneOf("INTERVAL", "COUNT", "BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYSETPOS", "UNTIL", "BYHOUR"),
                Gen.Int[-400, 400],
                (name, number) => $"{name}={number}"),
            Gen.OneOf("UNTIL=20991231", "UNTIL=99991231T235959Z", "UNTIL=20261332", "COUNT=1e9", "INTERVAL=999", "BYSETPOS=366,-366"),
            Gen.String[0, 12]);
        Gen.Select(Gen.OneOf("FREQ=DAILY;", "FREQ=WEEKLY;", "FREQ=MONTHLY;", "FREQ=YEARLY;", ""), parts.Array[1, 5], (start, list) => start + string.Join(';', list)).Sample(
            text =>
            {
                var times = EventTimes.Read("2026-11-23T09:00:00Z", null, TimeZoneInfo.Utc);
                try
                {
                    var calendarEvent = Event(times, Recurrence.Read(text, times));
                    var recurrence = Recurrence.Of(calendarEvent, times);
                    recurrence.Starts(times.Start).First().Should().Be(times.Start);
                    _ = recurrence.EndKey();
                    recurrence.Starts(new DateTime(2099, 1, 1)).Take(5).Count().Should().BeLessThanOrEqualTo(5);
                }
                catch (ToolInputException e)
                {
                    e.Message.Should().StartWith("\"recurrenceRule\" ");
                }
            },
            iter: 3000,
            threads: 1);
    }

    private static CalendarEvent Event(EventTimes times, string rule) => new()
    {
        Title = "x",
        Description = null,
        Location = null,
        Start = times.Texts().Start,
        End = times.Texts().End,
        IsAllDay = times.IsAllDay,
        TimeZone = times.Zone.Id,
        RecurrenceRule = rule,
        SkippedDates = [],
        Reminders = [],
    };

    private sealed record Rule(Frequency Frequency, int Interval, bool[]? Days, int Bound, DateTime Anchor, int Count)
    {
        // Weekdays as the rule of a week; a rule of months or years goes by the day of the month.
        private bool[]? Weekdays => Frequency is Frequency.Daily or Frequency.Weekly ? Days : null;

        public string Text =>
            $"FREQ={Frequency.ToString().ToUpperInvariant()};INTERVAL={Interval}"
            + (Weekdays is { } days ? ";BYDAY=" + string.Join(',', days.Select((isOn, day) => isOn ? DayCodes[day] : "").Where(code => code.Length > 0)) : "")
            + Bound switch { 1 => $";COUNT={Count}", 2 => $";UNTIL={Last:yyyyMMdd}", _ => "" };

        private DateTime Last => Anchor.Date.AddDays(Count);

        public bool FallsOn(DateTime day)
        {
            if (Bound == 2 && day.Date > Last)
            {
                return false;
            }

            var days = (day - Anchor).Days;
            var months = ((day.Year - Anchor.Year) * 12) + day.Month - Anchor.Month;
            return Frequency switch
            {
                Frequency.Daily => days % Interval == 0 && (Weekdays?[(int)day.DayOfWeek] ?? true),
                Frequency.Weekly => (Monday(day) - Monday(Anchor)).Days / 7 % Interval == 0 && (Weekdays?[(int)day.DayOfWeek] ?? day.DayOfWeek == Anchor.DayOfWeek),
                Frequency.Monthly => months % Interval == 0 && day.Day == Anchor.Day,
                _ => (day.Year - Anchor.Year) % Interval == 0 && day.Month == Anchor.Month && day.Day == Anchor.Day,
            };
        }

        private static DateTime Monday(DateTime day) => day.Date.AddDays(-(((int)day.DayOfWeek + 6) % 7));
    }
}
