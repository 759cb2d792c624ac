using CsCheck;
using Mana.Contracts;
using Mana.Hosting;
using Mana.Mcp.Access;
using Mana.Mcp.Modules.Todo;
using Mana.Mcp.Tools;
using Microsoft.Extensions.Time.Testing;
using ModelContextProtocol.Client;

namespace Mana.Tests.Mcp.Modules;

public sealed class TodoGrowthTests
{
    [Fact]
    public async Task Completing_a_recurring_task_brings_the_next_one_once()
    {
        await using var mcp = await StartAsync();
        var client = await mcp.ConnectAsync();
        var id = await CreateAsync(client, """{"title":"Pflanzen","dueDate":"2026-11-20","recurrence":"weekly","subtasks":["Küche","Bad"],"priority":"high"}""");
        await client.CallAsync("todo.updateSubtask", $$"""{"id":"{{id}}","number":2,"isCompleted":true}""");

        var done = await client.CallAsync("todo.complete", Id(id));

        ((bool)done["task"]!["isCompleted"]!).Should().BeTrue();
        var next = done["next"]!;
        ((string)next["dueDate"]!).Should().Be("2026-11-27T00:00:00.000Z");
        ((string)next["priority"]!).Should().Be("high");
        next.Texts("subtasks", "title").Should().Equal("Küche", "Bad");
        next["subtasks"]!.AsArray().Select(step => (bool)step!["isCompleted"]!).Should().Equal(false, false);
        (await client.CallAsync("todo.list")).Texts("tasks", "id").Should().Equal((string)next["id"]!);

        (await client.CallAsync("todo.complete", Id(id))).AsObject().Should().NotContainKey("next");
        await client.CallAsync("todo.reopen", Id(id));
        (await client.CallAsync("todo.complete", Id(id))).AsObject().Should().NotContainKey("next", "its next one is there already");
        (await client.CallAsync("todo.list")).Texts("tasks", "id").Should().HaveCount(1);

        await client.CallAsync("todo.update", $$"""{"id":"{{(string)next["id"]!}}","recurrence":null}""");
        (await client.CallAsync("todo.complete", Id((string)next["id"]!))).AsObject().Should().NotContainKey("next");
    }

    [Theory]
    [InlineData("\"recurrenceRule\":\"FREQ=WEEKLY;BYDAY=FR\"", "recurrence")]
    [InlineData("\"recurrence\":\"weekly\"", "recurrenceRule")]
    public async Task Null_for_either_way_of_saying_how_often_makes_a_task_come_once(string given, string taken)
    {
        await using var mcp = await StartAsync();
        var client = await mcp.ConnectAsync();
        var id = await CreateAsync(client, $$"""{"title":"Pflanzen","dueDate":"2026-11-20",{{given}}}""");

        await client.CallAsync("todo.update", $$"""{"id":"{{id}}","{{taken}}":null}""");

        (await client.CallAsync("todo.complete", Id(id))).AsObject().Should().NotContainKey("next");
    }

    [Theory]
    [InlineData("2026-01-31T00:00:00.000Z", "2026-01-31T00:00:00.000Z", "monthly", "2026-02-10", "2026-02-28T00:00:00.000Z")]
    [InlineData("2026-01-31T00:00:00.000Z", "2026-02-28T00:00:00.000Z", "monthly", "2026-02-28", "2026-03-31T00:00:00.000Z")]
    [InlineData("2024-02-29T00:00:00.000Z", "2024-02-29T00:00:00.000Z", "yearly", "2025-06-01", "2026-02-28T00:00:00.000Z")]
    [InlineData("2026-11-20T00:00:00.000Z", "2026-11-20T00:00:00.000Z", "daily", "2026-11-25", "2026-11-26T00:00:00.000Z")]
    [InlineData("2026-11-27T00:00:00.000Z", "2026-11-27T00:00:00.000Z", "daily", "2026-11-25", "2026-11-28T00:00:00.000Z")]
    [InlineData("2026-11-20T00:00:00.000Z", "2026-11-20T00:00:00.000Z", "weekdays", "2026-11-20", "2026-11-23T00:00:00.000Z")]
    [InlineData("2026-11-01T00:00:00.000Z", "2026-11-01T00:00:00.000Z", "weekly", "2026-11-25", "2026-11-29T00:00:00.000Z")]
    [InlineData("2026-03-28T08:00:00.000Z", "2026-03-28T08:00:00.000Z", "daily", "2026-03-28", "2026-03-29T07:00:00.000Z")]
    [InlineData("2026-03-22T01:30:00.000Z", "2026-03-22T01:30:00.000Z", "weekly", "2026-03-22", "2026-03-29T01:30:00.000Z")]
    public void The_next_date_keeps_to_the_first_one_and_to_the_clock_of_the_caller(string since, string last, string rule, string today, string next) =>
        DueDates.Next(since, last, null, rule, CallOn(today)).Should().Be(next);

    [Fact]
    public void The_next_date_is_always_after_the_last_one_and_after_today()
    {
        Gen.Select(Gen.Int[-3000, 3000], Gen.Int[0, 86_399], Gen.OneOf(DueDates.Recurrences)).Sample((days, seconds, rule) =>
        {
            var call = CallOn("2026-11-22");
            var since = new DateTimeOffset(2026, 11, 22, 0, 0, 0, TimeSpan.Zero).AddDays(days).AddSeconds(seconds).ToString("yyyy-MM-ddTHH:mm:ss.fffZ", null);

            bool? hasTime = seconds == 0 ? null : true;

            var next = DueDates.Next(since, since, hasTime, rule, call);

            var (dayBefore, dayAfter) = (DueDates.DayOf(since, hasTime, call), DueDates.DayOf(next, hasTime, call));
            dayAfter.Should().BeAfter(dayBefore).And.BeAfter(call.Today);
            dayAfter.DayNumber.Should().BeLessThanOrEqualTo(Math.Max(dayBefore.DayNumber, call.Today.DayNumber) + 366);
        });
    }

    [Theory]
    [InlineData("2026-11-03", "FREQ=WEEKLY;INTERVAL=2", "2026-11-23", "2026-12-01")]
    [InlineData("2026-11-03", "FREQ=WEEKLY;BYDAY=TU,FR", "2026-11-24", "2026-11-27")]
    [InlineData("2026-11-25", "FREQ=WEEKLY;BYDAY=TU,FR", "2026-11-20", "2026-11-27")]
    [InlineData("2026-01-10", "FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=10", "2026-11-23", "2027-01-10")]
    [InlineData("2026-10-30", "FREQ=MONTHLY;BYDAY=-1FR", "2026-11-23", "2026-11-27")]
    [InlineData("2026-11-20", "FREQ=DAILY;INTERVAL=10", "2026-11-23", "2026-11-30")]
    [InlineData("2024-02-29", "FREQ=YEARLY", "2026-11-23", "2028-02-29")]
    [InlineData("2026-11-20", "FREQ=DAILY;UNTIL=20261123", "2026-11-23", null)]
    [InlineData("2026-11-20", "FREQ=DAILY;COUNT=2", "2026-11-20", "2026-11-21")]
    [InlineData("2026-11-20", "FREQ=DAILY;COUNT=2", "2026-11-21", null)]
    public void The_next_date_by_a_rule(string since, string rule, string today, string? next) =>
        DueDates.NextByRule(since + "T00:00:00.000Z", since + "T00:00:00.000Z", null, rule, CallOn(today))
            .Should().Be(next is null ? null : next + "T00:00:00.000Z");

    [Theory]
    [InlineData("2026-10-25T00:30:00.000Z", "2026-10-24", "2026-10-26T01:30:00.000Z")]
    [InlineData("2026-03-27T08:00:00.000Z", "2026-03-28", "2026-03-29T07:00:00.000Z")]
    [InlineData("2026-03-28T01:30:00.000Z", "2026-03-28", "2026-03-29T01:30:00.000Z")]
    public void By_a_rule_too_the_time_of_day_stays_when_the_clocks_change(string since, string today, string next) =>
        DueDates.NextByRule(since, since, true, "FREQ=DAILY", CallOn(today)).Should().Be(next);

    [Fact]
    public async Task A_task_comes_again_by_a_rule_until_its_series_is_over()
    {
        await using var mcp = await StartAsync();
        var client = await mcp.ConnectAsync();
        var made = (await client.CallAsync("todo.create", """{"title":"Papier","recurrenceRule":"rrule:freq=weekly;byday=tu,fr;count=3"}"""))["task"]!;

        ((string)made["dueDate"]!).Should().Be("2026-11-24T00:00:00.000Z", "that is the first Tuesday or Friday from today on");
        ((string)made["recurrenceRule"]!).Should().Be("FREQ=WEEKLY;BYDAY=TU,FR;COUNT=3");
        var second = (await client.CallAsync("todo.complete", Id((string)made["id"]!)))["next"]!;
        ((string)second["dueDate"]!).Should().Be("2026-11-27T00:00:00.000Z");
        var third = (await client.CallAsync("todo.complete", Id((string)second["id"]!)))["next"]!;
        ((string)third["dueDate"]!).Should().Be("2026-12-01T00:00:00.000Z");
        (await client.CallAsync("todo.complete", Id((string)third["id"]!))).AsObject().Should().NotContainKey("next", "it was the third of three");
    }

    [Fact]
    public async Task A_rule_and_a_word_replace_each_other_and_a_wrong_rule_is_refused_in_the_terms_of_a_task()
    {
        await using var mcp = await StartAsync();
        var client = await mcp.ConnectAsync();
        var id = await CreateAsync(client, """{"title":"x","dueDate":"2026-11-23","recurrence":"weekly"}""");

        var byRule = (await client.CallAsync("todo.update", $$"""{"id":"{{id}}","recurrenceRule":"FREQ=MONTHLY;BYMONTHDAY=15"}"""))["task"]!;
        ((string?)byRule["recurrence"]).Should().BeNull();
        ((string)byRule["recursSince"]!).Should().Be("2026-11-23T00:00:00.000Z");
        var byWord = (await client.CallAsync("todo.update", $$"""{"id":"{{id}}","recurrence":"daily"}"""))["task"]!;
        byWord.AsObject().Should().NotContainKey("recurrenceRule");
        await client.CallAsync("todo.update", $$"""{"id":"{{id}}","recurrenceRule":"FREQ=WEEKLY"}""");
        (await client.CallAsync("todo.update", $$"""{"id":"{{id}}","recurrenceRule":null}"""))["task"]!.AsObject().Should().NotContainKeys("recurrenceRule", "recursSince");

        var both = (await client.CallAsync("todo.create", """{"title":"x","recurrence":"daily","recurrenceRule":"FREQ=WEEKLY"}"""))["task"]!;
        ((string?)both["recurrence"]).Should().BeNull("the rule says more");
        ((string)both["recurrenceRule"]!).Should().Be("FREQ=WEEKLY");
        (await client.FailAsync("todo.create", """{"title":"x","recurrenceRule":"every other week"}""")).Should().Contain("must be a recurrence rule of RFC 5545");
        (await client.FailAsync("todo.create", """{"title":"x","recurrenceRule":"FREQ=HOURLY"}""")).Should().Contain("at the time of dueDate");
        (await client.FailAsync("todo.create", """{"title":"x","recurrenceRule":"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}""")).Should().Contain("never takes place");
        (await client.FailAsync("todo.create", """{"title":"x","dueDate":"2026-11-23","recurrenceRule":"FREQ=DAILY;UNTIL=20261122"}""")).Should().Contain("after dueDate (2026-11-23)");
        (await client.FailAsync("todo.create", """{"title":"x","dueDate":"1066-10-14","recurrenceRule":"FREQ=DAILY"}""")).Should().Contain("\"dueDate\" must be in the years");
    }

    [Theory]
    [InlineData("Asia/Tokyo", null, "2026-11-24")]
    [InlineData("Asia/Tokyo", "America/New_York", "2026-11-23")]
    [InlineData("Asia/Tokyo", "Mars/Base", "2026-11-24")]
    [InlineData(null, null, "2026-11-23")]
    public async Task Today_is_the_callers_then_the_services_then_UTC_s(string? service, string? caller, string today)
    {
        await using var mcp = await McpUnderTest.StartAsync(("MCP_TIME_ZONE", service));
        mcp.Clock.SetUtcNow(new DateTimeOffset(2026, 11, 23, 20, 0, 0, TimeSpan.Zero));
        var client = await mcp.ConnectAsync(timeZone: caller);
        await client.CallAsync("todo.create", """{"title":"Yesterday or today","dueDate":"2026-11-23"}""");
        await client.CallAsync("todo.create", """{"title":"Today or tomorrow","dueDate":"2026-11-24"}""");

        (await client.CallAsync("todo.today")).Texts("today", "title").Should().Equal(today == "2026-11-23" ? "Yesterday or today" : "Today or tomorrow");
    }

    [Fact]
    public async Task An_unknown_time_zone_of_the_service_is_a_configuration_error()
    {
        var act = async () =>
        {
            await using var mcp = await McpUnderTest.StartAsync(("MCP_TIME_ZONE", "Mars/Base"));
        };

        await act.Should().ThrowAsync<ConfigurationException>().WithMessage("*MCP_TIME_ZONE must be an IANA time zone such as Europe/Berlin, got \"Mars/Base\"*");
    }

    [Fact]
    public async Task Seven_in_the_evening_in_New_York_is_that_time_and_not_the_whole_next_day()
    {
        await using var mcp = await StartAsync();
        mcp.Clock.SetUtcNow(new DateTimeOffset(2026, 11, 23, 20, 0, 0, TimeSpan.Zero));
        var client = await mcp.ConnectAsync(timeZone: "America/New_York");

        var task = (await client.CallAsync("todo.create", """{"title":"Dinner","dueDate":"2026-11-23T19:00:00-05:00"}"""))["task"]!;
        var day = (await client.CallAsync("todo.create", """{"title":"Some time","dueDate":"2026-11-24"}"""))["task"]!;

        ((string)task["dueDate"]!).Should().Be((string)day["dueDate"]!, "both are midnight UTC");
        ((bool)task["hasDueTime"]!).Should().BeTrue();
        day.AsObject().Should().NotContainKey("hasDueTime");
        (await client.CallAsync("todo.today")).Texts("today", "title").Should().Equal("Dinner");
        await client.CallAsync("todo.update", $$"""{"id":"{{(string)task["id"]!}}","priority":"high"}""");
        mcp.Clock.SetUtcNow(new DateTimeOffset(2026, 11, 24, 0, 0, 1, TimeSpan.Zero));
        client = await mcp.ConnectAsync(timeZone: "America/New_York");
        (await client.CallAsync("todo.today")).Texts("overdue", "title").Should().Equal("Dinner");
        (await client.CallAsync("todo.update", $$"""{"id":"{{(string)task["id"]!}}","dueDate":"2026-11-24T00:00:00Z"}"""))["task"]!.AsObject()
            .Should().NotContainKey("hasDueTime", "that is how many clients write a day");
    }

    [Fact]
    public async Task A_daily_task_of_the_evening_in_New_York_stays_one_when_the_clocks_change()
    {
        await using var mcp = await StartAsync();
        mcp.Clock.SetUtcNow(new DateTimeOffset(2027, 11, 7, 17, 0, 0, TimeSpan.Zero));
        var client = await mcp.ConnectAsync(timeZone: "America/New_York");
        var id = await CreateAsync(client, """{"title":"Medicine","dueDate":"2027-11-06T19:00:00-04:00","recurrence":"daily"}""");

        var next = (await client.CallAsync("todo.complete", Id(id)))["next"]!;

        ((string)next["dueDate"]!).Should().Be("2027-11-09T00:00:00.000Z", "that is 19:00 on the 8th, in winter time");
        mcp.Clock.SetUtcNow(new DateTimeOffset(2027, 11, 8, 17, 0, 0, TimeSpan.Zero));
        client = await mcp.ConnectAsync(timeZone: "America/New_York");
        (await client.CallAsync("todo.today")).Texts("today", "title").Should().Equal("Medicine");
        var last = (await client.CallAsync("todo.complete", Id((string)next["id"]!)))["next"]!;
        ((string)last["dueDate"]!).Should().Be("2027-11-10T00:00:00.000Z");
    }

    [Fact]
    public async Task A_long_list_is_read_to_its_end()
    {
        await using var mcp = await StartAsync();
        var client = await mcp.ConnectAsync();
        for (var i = 0; i < 5; i++)
        {
            await CreateAsync(client, $$"""{"title":"{{i}}","priority":"{{(i == 2 ? "low" : "high")}}"}""");
        }

        var first = await client.CallAsync("todo.list", """{"limit":2,"priority":"high"}""");
        var second = await client.CallAsync("todo.list", $$"""{"limit":2,"priority":"high","cursor":"{{first["nextCursor"]}}"}""");

        first.Texts("tasks", "title").Should().Equal("4", "3");
        ((bool)first["hasMore"]!).Should().BeTrue();
        second.Texts("tasks", "title").Should().Equal("1", "0");
        ((bool)second["hasMore"]!).Should().BeFalse();
        ((string?)second["nextCursor"]).Should().BeNull();
    }

    [Fact]
    public async Task Today_and_overdue_are_those_of_the_caller()
    {
        await using var mcp = await StartAsync();
        mcp.Clock.SetUtcNow(new DateTimeOffset(2026, 11, 22, 23, 30, 0, TimeSpan.Zero));
        var utc = await mcp.ConnectAsync();
        var berlin = await mcp.ConnectAsync(timeZone: "Europe/Berlin");
        await CreateAsync(utc, """{"title":"gestern","dueDate":"2026-11-21"}""");
        await CreateAsync(utc, """{"title":"am 22.","dueDate":"2026-11-22"}""");
        await CreateAsync(utc, """{"title":"am 23.","dueDate":"2026-11-23","priority":"low"}""");
        await CreateAsync(utc, """{"title":"dringend","dueDate":"2026-11-23","priority":"urgent"}""");
        await CreateAsync(utc, """{"title":"eben vorbei","dueDate":"2026-11-22T23:00:00Z"}""");
        await CreateAsync(utc, """{"title":"ohne Datum"}""");
        await CreateAsync(utc, """{"title":"bald","dueDate":"2026-11-28"}""");

        var there = await utc.CallAsync("todo.today");
        there.Texts("overdue", "title").Should().Equal("gestern", "eben vorbei");
        there.Texts("today", "title").Should().Equal("am 22.");
        var here = await berlin.CallAsync("todo.today");
        here.Texts("overdue", "title").Should().Equal("gestern", "am 22.", "eben vorbei");
        here.Texts("today", "title").Should().Equal("dringend", "am 23.");
        (await berlin.CallAsync("todo.list", """{"due":"week"}""")).Texts("tasks", "title").Should().Equal("bald", "eben vorbei", "dringend", "am 23.");
        (await berlin.CallAsync("todo.list", """{"due":"today","priority":"urgent"}""")).Texts("tasks", "title").Should().Equal("dringend");
        var one = await berlin.CallAsync("todo.list", """{"due":"overdue","limit":1}""");
        one.Texts("tasks", "title").Should().Equal("eben vorbei");
        ((bool)one["hasMore"]!).Should().BeTrue();
    }

    [Fact]
    public async Task Tasks_belong_to_projects_of_their_space_and_outlive_them()
    {
        await using var mcp = await StartAsync();
        var client = await mcp.ConnectAsync();
        var family = await mcp.ConnectAsync(space: "family");
        var project = (string)(await client.CallAsync("todo.createProject", """{"name":"Umzug"}"""))["project"]!["id"]!;
        var theirs = (string)(await family.CallAsync("todo.createProject", """{"name":"Garten"}"""))["project"]!["id"]!;
        var inside = await CreateAsync(client, $$"""{"title":"Kisten","projectId":"{{project.ToUpperInvariant()}}"}""");
        var outside = await CreateAsync(client, """{"title":"Anderes"}""");

        (await client.CallAsync("todo.list", $$"""{"projectId":"{{project}}"}""")).Texts("tasks", "id").Should().Equal(inside);
        (await client.FailAsync("todo.create", $$"""{"title":"x","projectId":"{{theirs}}"}""")).Should().Contain("There is no project with id");
        (await client.FailAsync("todo.update", $$"""{"id":"{{outside}}","projectId":"{{theirs}}"}""")).Should().Contain("There is no project with id");
        await client.CallAsync("todo.update", $$"""{"id":"{{outside}}","projectId":"{{project}}"}""");
        (await client.CallAsync("todo.list", $$"""{"projectId":"{{project}}"}""")).Texts("tasks", "id").Should().Equal(outside, inside);

        await client.CallAsync("todo.deleteProject", $$"""{"projectId":"{{project}}"}""");
        (await client.CallAsync("todo.list"))["tasks"]!.AsArray().Select(task => (string?)task!["projectId"]).Should().Equal(null, null);
    }

    [Fact]
    public async Task Steps_are_added_ticked_off_and_reworded()
    {
        await using var mcp = await StartAsync();
        var client = await mcp.ConnectAsync();
        var id = await CreateAsync(client, """{"title":"Steuer"}""");
        await client.CallAsync("todo.addSubtask", $$"""{"id":"{{id}}","title":"Belege"}""");
        await client.CallAsync("todo.addSubtask", $$"""{"id":"{{id}}","title":"Formular"}""");

        var task = (await client.CallAsync("todo.updateSubtask", $$"""{"id":"{{id}}","number":2,"isCompleted":true,"title":"Formular 1"}"""))["task"]!;

        task.Texts("subtasks", "title").Should().Equal("Belege", "Formular 1");
        ((string?)task["subtasks"]![1]!["completedAt"]).Should().Be("2026-11-22T09:00:00.000Z");
        (await client.FailAsync("todo.updateSubtask", $$"""{"id":"{{id}}","number":3}""")).Should().Contain("must be one of the 2 steps");
        (await client.CallAsync("search.everything", """{"query":"belege"}""")).Texts("results", "id").Should().Equal(id);

        var ordered = (await client.CallAsync("todo.setSubtasks", $$"""{"id":"{{id}}","subtasks":["Porto","Formular 1"]}"""))["task"]!;
        ordered.Texts("subtasks", "title").Should().Equal("Porto", "Formular 1");
        ordered["subtasks"]!.AsArray().Select(step => (bool)step!["isCompleted"]!).Should().Equal(false, true);
        ((string)ordered["subtasks"]![1]!["id"]!).Should().Be((string)task["subtasks"]![1]!["id"]!);
        (await client.CallAsync("todo.setSubtasks", $$"""{"id":"{{id}}","subtasks":[]}"""))["task"]!["subtasks"].Should().BeNull();
    }

    private static ToolCall CallOn(string today)
    {
        var clock = new DomainClock(new FakeTimeProvider(DateTimeOffset.Parse(today + "T12:00:00Z", System.Globalization.CultureInfo.InvariantCulture)));
        return new ToolCall(
            new Caller(new UserId("anna"), new SpaceId("s"), "owner", "", TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin")), null!, clock);
    }

    private static Task<McpUnderTest> StartAsync() => McpUnderTest.StartAsync(("POLICY_MODE", "off"));

    private static async Task<string> CreateAsync(McpClient client, string arguments) => (string)(await client.CallAsync("todo.create", arguments))["task"]!["id"]!;

    private static string Id(string id) => $$"""{"id":"{{id}}"}""";
}
