using Mana.Mcp.Tools.Schemas;
using Mana.Tests.Mcp.Generated;

namespace Mana.Tests.Mcp;

public sealed class ModuleTests
{
    [Fact]
    public async Task Notes_are_found_by_their_words_whatever_the_case_newest_first()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var client = await mcp.ConnectAsync();
        await client.CallAsync("notes.create", """{"title":"Ärger mit der Bahn","content":"Zug fiel aus"}""");
        await client.CallAsync("notes.create", """{"title":"Rezept","content":"ÄRGERLICH: 100 % vergessen, under_score"}""");
        await client.CallAsync("notes.create", """{"title":"Anderes"}""");

        (await client.CallAsync("notes.search", """{"query":"ärger"}""")).Texts("notes", "title").Should().Equal("Rezept", "Ärger mit der Bahn");
        (await client.CallAsync("notes.search", """{"query":"A\u0308RGER"}""")).Texts("notes", "title").Should().HaveCount(2, "composed and decomposed umlauts are the same");
        (await client.CallAsync("notes.search", """{"query":"100 %"}""")).Texts("notes", "title").Should().Equal("Rezept");
        (await client.CallAsync("notes.search", """{"query":"100_%"}""")).Texts("notes", "title").Should().BeEmpty("a wildcard of SQL is plain text here");
        (await client.CallAsync("notes.search", """{"limit":1}""")).Texts("notes", "title").Should().Equal("Anderes");
    }

    [Fact]
    public async Task A_changed_note_is_found_by_its_new_words_and_an_archived_one_only_on_request()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var client = await mcp.ConnectAsync();
        var id = (string)(await client.CallAsync("notes.create", """{"title":"alt","color":"#abcdef"}"""))["note"]!["id"]!;

        var updated = await client.CallAsync("notes.update", $$"""{"id":"{{id}}","title":"neu","isArchived":true,"color":null}""");

        updated["note"]!["color"].Should().BeNull();
        (await client.CallAsync("notes.search", """{"query":"neu"}"""))["notes"]!.AsArray().Should().BeEmpty();
        (await client.CallAsync("notes.search", """{"query":"neu","includeArchived":true}""")).Texts("notes", "id").Should().Equal(id);
        (await client.CallAsync("notes.search", """{"query":"alt","includeArchived":true}"""))["notes"]!.AsArray().Should().BeEmpty();
    }

    [Fact]
    public async Task Pages_meet_without_gap_or_repetition_also_when_something_is_added_between()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var client = await mcp.ConnectAsync();
        for (var i = 0; i < 7; i++)
        {
            await client.CallAsync("notes.create", $$"""{"title":"n{{i}}"}""");
        }

        var titles = new List<string>();
        string? cursor = null;
        do
        {
            var page = await client.CallAsync("notes.list", cursor is null ? """{"limit":3}""" : $$"""{"limit":3,"cursor":"{{cursor}}"}""");
            titles.AddRange(page.Texts("notes", "title"));
            cursor = (string?)page["nextCursor"];
            await client.CallAsync("notes.create", """{"title":"later"}""");
        }
        while (cursor is not null);

        titles.Should().Equal("n6", "n5", "n4", "n3", "n2", "n1", "n0");
        (await client.FailAsync("notes.list", """{"cursor":"nonsense!"}""")).Should().Contain("nextCursor of an earlier answer");
    }

    [Fact]
    public async Task A_journal_entry_belongs_to_today_where_its_writer_lives()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        mcp.Clock.SetUtcNow(new DateTimeOffset(2026, 11, 22, 23, 30, 0, TimeSpan.Zero));
        var utc = await mcp.ConnectAsync();
        var berlin = await mcp.ConnectAsync(timeZone: "Europe/Berlin");

        var here = (await utc.CallAsync("journal.add", """{"content":"  drei kurze\nWörter ","mood":"glücklich","tags":["a"]}"""))["entry"]!;
        var there = (await berlin.CallAsync("journal.add", """{"content":"x"}"""))["entry"]!;

        here["entryDate"]!.GetValue<string>().Should().Be("2026-11-22");
        here["wordCount"]!.GetValue<int>().Should().Be(3);
        here["mood"]!.GetValue<string>().Should().Be("glücklich");
        there["entryDate"]!.GetValue<string>().Should().Be("2026-11-23");
        var mood = (await berlin.CallAsync("mood.log", """{"level":7,"emotion":"calm"}"""))["entry"]!;
        mood["date"]!.GetValue<string>().Should().Be("2026-11-23");
        mood["time"]!.GetValue<string>().Should().Be("00:30");
    }

    [Fact]
    public async Task The_journal_is_listed_by_day_and_an_update_counts_its_words_anew()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var client = await mcp.ConnectAsync();
        var old = (string)(await client.CallAsync("journal.add", """{"content":"old","entryDate":"2026-11-01"}"""))["entry"]!["id"]!;
        await client.CallAsync("journal.add", """{"content":"new"}""");
        await client.CallAsync("journal.add", """{"content":"between","entryDate":"2026-11-10T23:59:00+01:00"}""");

        (await client.CallAsync("journal.list")).Texts("entries", "content").Should().Equal("new", "between", "old");
        (await client.CallAsync("journal.list", """{"from":"2026-11-01","to":"2026-11-10"}""")).Texts("entries", "entryDate").Should().Equal("2026-11-10", "2026-11-01");

        var updated = (await client.CallAsync("journal.update", $$"""{"id":"{{old}}","content":"now three words"}"""))["entry"]!;
        updated["wordCount"]!.GetValue<int>().Should().Be(3);
        updated["entryDate"]!.GetValue<string>().Should().Be("2026-11-01");
        await client.CallAsync("journal.delete", $$"""{"id":"{{old}}"}""");
        (await client.FailAsync("journal.get", $$"""{"id":"{{old}}"}""")).Should().Contain("There is no journal entry with id");
    }

    [Fact]
    public async Task Moods_of_a_day_go_from_morning_to_evening_and_recent_ones_back_in_time()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var client = await mcp.ConnectAsync();
        await client.CallAsync("mood.log", """{"level":3,"emotion":"tired","time":"08:05"}""");
        await client.CallAsync("mood.log", """{"level":8,"emotion":"happy","time":"07:00","secondaryEmotions":["calm"],"activity":"work"}""");
        await client.CallAsync("mood.log", """{"level":5,"emotion":"neutral","date":"2026-11-16","time":"20:00"}""");
        await client.CallAsync("mood.log", """{"level":5,"emotion":"bored","date":"2026-11-15","time":"20:00"}""");

        (await client.CallAsync("mood.today")).Texts("entries", "time").Should().Equal("07:00", "08:05");
        (await client.CallAsync("mood.today", """{"date":"2026-11-16"}""")).Texts("entries", "emotion").Should().Equal("neutral");
        (await client.CallAsync("mood.recent")).Texts("entries", "emotion").Should().Equal("tired", "happy", "neutral");
        (await client.CallAsync("mood.recent", """{"days":8,"limit":2}""")).Texts("entries", "emotion").Should().Equal("tired", "happy");
        (await client.FailAsync("mood.log", """{"level":5,"emotion":"sad","time":"25:00"}"""))
            .Should().Be("Invalid input for mood.log: \"time\" must be a time of day from 00:00 to 23:59; you sent \"25:00\".");
    }

    [Fact]
    public async Task A_habit_is_checked_in_counted_archived_and_deleted()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var client = await mcp.ConnectAsync();
        var habit = (await client.CallAsync("habits.create", """{"title":"Run","targetPerDay":2}"""))["habit"]!;
        var id = (string)habit["id"]!;
        habit["icon"]!.GetValue<string>().Should().Be("star");
        habit["color"]!.GetValue<string>().Should().Be("#6366f1");

        await client.CallAsync("habits.log", $$"""{"id":"{{id}}","date":"2026-11-21"}""");
        await client.CallAsync("habits.log", $$"""{"id":"{{id}}"}""");
        var second = await client.CallAsync("habits.log", $$"""{"id":"{{id}}","note":"in the rain"}""");

        second["doneThatDay"]!.GetValue<int>().Should().Be(2);
        second["targetPerDay"]!.GetValue<int>().Should().Be(2);
        (await client.CallAsync("habits.history", $$"""{"id":"{{id}}"}""")).Texts("logs", "date").Should().Equal("2026-11-22", "2026-11-22", "2026-11-21");
        (await client.CallAsync("habits.history", $$"""{"id":"{{id}}","days":1}""")).Texts("logs", "date").Should().Equal("2026-11-22", "2026-11-22");

        (await client.CallAsync("habits.archive", $$"""{"id":"{{id}}"}"""))["ok"]!.GetValue<bool>().Should().BeTrue();
        (await client.CallAsync("habits.list"))["habits"]!.AsArray().Should().BeEmpty();
        await client.CallAsync("habits.archive", $$"""{"id":"{{id}}","archived":false}""");
        (await client.CallAsync("habits.list")).Texts("habits", "id").Should().Equal(id);
        (await client.CallAsync("habits.update", $$"""{"id":"{{id}}","targetPerDay":null}"""))["habit"]!["targetPerDay"].Should().BeNull();

        await client.CallAsync("habits.delete", $$"""{"id":"{{id}}"}""");
        (await client.FailAsync("habits.log", $$"""{"id":"{{id}}"}""")).Should().Contain("call habits.list");
    }

    [Fact]
    public async Task An_id_of_another_module_is_no_id_here()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var client = await mcp.ConnectAsync();
        var note = (string)(await client.CallAsync("notes.create", """{"title":"n"}"""))["note"]!["id"]!;

        (await client.FailAsync("todo.get", $$"""{"id":"{{note}}"}""")).Should().Contain("There is no task with id");
    }

    [Fact]
    public async Task Spaces_come_from_mana_auth_with_the_callers_own_token()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        mcp.Auth.Join(McpUnderTest.Anna, "family", "member");
        var client = await mcp.ConnectAsync();

        var list = await client.CallAsync("spaces.list");

        list["activeSpaceId"]!.GetValue<string>().Should().Be(McpUnderTest.Space);
        list.Texts("spaces", "id").Should().Equal("family", McpUnderTest.Space);
        list["spaces"]![1]!["role"]!.GetValue<string>().Should().Be("owner");
        list["spaces"]![1]!["type"]!.GetValue<string>().Should().Be("personal");
        mcp.Auth.LastBearer.Should().Be("Bearer " + mcp.Token());
    }

    [Fact]
    public async Task Every_answer_keeps_to_the_output_schema_of_its_tool()
    {
        await using var world = await ToolWorld.StartAsync();
        var schemas = world.Mcp.Tools.ToDictionary(tool => tool.Name, tool => SchemaCompiler.Compile(tool.OutputSchema));
        foreach (var tool in world.Tools)
        {
            var (_, result) = await world.TryAsync(tool, tool.Required);
            result.IsError.Should().NotBeTrue(because: result.Text());
            var faults = new List<string>();
            schemas[tool.Name].Check(result.StructuredContent!.Value, "answer", faults);
            faults.Should().BeEmpty(because: tool.Name);
            if (tool.IsDestructive)
            {
                await world.FillAsync(tool.Module);
            }
        }
    }
}
