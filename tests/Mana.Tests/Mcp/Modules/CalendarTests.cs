using System.Globalization;
using System.Text.Json.Nodes;

namespace Mana.Tests.Mcp.Modules;

// The clock of these tests stands at Sunday, 22 November 2026, 09:00 UTC.
public sealed class CalendarTests
{
    private const string Berlin = "Europe/Berlin";

    [Fact]
    public async Task An_event_reads_as_on_the_clock_of_its_own_zone()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var client = await mcp.ConnectAsync(timeZone: Berlin);

        var given = (await client.CallAsync("calendar.create", """{"title":"Zahnarzt","start":"2026-11-25T14:00:00Z","end":"2026-11-25T15:30:00+01:00","reminders":[10,60]}"""))["event"]!;
        var usual = (await client.CallAsync("calendar.create", """{"title":"Call","start":"2026-11-25T09:00:00-05:00","timeZone":"America/New_York"}"""))["event"]!;

        given["start"]!.GetValue<string>().Should().Be("2026-11-25T15:00:00+01:00");
        given["end"]!.GetValue<string>().Should().Be("2026-11-25T15:30:00+01:00");
        given["timeZone"]!.GetValue<string>().Should().Be(Berlin);
        given["isAllDay"]!.GetValue<bool>().Should().BeFalse();
        usual["start"]!.GetValue<string>().Should().Be("2026-11-25T09:00:00-05:00");
        usual["end"]!.GetValue<string>().Should().Be("2026-11-25T10:00:00-05:00");
        var list = await client.CallAsync("calendar.list");
        list.Texts("events", "start").Should().Equal("2026-11-25T15:00:00+01:00", "2026-11-25T15:00:00+01:00");
        list["timeZone"]!.GetValue<string>().Should().Be(Berlin);
    }

    [Fact]
    public async Task Whole_days_are_days_wherever_the_reader_is()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var tokyo = await mcp.ConnectAsync(timeZone: "Asia/Tokyo");
        var hawaii = await mcp.ConnectAsync(timeZone: "Pacific/Honolulu");
        await tokyo.CallAsync("calendar.create", """{"title":"Birthday","start":"2026-11-24"}""");
        await tokyo.CallAsync("calendar.create", """{"title":"Trip","start":"2026-11-20","end":"2026-11-24"}""");

        foreach (var client in (ModelContextProtocol.Client.McpClient[])[tokyo, hawaii])
        {
            (await client.CallAsync("calendar.today", """{"date":"2026-11-23"}""")).Texts("events", "title").Should().Equal("Trip");
            var day = await client.CallAsync("calendar.today", """{"date":"2026-11-24"}""");
            day.Texts("events", "title").Should().Equal("Trip", "Birthday");
            day.Texts("events", "end").Should().Equal("2026-11-24", "2026-11-24");
            (await client.CallAsync("calendar.today", """{"date":"2026-11-25"}"""))["events"]!.AsArray().Should().BeEmpty("the last day is included, the next is not");
        }
    }

    [Fact]
    public async Task Today_and_the_week_are_those_of_the_caller()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        mcp.Clock.SetUtcNow(new DateTimeOffset(2026, 11, 22, 23, 30, 0, TimeSpan.Zero));
        var utc = await mcp.ConnectAsync();
        var berlin = await mcp.ConnectAsync(timeZone: Berlin);
        await utc.CallAsync("calendar.create", """{"title":"late","start":"2026-11-22T22:30:00Z","end":"2026-11-22T23:00:00Z"}""");
        await utc.CallAsync("calendar.create", """{"title":"over midnight","start":"2026-11-22T22:50:00Z","end":"2026-11-22T23:10:00Z"}""");
        await utc.CallAsync("calendar.create", """{"title":"early","start":"2026-11-22T23:10:00Z"}""");

        (await utc.CallAsync("calendar.today")).Texts("events", "title").Should().Equal("late", "over midnight", "early");
        (await berlin.CallAsync("calendar.today")).Texts("events", "title").Should().Equal("over midnight", "early");
        (await utc.CallAsync("calendar.week")).Texts("events", "title").Should().HaveCount(3, "Sunday still belongs to the week before");
        var week = await berlin.CallAsync("calendar.week");
        week["from"]!.GetValue<string>().Should().Be("2026-11-23T00:00:00+01:00");
        week["to"]!.GetValue<string>().Should().Be("2026-11-30T00:00:00+01:00");
        week.Texts("events", "title").Should().Equal("over midnight", "early");
    }

    [Theory]
    [InlineData("2026-03-27T02:30:00+01:00", "2026-03-28T02:30:00+01:00", "2026-03-29T03:30:00+02:00", "2026-03-30T02:30:00+02:00")]
    [InlineData("2026-10-23T02:30:00+02:00", "2026-10-24T02:30:00+02:00", "2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00")]
    [InlineData("2026-10-23T09:00:00+02:00", "2026-10-24T09:00:00+02:00", "2026-10-25T09:00:00+01:00", "2026-10-26T09:00:00+01:00")]
    [InlineData("2026-03-27T09:00:00+01:00", "2026-03-28T09:00:00+01:00", "2026-03-29T09:00:00+02:00", "2026-03-30T09:00:00+02:00")]
    public async Task A_repeated_event_keeps_its_time_of_day_when_the_clocks_change(string first, string second, string third, string fourth)
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var client = await mcp.ConnectAsync(timeZone: Berlin);
        await client.CallAsync("calendar.create", $$"""{"title":"x","start":"{{first}}","recurrenceRule":"FREQ=DAILY;COUNT=4"}""");

        var list = await client.CallAsync("calendar.list", $$"""{"from":"{{first[..10]}}"}""");

        list.Texts("events", "start").Should().Equal(first, second, third, fourth);
        list["events"]!.AsArray().Select(item => Time(item!["end"]) - Time(item["start"]))
            .Should().AllBeEquivalentTo(TimeSpan.FromHours(1));
    }

    [Fact]
    public async Task The_second_of_two_equal_hours_stays_the_second()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var client = await mcp.ConnectAsync(timeZone: Berlin);

        var created = (await client.CallAsync("calendar.create", """{"title":"x","start":"2026-10-25T02:30:00+01:00"}"""))["event"]!;

        created["start"]!.GetValue<string>().Should().Be("2026-10-25T02:30:00+01:00");
        (await client.CallAsync("calendar.today", """{"date":"2026-10-25"}""")).Texts("events", "start").Should().Equal("2026-10-25T02:30:00+01:00");
        var day = await client.CallAsync("calendar.today", """{"date":"2026-10-25"}""");
        (Time(day["to"]) - Time(day["from"])).Should().Be(TimeSpan.FromHours(25));
    }

    [Theory]
    [InlineData("FREQ=DAILY;UNTIL=20261125", "2026-11-23", "2026-11-24", "2026-11-25")]
    [InlineData("FREQ=DAILY;UNTIL=20261125T080000Z", "2026-11-23", "2026-11-24", "2026-11-25")]
    [InlineData("FREQ=DAILY;UNTIL=20261125T075959Z", "2026-11-23", "2026-11-24")]
    [InlineData("rrule: freq=weekly; byday=mo,we; count=3;", "2026-11-23", "2026-11-25", "2026-11-30")]
    [InlineData("FREQ=MONTHLY;BYDAY=4MO;COUNT=2", "2026-11-23", "2026-12-28")]
    [InlineData("FREQ=YEARLY;UNTIL=20271201", "2026-11-23", "2027-11-23")]
    public async Task A_rule_is_read_as_people_mean_it(string rule, params string[] days)
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var client = await mcp.ConnectAsync(timeZone: Berlin);
        await client.CallAsync("calendar.create", $$"""{"title":"x","start":"2026-11-23T09:00:00+01:00","recurrenceRule":"{{rule}}"}""");

        var list = await client.CallAsync("calendar.list", """{"from":"2026-11-01","to":"2027-10-31"}""");
        var later = await client.CallAsync("calendar.list", """{"from":"2027-11-01","to":"2028-10-31"}""");

        list.Texts("events", "start").Concat(later.Texts("events", "start")).Select(start => start[..10]).Should().Equal(days);
    }

    [Theory]
    [InlineData("every monday", "must be a recurrence rule of RFC 5545 such as FREQ=DAILY")]
    [InlineData("FREQ=DAILY;FREQ=SECONDLY", "must be a recurrence rule of RFC 5545")]
    [InlineData("INTERVAL=2;COUNT=3", "must be a recurrence rule of RFC 5545")]
    [InlineData("FREQ=DAILY;COUNT=99999999999", "must be a recurrence rule of RFC 5545")]
    [InlineData("FREQ=DAILY;COUNT=3;UNTIL=20270101", "must be a recurrence rule of RFC 5545")]
    [InlineData("FREQ=SECONDLY", "must repeat by days, weeks, months or years")]
    [InlineData("FREQ=MINUTELY;INTERVAL=5", "must repeat by days, weeks, months or years")]
    [InlineData("FREQ=HOURLY;COUNT=5", "must repeat by days, weeks, months or years")]
    [InlineData("FREQ=DAILY;BYHOUR=9,10;BYMINUTE=0,30", "must repeat by days, weeks, months or years")]
    [InlineData("FREQ=DAILY;COUNT=1001", "may have a COUNT of at most 1000")]
    [InlineData("FREQ=DAILY;INTERVAL=2147483647", "may have an INTERVAL of at most 1000")]
    [InlineData("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "never takes place")]
    [InlineData("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "never takes place")]
    [InlineData("FREQ=DAILY;UNTIL=20261101", "must have an UNTIL after start (2026-11-23T09:00:00+00:00)")]
    [InlineData("FREQ=WEEKLY;BYDAY=WE", "does not fall on start (2026-11-23T09:00:00+00:00); the first day that fits is 2026-11-25")]
    public async Task A_rule_that_would_never_end_or_never_come_is_refused_with_the_reason(string rule, string reason)
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var client = await mcp.ConnectAsync();

        var answer = await client.FailAsync("calendar.create", $$"""{"title":"x","start":"2026-11-23T09:00:00Z","recurrenceRule":"{{rule}}"}""");

        answer.Should().StartWith($"Invalid input for calendar.create: \"recurrenceRule\" {reason}").And.EndWith($"you sent \"{rule}\".");
    }

    [Theory]
    [InlineData("""{"title":"x","start":"2026-11-23T09:00:00Z","end":"2026-11-23T08:00:00Z"}""", "\"end\" must not be before start")]
    [InlineData("""{"title":"x","start":"2026-11-23","end":"2026-11-22"}""", "\"end\" must not be before start (2026-11-23)")]
    [InlineData("""{"title":"x","start":"2026-11-23","end":"2028-11-22"}""", "\"end\" must be within 366 days of start")]
    [InlineData("""{"title":"x","start":"1492-10-12"}""", "\"start\" must be in the years from 1970 to 2100; you sent \"1492-10-12\"")]
    [InlineData("""{"title":"x","start":"9999-12-31"}""", "\"start\" must be in the years")]
    [InlineData("""{"title":"x","start":"0001-01-01"}""", "\"start\" must be in the years")]
    [InlineData("""{"title":"x","start":"2026-11-23","end":"9999-12-31"}""", "\"end\" must be in the years")]
    [InlineData("""{"title":"x","start":"2026-11-23","timeZone":"Middle/Earth"}""", "\"timeZone\" must be an IANA time zone such as Europe/Berlin; you sent \"Middle/Earth\"")]
    [InlineData("""{"title":"x","start":"2026-11-23","end":"2027-01-23","recurrenceRule":"FREQ=YEARLY"}""", "\"recurrenceRule\" is for events of at most 31 days")]
    public async Task Impossible_times_are_refused(string arguments, string reason)
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var client = await mcp.ConnectAsync();

        (await client.FailAsync("calendar.create", arguments)).Should().StartWith($"Invalid input for calendar.create: {reason}");
    }

    [Theory]
    [InlineData("calendar.list", """{"from":"0001-01-01"}""", "from")]
    [InlineData("calendar.list", """{"to":"9999-12-31"}""", "to")]
    [InlineData("calendar.today", """{"date":"0001-01-01"}""", "date")]
    [InlineData("calendar.week", """{"date":"9999-12-31T00:00:00Z"}""", "date")]
    [InlineData("calendar.freeSlots", """{"from":"9999-12-31"}""", "from")]
    public async Task Other_ages_are_not_looked_at(string tool, string arguments, string field)
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var client = await mcp.ConnectAsync(timeZone: Berlin);

        (await client.FailAsync(tool, arguments)).Should().StartWith($"Invalid input for {tool}: \"{field}\" must be ");
    }

    [Theory]
    [InlineData("1970-01-01", "FREQ=DAILY;UNTIL=99991231")]
    [InlineData("1970-12-31", "FREQ=YEARLY;INTERVAL=7;COUNT=1000")]
    [InlineData("2100-12-31", "FREQ=YEARLY;INTERVAL=1000")]
    public async Task The_first_and_the_last_day_of_the_calendar_work(string start, string rule)
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var client = await mcp.ConnectAsync(timeZone: "Pacific/Kiritimati");
        await client.CallAsync("calendar.create", $$"""{"title":"days","start":"{{start}}","recurrenceRule":"{{rule}}"}""");
        await client.CallAsync("calendar.create", $$"""{"title":"hours","start":"{{start}}T23:30:00-12:00","recurrenceRule":"{{rule}}"}""");

        (await client.CallAsync("calendar.today", $$"""{"date":"{{start}}"}""")).Texts("events", "title").Should().Contain("days");
        (await client.CallAsync("calendar.list", $$"""{"from":"{{start}}"}""")).Texts("events", "title").Should().Contain("hours");
        await client.CallAsync("calendar.freeSlots", $$"""{"from":"{{start}}"}""");
    }

    [Fact]
    public async Task A_skipped_date_is_gone_and_the_others_stay()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var client = await mcp.ConnectAsync(timeZone: Berlin);
        var series = (string)(await client.CallAsync("calendar.create", """{"title":"Yoga","start":"2026-11-23T18:00:00+01:00","recurrenceRule":"FREQ=WEEKLY;COUNT=4"}"""))["event"]!["id"]!;
        var once = (string)(await client.CallAsync("calendar.create", """{"title":"Once","start":"2026-11-24"}"""))["event"]!["id"]!;

        var skipped = await client.CallAsync("calendar.skipOccurrence", $$"""{"id":"{{series}}","date":"2026-11-30"}""");
        await client.CallAsync("calendar.skipOccurrence", $$"""{"id":"{{series}}","date":"2026-12-07T17:00:00Z"}""");

        skipped["event"]!["skippedDates"]!.AsArray().Select(date => (string)date!).Should().Equal("2026-11-30");
        (await client.CallAsync("calendar.list", """{"query":"YOGA"}""")).Texts("events", "start").Should().Equal("2026-11-23T18:00:00+01:00", "2026-12-14T18:00:00+01:00");
        (await client.FailAsync("calendar.skipOccurrence", $$"""{"id":"{{series}}","date":"2026-12-01"}"""))
            .Should().Contain("must be a day on which the event begins; you sent \"2026-12-01\", and the next ones are 2026-12-07, 2026-12-14.");
        (await client.FailAsync("calendar.skipOccurrence", $$"""{"id":"{{once}}","date":"2026-11-24"}""")).Should().Contain("this one takes place once");

        var back = await client.CallAsync("calendar.skipOccurrence", $$"""{"id":"{{series}}","date":"2026-12-07","skipped":false}""");
        back["event"]!["skippedDates"]!.AsArray().Select(date => (string)date!).Should().Equal("2026-11-30");
        (await client.CallAsync("calendar.list", """{"query":"yoga"}""")).Texts("events", "start").Should().HaveCount(3);
    }

    [Fact]
    public async Task Reminders_come_up_in_their_order_on_the_clock_of_the_reader()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var client = await mcp.ConnectAsync(timeZone: Berlin);
        await client.CallAsync("calendar.create", """{"title":"Zahnarzt","location":"Bern","start":"2026-11-23T09:30:00+01:00","reminders":[10,1440,10]}""");
        await client.CallAsync("calendar.create", """{"title":"Geburtstag","start":"2026-11-24","reminders":[360]}""");
        await client.CallAsync("calendar.create", """{"title":"Stille","start":"2026-11-23T11:00:00+01:00"}""");
        await client.CallAsync("calendar.create", """{"title":"Tabletten","start":"2026-10-20T08:00:00+02:00","recurrenceRule":"FREQ=DAILY","reminders":[0]}""");
        var far = await client.CallAsync("calendar.create", """{"title":"Reise","start":"2026-12-20T10:00:00+01:00","end":"2026-12-24T10:00:00+01:00","reminders":[40320]}""");

        // It is Sunday, 10:00 in Berlin.
        var due = await client.CallAsync("calendar.reminders");

        due.Texts("reminders", "title").Should().Equal("Reise", "Tabletten", "Zahnarzt");
        due.Texts("reminders", "remindAt").Should().Equal("2026-11-22T10:00:00+01:00", "2026-11-23T08:00:00+01:00", "2026-11-23T09:20:00+01:00");
        var dentist = due["reminders"]![2]!;
        ((string)dentist["start"]!).Should().Be("2026-11-23T09:30:00+01:00");
        ((int)dentist["minutesBefore"]!).Should().Be(10);
        ((string)dentist["location"]!).Should().Be("Bern");

        var days = await client.CallAsync("calendar.reminders", """{"from":"2026-11-22T09:00:00+01:00","to":"2026-11-23"}""");
        days.Texts("reminders", "title").Should().Equal("Zahnarzt", "Reise", "Tabletten", "Zahnarzt", "Geburtstag");
        days.Texts("reminders", "remindAt").Should().Equal(
            "2026-11-22T09:30:00+01:00", "2026-11-22T10:00:00+01:00", "2026-11-23T08:00:00+01:00", "2026-11-23T09:20:00+01:00", "2026-11-23T18:00:00+01:00");
        ((string)days["reminders"]![1]!["eventId"]!).Should().Be((string)far["event"]!["id"]!);
        var one = await client.CallAsync("calendar.reminders", """{"limit":1}""");
        ((bool)one["hasMore"]!).Should().BeTrue();
        (await client.FailAsync("calendar.reminders", """{"from":"2026-11-22","to":"2027-01-01"}""")).Should().Contain("\"to\" must be from 0 to 31 days after from");
    }

    [Fact]
    public async Task A_reminder_is_as_long_before_an_event_on_the_night_when_the_clocks_change()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var client = await mcp.ConnectAsync(timeZone: "America/New_York");
        await client.CallAsync("calendar.create", """{"title":"Run","start":"2026-10-30T08:00:00-04:00","recurrenceRule":"FREQ=DAILY","reminders":[480]}""");

        var due = await client.CallAsync("calendar.reminders", """{"from":"2026-11-01","to":"2026-11-02"}""");

        due.Texts("reminders", "start").Should().Equal("2026-11-01T08:00:00-05:00", "2026-11-02T08:00:00-05:00");
        due.Texts("reminders", "remindAt").Should().Equal("2026-11-01T01:00:00-04:00", "2026-11-02T00:00:00-05:00");
    }

    [Fact]
    public async Task A_date_read_off_a_list_of_another_zone_is_understood()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var berlin = await mcp.ConnectAsync(timeZone: Berlin);
        var tokyo = await mcp.ConnectAsync(timeZone: "Asia/Tokyo");
        var id = (string)(await berlin.CallAsync("calendar.create", """{"title":"x","start":"2026-11-23T20:00:00+01:00","recurrenceRule":"FREQ=WEEKLY;COUNT=2"}"""))["event"]!["id"]!;
        var seen = (await tokyo.CallAsync("calendar.list")).Texts("events", "start");
        seen.Should().Equal("2026-11-24T04:00:00+09:00", "2026-12-01T04:00:00+09:00");

        await tokyo.CallAsync("calendar.skipOccurrence", $$"""{"id":"{{id}}","date":"{{seen[1][..10]}}"}""");

        (await tokyo.CallAsync("calendar.list")).Texts("events", "start").Should().Equal(seen[0]);
    }

    [Fact]
    public async Task Moving_the_start_alone_keeps_the_length_and_other_changes_keep_the_times()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var client = await mcp.ConnectAsync(timeZone: Berlin);
        var id = (string)(await client.CallAsync("calendar.create", """{"title":"x","start":"2026-11-25T15:00:00+01:00","end":"2026-11-25T17:30:00+01:00"}"""))["event"]!["id"]!;

        var moved = (await client.CallAsync("calendar.update", $$"""{"id":"{{id}}","start":"2026-11-26T08:00:00Z"}"""))["event"]!;
        moved["start"]!.GetValue<string>().Should().Be("2026-11-26T09:00:00+01:00");
        moved["end"]!.GetValue<string>().Should().Be("2026-11-26T11:30:00+01:00");

        var both = (await client.CallAsync("calendar.update", $$"""{"id":"{{id}}","start":"2026-11-26T09:30:00+01:00","end":"2026-11-26T11:30:00+01:00"}"""))["event"]!;
        both["end"]!.GetValue<string>().Should().Be("2026-11-26T11:30:00+01:00");

        var renamed = (await client.CallAsync("calendar.update", $$"""{"id":"{{id}}","title":"y","location":"Saal"}"""))["event"]!;
        renamed["start"]!.GetValue<string>().Should().Be("2026-11-26T09:30:00+01:00");

        var zoned = (await client.CallAsync("calendar.update", $$"""{"id":"{{id}}","timeZone":"Europe/London"}"""))["event"]!;
        zoned["start"]!.GetValue<string>().Should().Be("2026-11-26T08:30:00+00:00");

        var allDay = (await client.CallAsync("calendar.update", $$"""{"id":"{{id}}","start":"2026-11-27","recurrenceRule":"FREQ=WEEKLY;BYDAY=FR"}"""))["event"]!;
        allDay["isAllDay"]!.GetValue<bool>().Should().BeTrue();
        allDay["end"]!.GetValue<string>().Should().Be("2026-11-27");
        (await client.CallAsync("calendar.list", """{"from":"2026-11-25","to":"2026-12-11"}""")).Texts("events", "start").Should().Equal("2026-11-27", "2026-12-04", "2026-12-11");

        (await client.FailAsync("calendar.update", $$"""{"id":"{{id}}","start":"2026-11-28"}""")).Should().Contain("does not fall on start");
        var once = (await client.CallAsync("calendar.update", $$"""{"id":"{{id}}","recurrenceRule":null}"""))["event"]!;
        once["recurrenceRule"].Should().BeNull();
        (await client.CallAsync("calendar.list", """{"from":"2026-11-25","to":"2026-12-11"}""")).Texts("events", "start").Should().Equal("2026-11-27");
    }

    [Fact]
    public async Task Pages_of_single_long_and_repeated_events_meet_without_gap_or_repetition()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var client = await mcp.ConnectAsync(timeZone: Berlin);
        await client.CallAsync("calendar.create", """{"title":"daily","start":"2025-01-01T08:00:00+01:00","recurrenceRule":"FREQ=DAILY"}""");
        await client.CallAsync("calendar.create", """{"title":"abroad","start":"2026-02-01","end":"2026-12-31"}""");
        for (var day = 1; day <= 14; day++)
        {
            await client.CallAsync("calendar.create", $$"""{"title":"single","start":"2026-12-{{day:00}}T0{{day % 3 + 7}}:00:00+01:00"}""");
            await client.CallAsync("calendar.create", $$"""{"title":"day","start":"2026-12-{{day:00}}"}""");
        }

        var whole = await client.CallAsync("calendar.list", """{"from":"2026-12-01","to":"2026-12-14","limit":200}""");
        var places = whole["events"]!.AsArray().Select(item => $"{item!["start"]} {item["id"]}").ToList();
        var paged = new List<string>();
        JsonNode? page = null;
        do
        {
            var cursor = page is null ? "" : $",\"cursor\":\"{page["nextCursor"]}\"";
            page = await client.CallAsync("calendar.list", $$"""{"from":"2026-12-01","to":"2026-12-14","limit":4{{cursor}}}""");
            paged.AddRange(page["events"]!.AsArray().Select(item => $"{item!["start"]} {item["id"]}"));
        }
        while (page["nextCursor"] is not null);

        places.Should().HaveCount(1 + (3 * 14)).And.OnlyHaveUniqueItems();
        paged.Should().Equal(places);
        whole["events"]![0]!["title"]!.GetValue<string>().Should().Be("abroad");
        (await client.FailAsync("calendar.list", """{"cursor":"MHwyMDI2"}""")).Should().Contain("nextCursor of an earlier answer");
        (await client.FailAsync("calendar.list", """{"from":"2026-12-01","to":"2028-12-01"}""")).Should().Contain("\"to\" must be from 0 to 366 days after from");
    }

    [Fact]
    public async Task Free_time_is_what_events_leave_within_the_hours_from_now_on()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        mcp.Clock.SetUtcNow(new DateTimeOffset(2026, 11, 23, 8, 50, 0, TimeSpan.Zero));
        var client = await mcp.ConnectAsync(timeZone: Berlin);
        await client.CallAsync("calendar.create", """{"title":"standup","start":"2026-11-23T10:30:00+01:00","end":"2026-11-23T11:00:00+01:00","recurrenceRule":"FREQ=DAILY"}""");
        await client.CallAsync("calendar.create", """{"title":"long","start":"2026-11-23T12:00:00+01:00","end":"2026-11-23T17:30:00+01:00"}""");
        await client.CallAsync("calendar.create", """{"title":"within","start":"2026-11-23T13:00:00+01:00","end":"2026-11-23T14:00:00+01:00"}""");
        await client.CallAsync("calendar.create", """{"title":"holiday","start":"2026-11-24"}""");

        var hour = await client.CallAsync("calendar.freeSlots", """{"days":3}""");
        hour.Texts("slots", "start").Should().Equal("2026-11-23T11:00:00+01:00", "2026-11-25T08:00:00+01:00", "2026-11-25T11:00:00+01:00");
        hour["slots"]!.AsArray().Select(slot => (int)slot!["minutes"]!).Should().Equal(60, 150, 420);

        (await client.CallAsync("calendar.freeSlots", """{"minutes":30,"days":1}""")).Texts("slots", "start")
            .Should().Equal("2026-11-23T10:00:00+01:00", "2026-11-23T11:00:00+01:00", "2026-11-23T17:30:00+01:00");
        (await client.CallAsync("calendar.freeSlots", """{"from":"2026-11-24","days":1,"ignoreAllDay":true,"limit":1}"""))["hasMore"]!.GetValue<bool>().Should().BeTrue();
        (await client.CallAsync("calendar.freeSlots", """{"from":"2026-11-28","days":2}"""))["slots"]!.AsArray().Should().BeEmpty("that is a weekend");
        (await client.CallAsync("calendar.freeSlots", """{"from":"2026-11-28","days":1,"includeWeekends":true,"dayStart":"22:00","dayEnd":"06:00"}""")).Texts("slots", "end")
            .Should().Equal("2026-11-29T06:00:00+01:00");
        (await client.FailAsync("calendar.freeSlots", """{"dayStart":"24:00"}""")).Should().Contain("\"dayStart\" must be a time of day");
    }

    [Fact]
    public async Task A_calendar_full_of_repeated_events_says_so_and_still_answers()
    {
        await using var mcp = await McpUnderTest.StartAsync(("POLICY_MODE", "off"));
        var client = await mcp.ConnectAsync();
        var one = (string)(await client.CallAsync("calendar.create", """{"title":"once","start":"2026-11-23"}"""))["event"]!["id"]!;
        for (var i = 0; i < 200; i++)
        {
            await client.CallAsync("calendar.create", $$"""{"title":"s{{i}}","start":"1972-02-29","recurrenceRule":"FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29"}""");
        }

        (await client.FailAsync("calendar.create", """{"title":"x","start":"2026-11-23","recurrenceRule":"FREQ=DAILY"}""")).Should().Contain("has 200 repeated events");
        (await client.FailAsync("calendar.update", $$"""{"id":"{{one}}","recurrenceRule":"FREQ=DAILY"}""")).Should().Contain("has 200 repeated events");
        (await client.CallAsync("calendar.today", """{"date":"2028-02-29"}"""))["events"]!.AsArray().Should().HaveCount(200);
        (await client.CallAsync("calendar.week", """{"date":"2026-11-23"}""")).Texts("events", "title").Should().Equal("once");
    }

    private static DateTimeOffset Time(JsonNode? text) => DateTimeOffset.Parse((string)text!, CultureInfo.InvariantCulture);
}
