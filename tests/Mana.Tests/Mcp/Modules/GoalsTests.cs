namespace Mana.Tests.Mcp.Modules;

// The clock of these tests stands at Sunday, 22 November 2026, 09:00 UTC.
public sealed class GoalsTests
{
    [Fact]
    public async Task Steps_add_up_in_the_period_of_their_day_where_the_caller_lives()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        mcp.Clock.SetUtcNow(new DateTimeOffset(2026, 11, 22, 23, 30, 0, TimeSpan.Zero));
        var client = await mcp.ConnectAsync(timeZone: "Europe/Berlin");
        var id = (string)(await client.CallAsync("goals.create", """{"title":"Laufen","targetValue":20,"unit":"km","period":"week"}"""))["goal"]!["id"]!;

        await client.CallAsync("goals.addProgress", $$"""{"id":"{{id}}","amount":12.5,"date":"2026-11-16"}""");
        var sunday = await client.CallAsync("goals.addProgress", $$"""{"id":"{{id}}","amount":7.5,"date":"2026-11-22"}""");
        var monday = await client.CallAsync("goals.addProgress", $$"""{"id":"{{id}}","amount":5.25}""");

        sunday["progress"]!.ToJsonString().Should().Be("""{"from":"2026-11-16","to":"2026-11-22","value":20.0,"targetValue":20,"percent":100,"isMet":true}""");
        monday["step"]!["date"]!.GetValue<string>().Should().Be("2026-11-23", "in Berlin it is Monday");
        monday["progress"]!["value"]!.GetValue<decimal>().Should().Be(5.25m);
        var standing = await client.CallAsync("goals.progress", $$"""{"id":"{{id}}","periods":3}""");
        standing["progress"]!["isMet"]!.GetValue<bool>().Should().BeFalse();
        standing["earlier"]!.AsArray().Select(period => (decimal)period!["value"]!).Should().Equal(20m, 0m);
        standing.Texts("steps", "date").Should().Equal("2026-11-23", "2026-11-22", "2026-11-16");
    }

    [Theory]
    [InlineData("day", "2026-11-22", "2026-11-22")]
    [InlineData("month", "2026-11-01", "2026-11-30")]
    [InlineData("year", "2026-01-01", "2026-12-31")]
    [InlineData("total", null, null)]
    public async Task A_period_has_its_first_and_last_day(string period, string? from, string? to)
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var client = await mcp.ConnectAsync();
        var id = (string)(await client.CallAsync("goals.create", $$"""{"title":"x","targetValue":3,"period":"{{period}}"}"""))["goal"]!["id"]!;
        await client.CallAsync("goals.addProgress", $$"""{"id":"{{id}}","date":"1999-12-31"}""");

        var standing = await client.CallAsync("goals.progress", $$"""{"id":"{{id}}","periods":2}""");

        ((string?)standing["progress"]!["from"]).Should().Be(from);
        ((string?)standing["progress"]!["to"]).Should().Be(to);
        standing["progress"]!["value"]!.GetValue<decimal>().Should().Be(period == "total" ? 1 : 0);
        standing["earlier"]!.AsArray().Should().HaveCount(period == "total" ? 0 : 1);
    }

    [Fact]
    public async Task A_goal_of_at_most_is_met_until_it_is_exceeded_and_a_negative_step_corrects()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var client = await mcp.ConnectAsync();
        var id = (string)(await client.CallAsync("goals.create", """{"title":"Kaffee","targetValue":3,"unit":"Tassen","period":"day","comparison":"lte"}"""))["goal"]!["id"]!;

        var met = new List<bool>();
        foreach (var amount in (int[])[2, 1, 1, -1])
        {
            met.Add((bool)(await client.CallAsync("goals.addProgress", $$"""{"id":"{{id}}","amount":{{amount}}}"""))["progress"]!["isMet"]!);
        }

        met.Should().Equal(true, true, false, true);
        (await client.FailAsync("goals.addProgress", $$"""{"id":"{{id}}","date":"2026-12-24"}""")).Should().Contain("\"date\" must be a day from 1970 to today");
    }

    [Fact]
    public async Task A_completed_goal_has_a_time_that_stays_until_it_is_taken_up_again()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var client = await mcp.ConnectAsync();
        var id = (string)(await client.CallAsync("goals.create", """{"title":"x","targetValue":0.5}"""))["goal"]!["id"]!;

        await client.CallAsync("goals.setStatus", $$"""{"id":"{{id}}","status":"completed"}""");
        mcp.Clock.Advance(TimeSpan.FromMinutes(1));
        var twice = await client.CallAsync("goals.setStatus", $$"""{"id":"{{id}}","status":"completed"}""");
        (await client.CallAsync("goals.list", """{"status":"active"}"""))["goals"]!.AsArray().Should().BeEmpty();
        var open = await client.CallAsync("goals.setStatus", $$"""{"id":"{{id}}","status":"active"}""");

        twice["goal"]!["completedAt"]!.GetValue<string>().Should().Be("2026-11-22T09:00:00.000Z");
        open["goal"]!["completedAt"].Should().BeNull();
        (await client.FailAsync("goals.create", """{"title":"x","targetValue":0}""")).Should().Contain("\"targetValue\" must be a number from 0.01 to 1000000000; you sent 0.");
    }

    [Fact]
    public async Task The_steps_of_a_goal_go_with_it()
    {
        await using var mcp = await McpUnderTest.StartAsync(("POLICY_MODE", "off"));
        var client = await mcp.ConnectAsync();
        var id = (string)(await client.CallAsync("goals.create", """{"title":"x","targetValue":1}"""))["goal"]!["id"]!;
        var other = (string)(await client.CallAsync("goals.create", """{"title":"y","targetValue":1}"""))["goal"]!["id"]!;
        for (var i = 0; i < 120; i++)
        {
            await client.CallAsync("goals.addProgress", $$"""{"id":"{{id}}"}""");
        }

        await client.CallAsync("goals.addProgress", $$"""{"id":"{{other}}"}""");
        ((decimal)(await client.CallAsync("goals.progress", $$"""{"id":"{{id}}"}"""))["progress"]!["value"]!).Should().Be(120);
        await client.CallAsync("goals.delete", $$"""{"id":"{{id.ToUpperInvariant()}}"}""");

        (await mcp.CountAsync("goals.progress")).Should().Be(1);
    }
}
