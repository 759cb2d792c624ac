namespace Mana.Tests.Mcp.Modules;

public sealed class LibraryTests
{
    [Fact]
    public async Task An_entry_goes_from_plan_to_shelf_and_may_be_read_again()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var client = await mcp.ConnectAsync();
        var id = (string)(await client.CallAsync("library.add", """{"kind":"book","title":"Momo","creators":["Michael Ende"]}"""))["entry"]!["id"]!;

        var active = (await client.CallAsync("library.setStatus", $$"""{"id":"{{id}}","status":"active"}"""))["entry"]!;
        active["startedAt"]!.GetValue<string>().Should().Be("2026-11-22");
        mcp.Clock.Advance(TimeSpan.FromDays(3));
        client = await mcp.ConnectAsync();
        var done = (await client.CallAsync("library.setStatus", $$"""{"id":"{{id}}","status":"completed"}"""))["entry"]!;
        var again = (await client.CallAsync("library.setStatus", $$"""{"id":"{{id}}","status":"completed"}"""))["entry"]!;
        done["completedAt"]!.GetValue<string>().Should().Be("2026-11-25");
        again["times"]!.GetValue<int>().Should().Be(1, "saying it twice is not reading it twice");

        await client.CallAsync("library.setStatus", $$"""{"id":"{{id}}","status":"active"}""");
        var second = (await client.CallAsync("library.setStatus", $$"""{"id":"{{id}}","status":"completed","date":"2026-12-24"}"""))["entry"]!;
        second["times"]!.GetValue<int>().Should().Be(2);
        second["startedAt"]!.GetValue<string>().Should().Be("2026-11-22");
        second["completedAt"]!.GetValue<string>().Should().Be("2026-12-24");
        await client.CallAsync("library.setStatus", $$"""{"id":"{{id}}","status":"active"}""");
        (await client.FailAsync("library.setStatus", $$"""{"id":"{{id}}","status":"completed","date":"2026-11-01"}""")).Should().Contain("must not be before the day on which it was begun (2026-11-22)");
    }

    [Fact]
    public async Task Something_that_was_finished_long_ago_has_no_dates_unless_they_are_known()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var client = await mcp.ConnectAsync();

        var unknown = (await client.CallAsync("library.add", """{"kind":"movie","title":"Alien","status":"completed","rating":5}"""))["entry"]!;
        var known = (await client.CallAsync("library.add", """{"kind":"series","title":"Dark","status":"active","startedAt":"2026-11-01"}"""))["entry"]!;

        unknown["completedAt"].Should().BeNull();
        unknown["times"]!.GetValue<int>().Should().Be(1);
        known["startedAt"]!.GetValue<string>().Should().Be("2026-11-01");
        (await client.FailAsync("library.add", """{"kind":"book","title":"x","startedAt":"2026-11-02","completedAt":"2026-11-01"}"""))
            .Should().Contain("\"completedAt\" must not be before startedAt (2026-11-02)");
    }

    [Fact]
    public async Task A_rating_keeps_the_review_that_is_there_and_lists_go_by_kind_state_and_tag()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var client = await mcp.ConnectAsync();
        var id = (string)(await client.CallAsync("library.add", """{"kind":"comic","title":"Maus","creators":["Art Spiegelman"],"genres":["History"]}"""))["entry"]!["id"]!;
        await client.CallAsync("library.add", """{"kind":"movie","title":"Maus im Haus","status":"paused","tags":["fun"]}""");

        await client.CallAsync("library.rate", $$"""{"id":"{{id}}","rating":4,"review":"bewegend"}""");
        var rated = (await client.CallAsync("library.rate", $$"""{"id":"{{id}}","rating":5}"""))["entry"]!;

        rated["rating"]!.GetValue<int>().Should().Be(5);
        rated["review"]!.GetValue<string>().Should().Be("bewegend");
        (await client.FailAsync("library.rate", $$"""{"id":"{{id}}","rating":6}""")).Should().Contain("a whole number from 1 to 5");
        (await client.CallAsync("library.search", """{"query":"maus"}""")).Texts("entries", "kind").Should().Equal("movie", "comic");
        (await client.CallAsync("library.search", """{"query":"maus","kind":"comic"}""")).Texts("entries", "id").Should().Equal(id);
        (await client.CallAsync("library.search", """{"query":"spiegel"}""")).Texts("entries", "id").Should().Equal(id);
        (await client.CallAsync("library.list", """{"kind":"movie"}""")).Texts("entries", "title").Should().Equal("Maus im Haus");
        (await client.CallAsync("library.list", """{"status":"planned"}""")).Texts("entries", "title").Should().Equal("Maus");
        (await client.CallAsync("library.list", """{"tag":"history"}""")).Texts("entries", "title").Should().Equal("Maus");
    }
}
