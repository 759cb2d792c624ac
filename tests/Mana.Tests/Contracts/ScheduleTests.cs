using System.Globalization;
using CsCheck;
using Mana.Contracts;

namespace Mana.Tests.Contracts;

public sealed class ScheduleTests
{
    private const string Berlin = "Europe/Berlin";
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);
    private static readonly DateTimeOffset Long = Utc("2020-01-01T00:00");

    /// <summary>Three years by the minute, clock changes of both kinds and both hemispheres in them.</summary>
    private static readonly Gen<DateTimeOffset> Moments = Gen.Int[0, 3 * 366 * 24 * 60].Select(minutes => Utc("2025-01-01T00:00").AddMinutes(minutes));

    private static readonly Gen<string?> Zones = OneOf(null, "UTC", Berlin, "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia", "America/Santiago");

    private static readonly Gen<string?> Hours = Gen.OneOf(
        Gen.Const((string?)null),
        Gen.Select(Gen.Int[0, 1439], Gen.Int[1, 1439], (from, span) => (string?)$"{Clock(from)}-{Clock((from + span) % 1440)}"),
        OneOf("08:00-22:00", "22:00-06:00", "02:00-03:00", "02:30-02:45", "00:00-00:30", "23:00-00:00"));

    private static readonly Gen<UserId?> Personas = Gen.Int[0, 1000].Select(number => number == 0 ? (UserId?)null : new UserId($"persona-{number}"));

    private static readonly Gen<(string Cadence, string? Zone, string? Hours)> Settings =
        Gen.Select(OneOf("hourly", "daily", "weekdays"), Zones, Hours, (cadence, zone, hours) => (cadence!, zone, hours));

    [Fact]
    public void At_its_due_moment_a_persona_is_due_and_before_it_never() =>
        Gen.Select(Settings, Moments, Gen.Int[1, 100_000], Personas, (settings, last, seconds, persona) => (settings, last, seconds, persona)).Sample(sample =>
        {
            var schedule = sample.persona is { } persona ? Schedule(sample.settings).For(persona) : Schedule(sample.settings);
            var due = schedule.NextDue(sample.last, Long)!.Value;
            due.Should().BeAfter(sample.last);
            schedule.IsDue(due, sample.last, Long).Should().BeTrue();
            schedule.FirstAllowed(due).Should().Be(due);
            schedule.IsDue(due.AddSeconds(-sample.seconds), sample.last, Long).Should().BeFalse();
            due.Offset.Should().Be(TimeSpan.Zero);
        }, iter: 20_000);

    [Fact]
    public void The_first_allowed_moment_is_allowed_and_there_is_none_earlier() =>
        Gen.Select(Settings, Moments, Gen.Double[0, 1], (settings, from, share) => (settings, from, share)).Sample(sample =>
        {
            var schedule = Schedule(sample.settings);
            var allowed = schedule.FirstAllowed(sample.from);
            allowed.Should().BeOnOrAfter(sample.from);
            IsAllowed(sample.settings, allowed).Should().BeTrue();
            if (allowed > sample.from)
            {
                var between = sample.from + ((allowed - sample.from) * sample.share * 0.999999);
                IsAllowed(sample.settings, between).Should().BeFalse("{0:o} lies before {1:o}", between, allowed);
                IsAllowed(sample.settings, allowed.AddTicks(-1)).Should().BeFalse();
            }
        }, iter: 20_000);

    [Fact]
    public void Without_the_optional_fields_the_rule_is_the_contracts() =>
        Gen.Select(OneOf("hourly", "daily", "weekdays"), Moments, Gen.Int[0, 10 * 24 * 60], Personas, (cadence, last, minutes, persona) => (cadence, last, minutes, persona)).Sample(sample =>
        {
            var now = sample.last.AddMinutes(sample.minutes);
            var isDue = sample.cadence switch
            {
                "hourly" => now - sample.last >= Hour,
                "daily" => now - sample.last >= Day,
                _ => now - sample.last >= Day && now.DayOfWeek is not (DayOfWeek.Saturday or DayOfWeek.Sunday),
            };
            var schedule = Schedule((sample.cadence!, null, null));
            (sample.persona is { } persona ? schedule.For(persona) : schedule).IsDue(now, sample.last, Long).Should().Be(isDue);
        }, iter: 5_000);

    [Fact]
    public void Who_never_ticked_is_due_as_soon_as_day_and_hours_allow() =>
        Gen.Select(Settings, Moments, (settings, created) => (settings, created)).Sample(sample =>
        {
            var (schedule, first) = (Schedule(sample.settings), Schedule(sample.settings).NextDue(null, sample.created)!.Value);
            schedule.IsDue(first, null, sample.created).Should().BeTrue();
            first.Should().BeOnOrAfter(schedule.FirstAllowed(sample.created));
            if (IsAllowed(sample.settings, sample.created))
            {
                first.Should().Be(sample.created);
            }
        });

    [Fact]
    public void A_later_visit_never_makes_the_next_one_sooner() =>
        Gen.Select(Settings, Moments, Gen.Int[0, 5000], (settings, last, minutes) => (settings, last, minutes)).Sample(sample =>
            Schedule(sample.settings).NextDue(sample.last, Long) <= Schedule(sample.settings).NextDue(sample.last.AddMinutes(sample.minutes), Long), iter: 10_000);

    [Theory]
    [InlineData("2026-11-20T18:00", "2026-11-23T00:00")] // Friday evening: Monday, midnight UTC
    [InlineData("2026-11-19T18:00", "2026-11-20T18:00")] // Thursday: Friday at the same time
    [InlineData("2026-11-21T09:00", "2026-11-23T00:00")] // a visit on a Saturday counts like any other
    [InlineData("2026-11-22T09:00", "2026-11-23T09:00")]
    public void Weekdays_are_those_of_utc_unless_a_zone_is_given(string last, string due) =>
        Schedule(("weekdays", null, null)).NextDue(Utc(last), Long).Should().Be(Utc(due));

    [Theory]
    [InlineData("2026-11-20T18:00", null, "2026-11-22T23:00")] // Monday begins in Berlin an hour before it does in UTC
    [InlineData("2026-11-20T18:00", "09:00-18:00", "2026-11-23T08:00")]
    [InlineData("2026-11-19T16:59", "09:00-18:00", "2026-11-20T08:00")]
    [InlineData("2026-11-19T17:00", "09:00-18:00", "2026-11-20T08:00")]
    [InlineData("2026-11-20T07:30", "09:00-18:00", "2026-11-20T08:00")] // a visit before the hours is not the day's
    [InlineData("2026-11-20T08:00", "09:00-18:00", "2026-11-23T08:00")]
    [InlineData("2026-11-19T23:30", "22:00-02:00", "2026-11-20T21:00")] // half past midnight is Thursday's night: Friday's is next
    [InlineData("2026-11-20T23:30", "22:00-02:00", "2026-11-23T21:00")] // and Sunday's night is no weekday's
    public void Weekdays_and_hours_follow_the_zone(string last, string? hours, string due) =>
        Schedule(("weekdays", Berlin, hours)).NextDue(Utc(last), Long).Should().Be(Utc(due));

    [Theory]
    [InlineData("2026-11-22T22:30", "2026-11-22T23:00")] // midnight in Berlin
    [InlineData("2026-11-22T04:00", "2026-11-22T21:00")] // 05:00 was the last: 22:00 in the evening
    [InlineData("2026-11-22T03:59", "2026-11-22T04:00")]
    [InlineData("2026-11-22T19:00", "2026-11-22T21:00")]
    public void Hours_may_cross_midnight(string last, string due) =>
        Schedule(("hourly", Berlin, "22:00-06:00")).NextDue(Utc(last), Long).Should().Be(Utc(due));

    [Theory]
    [InlineData("02:15-05:00", "2026-03-28T23:30", "2026-03-29T01:00")] // 02:15 is skipped: the hours are on once the clock jumped to 03:00
    [InlineData("02:00-03:00", "2026-03-28T23:30", "2026-03-30T00:00")] // the whole hour is skipped: the next day's
    [InlineData("02:15-02:45", "2026-10-24T22:30", "2026-10-25T00:15")] // the hour comes twice: the first time
    [InlineData("02:15-02:45", "2026-10-25T00:15", "2026-10-25T01:15")] // and the second time too
    [InlineData("02:15-02:45", "2026-10-25T00:20", "2026-10-25T01:15")]
    [InlineData("03:00-04:00", "2026-10-24T23:00", "2026-10-25T02:00")]
    public void Hours_survive_both_clock_changes(string hours, string last, string due) =>
        Schedule(("hourly", Berlin, hours)).NextDue(Utc(last), Long).Should().Be(Utc(due));

    [Fact]
    public void Midnight_that_does_not_exist_is_no_obstacle()
    {
        // Santiago's clocks jump from Saturday 24:00 to Sunday 01:00; Lord Howe moves by half an hour.
        var santiago = Schedule(("daily", "America/Santiago", "00:00-06:00"));
        santiago.FirstAllowed(Utc("2026-09-05T20:00")).Should().Be(Utc("2026-09-06T04:00"));
        var howe = Schedule(("daily", "Australia/Lord_Howe", "02:00-02:20"));
        howe.FirstAllowed(Utc("2026-10-03T12:00")).Should().Be(Utc("2026-10-04T15:00"));
    }

    [Fact]
    public void A_missed_visit_is_not_made_up_for_outside_day_and_hours()
    {
        var schedule = Schedule(("weekdays", Berlin, "09:00-18:00"));
        schedule.IsDue(Utc("2026-11-21T12:00"), Utc("2026-11-17T10:00"), Long).Should().BeFalse();
        schedule.IsDue(Utc("2026-11-20T19:00"), Utc("2026-11-17T10:00"), Long).Should().BeFalse();
        schedule.IsDue(Utc("2026-11-20T16:59"), Utc("2026-11-17T10:00"), Long).Should().BeTrue();
    }

    [Fact]
    public void A_year_of_prompt_visits_shows_no_drift()
    {
        // The clock's changes do not wear the time away.
        var last = Utc("2026-01-01T12:00");
        var schedule = Schedule(("daily", Berlin, "08:00-22:00")).For(new UserId("anna"));
        var place = TimeZoneInfo.ConvertTimeBySystemTimeZoneId(schedule.NextDue(last, Long)!.Value, Berlin).TimeOfDay;
        for (var day = 1; day <= 365; day++)
        {
            last = schedule.NextDue(last, Long)!.Value;
            TimeZoneInfo.ConvertTimeBySystemTimeZoneId(last, Berlin).DateTime.Should().Be(new DateTime(2026, 1, 1).AddDays(day) + place);
        }

        var night = Schedule(("cron:30 7 * * 1-5", Berlin, null));
        for (var visit = 0; visit < 261; visit++)
        {
            last = night.NextDue(last, Long)!.Value;
            TimeZoneInfo.ConvertTimeBySystemTimeZoneId(last, Berlin).TimeOfDay.Should().Be(new TimeSpan(7, 30, 0));
        }
    }

    [Theory]
    [InlineData("cron:0 9 * * 1-5", Berlin, "2026-11-20T12:00", "2026-11-23T08:00")]
    [InlineData("cron:0 9 * * 1-5", null, "2026-11-20T12:00", "2026-11-23T09:00")]
    [InlineData("cron:30 2 * * *", Berlin, "2026-03-28T12:00", "2026-03-29T01:00")] // skipped: at the jump
    [InlineData("cron:30 2 * * *", Berlin, "2026-10-24T12:00", "2026-10-25T00:30")] // twice: only the first time
    [InlineData("cron:30 2 * * *", Berlin, "2026-10-25T00:30", "2026-10-26T01:30")]
    [InlineData("cron:*/15 * * * *", null, "2026-11-22T09:15", "2026-11-22T09:30")]
    public void Cron_runs_in_the_personas_zone(string cadence, string? zone, string last, string due)
    {
        var schedule = Schedule((cadence, zone, null));
        schedule.NextDue(Utc(last), Long).Should().Be(Utc(due));
        schedule.IsDue(Utc(due), Utc(last), Long).Should().BeTrue();
        schedule.IsDue(Utc(due).AddSeconds(-1), Utc(last), Long).Should().BeFalse();
        schedule.NextDue(null, Utc(last)).Should().Be(Utc(due), "the first occurrence counts from its making");
    }

    [Fact]
    public void Cron_keeps_to_the_active_hours()
    {
        var schedule = Schedule(("cron:0 * * * *", Berlin, "09:00-11:00"));
        schedule.NextDue(Utc("2026-11-22T10:30"), Long).Should().Be(Utc("2026-11-23T08:00"));
        schedule.IsDue(Utc("2026-11-22T12:00"), Utc("2026-11-22T09:30"), Long).Should().BeFalse();
        Schedule(("cron:0 12 * * *", Berlin, "09:00-11:00")).NextDue(Utc("2026-11-22T10:30"), Long).Should().BeNull("noon never falls into the morning");
    }

    [Fact]
    public void A_cron_without_a_further_occurrence_is_never_due()
    {
        var schedule = Schedule(("cron:0 0 30 2 *", null, null));
        schedule.NextDue(null, Long).Should().BeNull();
        schedule.IsDue(Utc("2026-11-22T12:00"), null, Long).Should().BeFalse();
    }

    [Theory]
    [InlineData("cron:0 0 30 2 *", null, null, "tickCadence \"cron:0 0 30 2 *\" names a day that never comes")]
    [InlineData("cron:0 12 * * *", Berlin, "09:00-11:00", "tickCadence \"cron:0 12 * * *\" never comes within activeHours \"09:00-11:00\"")]
    [InlineData("cron:0 12 29 2 1", null, null, null)] // a 29 February that is a Monday
    [InlineData("cron:0 * * * *", Berlin, "23:00-01:00", null)]
    [InlineData("weekdays", "Pacific/Apia", "23:00-01:00", null)]
    [InlineData("monthly", null, null, "tickCadence must be one of daily, weekdays, hourly")]
    public void A_schedule_that_never_comes_is_a_fault_of_whoever_takes_it_down(string cadence, string? zone, string? hours, string? fault) =>
        ScheduleSettings.Fault(cadence, zone, hours).Should().Be(fault);

    [Theory]
    [InlineData("yearly", null, null, "tickCadence*daily, weekdays, hourly*")]
    [InlineData("Daily", null, null, "tickCadence*")]
    [InlineData("", null, null, "tickCadence*")]
    [InlineData(null, null, null, "tickCadence*")]
    [InlineData("cron:", null, null, "tickCadence*")]
    [InlineData("cron:61 * * * *", null, null, "tickCadence*")]
    [InlineData("cron:0 0 0 * * *", null, null, "tickCadence*")]
    [InlineData("cron:@every_second", null, null, "tickCadence*five fields*")]
    [InlineData("daily", "Europe/Berln", null, "timeZone \"Europe/Berln\"*IANA*")]
    [InlineData("daily", "../etc/passwd", null, "timeZone*")]
    [InlineData("daily", "W. Europe Standard Time", null, "timeZone*IANA*")]
    [InlineData("daily", null, "08:00", "activeHours*08:00-22:00*")]
    [InlineData("daily", null, "8:00-22:00", "activeHours*")]
    [InlineData("daily", null, "08:00-24:00", "activeHours*")]
    [InlineData("daily", null, "08:00-08:00", "activeHours*different*")]
    [InlineData("daily", null, "08:00-22:00-23:00", "activeHours*")]
    public void Bad_settings_are_refused_with_what_would_be_right(string? cadence, string? zone, string? hours, string message)
    {
        Mana.Contracts.Schedule.TryParse(cadence!, zone, hours, out _, out var error).Should().BeFalse();
        error.Should().Match(message);
    }

    private static Schedule Schedule((string Cadence, string? Zone, string? Hours) settings)
    {
        Mana.Contracts.Schedule.TryParse(settings.Cadence, settings.Zone, settings.Hours, out var schedule, out var error).Should().BeTrue("{0}", error);
        return schedule;
    }

    /// <summary>The rule said a second time, by the wall clock alone.</summary>
    private static bool IsAllowed((string Cadence, string? Zone, string? Hours) settings, DateTimeOffset moment)
    {
        var local = TimeZoneInfo.ConvertTime(moment, TimeZoneInfo.FindSystemTimeZoneById(settings.Zone ?? "UTC"));
        if (settings.Cadence == "weekdays" && local.DayOfWeek is (DayOfWeek.Saturday or DayOfWeek.Sunday))
        {
            return false;
        }

        if (settings.Hours is null)
        {
            return true;
        }

        var (from, until) = (TimeSpan.Parse(settings.Hours[..5], CultureInfo.InvariantCulture), TimeSpan.Parse(settings.Hours[6..], CultureInfo.InvariantCulture));
        var time = local.TimeOfDay;
        return from < until ? time >= from && time < until : time >= from || time < until;
    }

    private static Gen<string?> OneOf(params string?[] choices) => Gen.Int[0, choices.Length - 1].Select(index => choices[index]);

    private static string Clock(int minutes) => $"{minutes / 60:00}:{minutes % 60:00}";

    private static DateTimeOffset Utc(string text) => DateTimeOffset.Parse(text + "Z", CultureInfo.InvariantCulture);
}
