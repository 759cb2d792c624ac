using System.Globalization;
using CsCheck;
using Mana.Contracts;

namespace Mana.Tests.Contracts;

/// <summary>
/// Personas that are served for years: ticks that end late, services that are away, clocks that change. What a day or
/// an hour must have is said a second time here, by walking the wall clock in steps of a quarter of an hour.
/// </summary>
public sealed class ScheduleOverYearsTests
{
    private const int Days = 500;
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private static readonly TimeSpan Quarter = TimeSpan.FromMinutes(15);

    // Changes by an hour at every time of night, at midnight both ways, by half an hour, by two, and by a whole day (Apia 2011).
    private static readonly Gen<string?> Zones = OneOf(
        "UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Antarctica/Troll", "Asia/Kolkata",
        "America/Santiago", "America/Havana", "Asia/Beirut", "Africa/Casablanca", "Africa/Cairo", "Pacific/Chatham", "America/Nuuk");

    private static readonly Gen<string?> Hours = OneOf(null, "08:00-22:00", "22:00-06:00", "02:00-03:00", "02:30-02:45", "00:00-00:30", "23:30-00:30", "01:15-04:45");

    private static readonly Gen<DateTimeOffset> Starts = Gen.Int[0, 20 * 365 * 24 * 4].Select(quarters => new DateTimeOffset(2011, 11, 20, 0, 0, 0, TimeSpan.Zero) + (quarters * Quarter));

    private static readonly Gen<UserId> Personas = Gen.Int[0, 100_000].Select(number => new UserId($"persona-{number}"));

    private static readonly Gen<(string? Zone, string? Hours, UserId Persona, DateTimeOffset Start, uint Seed)> Lives =
        Gen.Select(Zones, Hours, Personas, Starts, Gen.UInt, (zone, hours, persona, start, seed) => (zone, hours, persona, start, seed));

    [Fact]
    public void Daily_is_every_day_once_and_weekdays_from_monday_to_friday() =>
        Gen.Select(Lives, OneOf("daily", "weekdays")).Sample((life, cadence) =>
        {
            var schedule = Schedule(cadence!, life.Zone, life.Hours).For(life.Persona);
            var zone = TimeZoneInfo.FindSystemTimeZoneById(life.Zone!);
            var lateness = new Random(unchecked((int)life.Seed));
            var visits = new List<DateOnly>();
            var last = life.Start;
            while (visits.Count < Days)
            {
                var due = schedule.NextDue(last, life.Start)!.Value;
                due.Should().BeAfter(last);
                IsInHours(life.Hours, Local(due, zone)).Should().BeTrue();
                visits.Add(DateOnly.FromDateTime(Local(due, zone)));

                // Ticks end late, but before the next day's hours.
                last = due + (lateness.NextDouble() * 10 * Hour);
                last = last < due.AddHours(10) && schedule.NextDue(due, due) is { } next && last > next - (2 * Hour) ? due : last;
            }

            var expected = DaysWithHours(zone, life.Hours, life.Start, visits[^1])
                .Where(day => cadence == "daily" || day.DayOfWeek is not (DayOfWeek.Saturday or DayOfWeek.Sunday))
                .Where(day => day >= visits[0]).ToList();
            visits.Should().Equal(expected);
            visits[0].DayNumber.Should().BeLessThanOrEqualTo(DateOnly.FromDateTime(Local(life.Start, zone)).AddDays(5).DayNumber);
        }, iter: 40);

    [Fact]
    public void Hourly_is_every_hour_of_real_time_whatever_the_clock_does() =>
        Gen.Select(Zones, Personas, Starts, Gen.Double[0, 0.999], (zone, persona, start, late) => (zone, persona, start, late)).Sample(sample =>
        {
            var schedule = Schedule("hourly", sample.zone, null).For(sample.persona);
            var due = schedule.NextDue(sample.start, sample.start)!.Value;
            due.Should().BeAfter(sample.start).And.BeOnOrBefore(sample.start + Hour);
            for (var visit = 0; visit < 24 * 400; visit++)
            {
                var next = schedule.NextDue(due + (Hour * sample.late), sample.start)!.Value;
                (next - due).Should().Be(Hour);
                due = next;
            }
        }, iter: 15);

    [Fact]
    public void Hourly_in_active_hours_is_hour_after_hour_and_leaves_no_day_out() =>
        Lives.Where(life => life.Hours is not null).Sample(life =>
        {
            var schedule = Schedule("hourly", life.Zone, life.Hours).For(life.Persona);
            var zone = TimeZoneInfo.FindSystemTimeZoneById(life.Zone!);
            var nights = CrossesMidnight(life.Hours!) ? From(life.Hours!) : TimeSpan.Zero;
            var days = new HashSet<DateOnly>();
            var last = life.Start;
            DateTimeOffset? before = null;
            for (var visits = 0; days.Count < 300; visits++)
            {
                visits.Should().BeLessThan(300 * 25);
                var due = schedule.NextDue(last, life.Start)!.Value;
                IsInHours(life.Hours, Local(due, zone)).Should().BeTrue();
                if (before is not null)
                {
                    var quiet = Enumerable.Range(1, (int)((due - before.Value) / Quarter)).Any(step => !IsInHours(life.Hours, Local(before.Value + (step * Quarter), zone)));
                    (quiet || due - before.Value == Hour).Should().BeTrue("{0:o} and {1:o} lie in the same hours", before, due);
                }

                // The hours after midnight belong to the day before.
                var local = Local(due, zone);
                days.Add(DateOnly.FromDateTime(local).AddDays(local.TimeOfDay < nights ? -1 : 0));
                (before, last) = (due, due + (Hour * 0.7));
            }

            days.Should().BeEquivalentTo(DaysWithHours(zone, life.Hours, life.Start, days.Max()).Where(day => day >= days.Min()));
        }, iter: 25);

    [Theory]
    [InlineData("cron:30 2 * * *", "02:30")]
    [InlineData("cron:0 0 * * *", "00:00")]
    [InlineData("cron:59 23 * * *", "23:59")]
    public void A_daily_cron_is_every_day_once(string cadence, string time) =>
        Lives.Sample(life =>
        {
            var schedule = Schedule(cadence, life.Zone, null).For(life.Persona);
            var exact = Schedule(cadence, life.Zone, null);
            var zone = TimeZoneInfo.FindSystemTimeZoneById(life.Zone!);
            var visits = new List<DateOnly>();
            var last = life.Start;
            while (visits.Count < Days)
            {
                var due = schedule.NextDue(last, life.Start)!.Value;
                due.Should().BeAfter(last);
                var occurrence = exact.NextDue(due - Mana.Contracts.Schedule.CronJitter, life.Start)!.Value;
                (due - occurrence).Should().BeGreaterThanOrEqualTo(TimeSpan.Zero).And.BeLessThan(Mana.Contracts.Schedule.CronJitter);
                visits.Add(DayMeant(occurrence, TimeSpan.Parse(time, CultureInfo.InvariantCulture), zone));
                last = due;
            }

            visits.Should().Equal(DaysWithHours(zone, null, life.Start, visits[^1]).Where(day => day >= visits[0]));
        }, iter: 20);

    /// <summary>
    /// A time that a change of the clock leaves out comes at the end of the gap, which may be the next day: Nuuk goes from
    /// 23:00 to midnight.
    /// </summary>
    private static DateOnly DayMeant(DateTimeOffset occurrence, TimeSpan time, TimeZoneInfo zone)
    {
        var local = Local(occurrence, zone);
        var before = Local(occurrence - TimeSpan.FromTicks(1), zone);
        return DateOnly.FromDateTime(local.TimeOfDay != time && time > before.TimeOfDay ? before : local);
    }

    [Fact]
    public void A_place_is_the_same_every_day_and_within_its_range() =>
        Gen.Select(Lives, OneOf("hourly", "daily", "weekdays", "cron:*/20 * * * *")).Sample((life, cadence) =>
        {
            var nobody = Schedule(cadence!, life.Zone, life.Hours);
            var due = nobody.For(life.Persona).NextDue(life.Start, life.Start);
            nobody.For(new UserId(life.Persona.Value)).NextDue(life.Start, life.Start).Should().Be(due, "the same persona has the same place");

            // A tenth of twenty minutes; but where a zone's clock goes back the library may name no occurrence in the hour
            // that comes twice (Casablanca), so that the next one is further off.
            var zone = TimeZoneInfo.FindSystemTimeZoneById(life.Zone!);
            var isSteady = due is null || zone.GetUtcOffset(due.Value.AddDays(-1)) == zone.GetUtcOffset(due.Value.AddDays(1));
            var range = cadence switch
            {
                "hourly" => Mana.Contracts.Schedule.HourlyJitter,
                "daily" or "weekdays" => Mana.Contracts.Schedule.DailyJitter,
                _ => isSteady ? TimeSpan.FromMinutes(2) : Mana.Contracts.Schedule.CronJitter,
            };
            range = life.Hours is not null && Length(life.Hours) < range ? Length(life.Hours) : range;

            // By the wall clock or in real time, whichever a change of the clock leaves shorter; a persona's place may
            // have passed in the first hours, where the schedule without a place counts the next ones.
            var first = Mana.Contracts.Schedule.TryParse(cadence!, life.Zone, life.Hours, out var schedule, out _)
                ? schedule.NextDue(due - range - Hour - Hour, life.Start)!.Value : default;
            var found = false;
            for (var candidate = first; candidate <= due; candidate = schedule.NextDue(candidate, life.Start)!.Value)
            {
                var later = due!.Value - candidate;
                var byWall = Local(due.Value, zone) - Local(candidate, zone);
                found |= later < range || (byWall >= TimeSpan.Zero && byWall < range);
            }

            found.Should().BeTrue("{0:o} must lie within {1} of a beginning", due, range);
        }, iter: 3_000);

    [Theory]
    [InlineData("daily", null, 100, 0.04)]
    [InlineData("daily", "09:00-18:00", 100, 0.04)]
    [InlineData("hourly", null, 55, 0.04)]
    [InlineData("cron:0 0 * * *", null, 5, 0.25)]
    public void Personas_spread_over_the_range(string cadence, string? hours, int minutes, double most)
    {
        var start = new DateTimeOffset(2026, 11, 24, 20, 0, 0, TimeSpan.Zero);
        var due = Enumerable.Range(0, 2000)
            .Select(number => Schedule(cadence, "Europe/Berlin", hours).For(new UserId($"persona-{number}")).NextDue(start, start)!.Value)
            .GroupBy(moment => moment.Ticks / TimeSpan.TicksPerMinute).ToList();
        due.Should().HaveCountGreaterThanOrEqualTo(minutes);
        due.Max(minute => minute.Count()).Should().BeLessThan((int)(2000 * most));
    }

    [Fact]
    public void The_end_of_a_tick_moves_nothing() =>
        Gen.Select(Lives, OneOf("hourly", "daily", "weekdays", "cron:15 */3 * * *"), Gen.Double[0, 0.999]).Sample((life, cadence, late) =>
        {
            var schedule = Schedule(cadence!, life.Zone, life.Hours).For(life.Persona);
            if (schedule.NextDue(life.Start, life.Start) is not { } due || schedule.NextDue(due, due) is not { } next)
            {
                return;
            }

            // A day's visit ends before the next day's hours begin; the place without jitter says when that is.
            var limit = cadence is "hourly" || cadence!.StartsWith("cron", StringComparison.Ordinal)
                ? next : Schedule(cadence, life.Zone, life.Hours).NextDue(due, due)!.Value;
            schedule.NextDue(due + ((limit - due) * late), life.Start).Should().Be(next);
        }, iter: 5_000);

    [Fact]
    public void Hours_across_midnight_that_a_change_of_the_clock_brings_twice_are_not_over_in_between()
    {
        // In Havana 00:00 to 01:00 came twice on 2020-11-01: the hours are 03:30 to 04:30 and 05:00 to 05:30 UTC.
        var schedule = Schedule("hourly", "America/Havana", "23:30-00:30").For(new UserId("persona-48122"));
        var made = new DateTimeOffset(2020, 10, 31, 17, 15, 0, TimeSpan.Zero);

        var first = schedule.NextDue(made, made)!.Value;
        var second = schedule.NextDue(first, made);

        first.Should().BeCloseTo(new DateTimeOffset(2020, 11, 1, 4, 28, 16, TimeSpan.Zero), TimeSpan.FromSeconds(1));
        second.Should().Be(first + TimeSpan.FromHours(1));
        schedule.NextDue(first + TimeSpan.FromMinutes(15), made).Should().Be(second, "between the two it is 00:43, and the same night");
        schedule.IsDue(second!.Value, first + TimeSpan.FromMinutes(15), made).Should().BeTrue();
        schedule.NextDue(second, made).Should().BeAfter(second.Value + TimeSpan.FromHours(12));
    }

    [Fact]
    public void What_was_missed_runs_once_and_the_schedule_goes_on_as_if_nothing_had_been() =>
        Gen.Select(Lives, OneOf("hourly", "daily", "weekdays", "cron:15 */3 * * *"), Gen.Int[1, 20 * 96]).Sample((life, cadence, away) =>
        {
            var schedule = Schedule(cadence!, life.Zone, life.Hours).For(life.Persona);
            var back = life.Start + (away * Quarter);
            if (!schedule.IsDue(back, life.Start, life.Start))
            {
                return;
            }

            schedule.NextDue(life.Start, life.Start).Should().BeOnOrBefore(back);
            schedule.IsDue(back, back, life.Start).Should().BeFalse("once is enough");

            // Who was prompt all the time is due next at the same moment.
            var prompt = life.Start;
            while (schedule.NextDue(prompt, life.Start) is { } due && due <= back)
            {
                prompt = due;
            }

            schedule.NextDue(back, life.Start).Should().Be(schedule.NextDue(prompt, life.Start)).And.BeAfter(back);
        }, iter: 600);

    [Fact]
    public void A_failed_persona_rests_from_one_minute_to_six_hours_and_never_wakes_outside_its_hours() =>
        Gen.Select(Lives, OneOf("hourly", "daily", "weekdays", "cron:15 */3 * * *"), Gen.Int[1, 40]).Sample((life, cadence, failures) =>
        {
            var rest = FailureBackOff.Rest(failures, life.Persona);
            var bare = TimeSpan.FromMinutes(Math.Min(Math.Pow(2, failures - 1), 288));
            rest.Should().BeGreaterThanOrEqualTo(bare).And.BeLessThan(bare * 1.25).And.BeLessThanOrEqualTo(TimeSpan.FromHours(6));
            FailureBackOff.Rest(failures, new UserId(life.Persona.Value)).Should().Be(rest);

            var schedule = Schedule(cadence!, life.Zone, life.Hours).For(life.Persona);
            var retry = schedule.RetryAt(life.Start, failures);
            retry.Should().BeOnOrAfter(life.Start + rest);
            schedule.Allows(retry).Should().BeTrue();
            if (schedule.Allows(life.Start + rest))
            {
                retry.Should().Be(life.Start + rest);
            }
        }, iter: 5_000);

    private static Schedule Schedule(string cadence, string? zone, string? hours)
    {
        Mana.Contracts.Schedule.TryParse(cadence, zone, hours, out var schedule, out var error).Should().BeTrue("{0}", error);
        return schedule;
    }

    private static DateTime Local(DateTimeOffset moment, TimeZoneInfo zone) => TimeZoneInfo.ConvertTime(moment, zone).DateTime;

    /// <summary>The dates on which the hours begin, as far as the wall clock shows them.</summary>
    private static IEnumerable<DateOnly> DaysWithHours(TimeZoneInfo zone, string? hours, DateTimeOffset from, DateOnly until)
    {
        var seen = new SortedSet<DateOnly>();
        for (var moment = from.AddDays(-1); ; moment += Quarter)
        {
            var local = Local(moment, zone);
            var day = DateOnly.FromDateTime(local);
            if (day > until.AddDays(1))
            {
                return seen.Where(date => date <= until);
            }

            if (IsInHours(hours, local) && !(hours is not null && CrossesMidnight(hours) && local.TimeOfDay < From(hours)))
            {
                seen.Add(day);
            }
        }
    }

    private static bool IsInHours(string? hours, DateTime local)
    {
        if (hours is null)
        {
            return true;
        }

        var (from, until, time) = (From(hours), Until(hours), local.TimeOfDay);
        return from < until ? time >= from && time < until : time >= from || time < until;
    }

    private static bool CrossesMidnight(string hours) => From(hours) > Until(hours);

    private static TimeSpan Length(string hours) => CrossesMidnight(hours) ? Until(hours) - From(hours) + TimeSpan.FromDays(1) : Until(hours) - From(hours);

    private static TimeSpan From(string hours) => TimeSpan.Parse(hours[..5], CultureInfo.InvariantCulture);

    private static TimeSpan Until(string hours) => TimeSpan.Parse(hours[6..], CultureInfo.InvariantCulture);

    private static Gen<string?> OneOf(params string?[] choices) => Gen.Int[0, choices.Length - 1].Select(index => choices[index]);
}
