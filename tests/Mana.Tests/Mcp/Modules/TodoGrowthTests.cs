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
        DueDates.Next(since, last, rule, CallOn(today)).Should().Be(next);

    [Fact]
    public void The_next_date_is_always_after_the_last_one_and_after_today()
    {
        Gen.Select(Gen.Int[-3000, 3000], Gen.Int[0, 86_399], Gen.OneOf(DueDates.Recurrences)).Sample((days, seconds, rule) =>
        {
            var call = CallOn("2026-11-22");
            var since = new DateTimeOffset(2026, 11, 22, 0, 0, 0, TimeSpan.Zero).AddDays(days).AddSeconds(seconds).ToString("yyyy-MM-ddTHH:mm:ss.fffZ", null);

            var next = DueDates.Next(since, since, rule, call);

            DueDates.DayOf(next, call).Should().BeAfter(DueDates.DayOf(since, call)).And.BeAfter(call.Today);
            DueDates.DayOf(next, call).DayNumber.Should().BeLessThanOrEqualTo(Math.Max(DueDates.DayOf(since, call).DayNumber, call.Today.DayNumber) + 366);
        });
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
