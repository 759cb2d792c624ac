using Mana.Mcp.Modules.Habits;
using ModelContextProtocol.Client;

namespace Mana.Tests.Mcp.Modules;

/// <summary>What habits, notes, journal and mood can do beyond keeping records.</summary>
public sealed class DailyModulesTests
{
    [Theory]
    [InlineData("2026-11-20 2026-11-21 2026-11-22", 3, 3)]
    [InlineData("2026-11-20 2026-11-21", 2, 2)]
    [InlineData("2026-11-19 2026-11-20", 0, 2)]
    [InlineData("2026-11-01 2026-11-02 2026-11-03 2026-11-22", 1, 3)]
    [InlineData("2026-11-22 2026-11-23", 1, 1)]
    [InlineData("", 0, 0)]
    public void A_streak_of_days_lasts_until_a_whole_day_was_missed(string kept, int current, int longest) =>
        Streaks.Of(Days(kept), new DateOnly(2026, 11, 22), null).Should().Be((current, longest));

    [Theory]
    // The 22nd of November 2026 is a Sunday: its week began on the 16th.
    [InlineData("2026-11-03 2026-11-05 2026-11-09 2026-11-11 2026-11-16 2026-11-22", 3, 3)]
    [InlineData("2026-11-03 2026-11-05 2026-11-09 2026-11-11 2026-11-16", 2, 2)]
    [InlineData("2026-11-03 2026-11-05 2026-11-16 2026-11-17", 1, 1)]
    [InlineData("2026-11-03 2026-11-05 2026-11-09", 0, 1)]
    public void A_streak_of_weeks_counts_weeks_with_enough_days(string kept, int current, int longest) =>
        Streaks.Of(Days(kept), new DateOnly(2026, 11, 22), 2).Should().Be((current, longest));

    [Fact]
    public async Task Streaks_are_counted_on_the_callers_days_and_a_day_is_kept_when_its_target_is_reached()
    {
        await using var mcp = await StartAsync();
        mcp.Clock.SetUtcNow(new DateTimeOffset(2026, 11, 22, 23, 30, 0, TimeSpan.Zero));
        var berlin = await mcp.ConnectAsync(timeZone: "Europe/Berlin");
        var id = (string)(await berlin.CallAsync("habits.create", """{"title":"Trinken","targetPerDay":2}"""))["habit"]!["id"]!;
        foreach (var day in (string[])["2026-11-20", "2026-11-20", "2026-11-21", "2026-11-22", "2026-11-22", "2026-11-22"])
        {
            await berlin.CallAsync("habits.log", $$"""{"id":"{{id}}","date":"{{day}}"}""");
        }

        await berlin.CallAsync("habits.log", $$"""{"id":"{{id}}"}""");
        var today = (await berlin.CallAsync("habits.today"))["habits"]![0]!;
        ((int)today["doneToday"]!).Should().Be(1);
        ((bool)today["isKept"]!).Should().BeFalse();
        var last = (string)(await berlin.CallAsync("habits.log", $$"""{"id":"{{id}}"}"""))["log"]!["id"]!;
        ((bool)(await berlin.CallAsync("habits.today"))["habits"]![0]!["isKept"]!).Should().BeTrue();

        var stats = await berlin.CallAsync("habits.stats", $$"""{"id":"{{id}}","days":7}""");
        ((int)stats["currentStreak"]!).Should().Be(2, "on the 21st it was done once only");
        ((int)stats["longestStreak"]!).Should().Be(2);
        ((string)stats["streakUnit"]!).Should().Be("days");
        ((int)stats["keptDays"]!).Should().Be(3);
        ((int)stats["keptThisWeek"]!).Should().Be(1, "in Berlin the week has just begun");
        ((int)stats["checkIns"]!).Should().Be(8);
        ((string)stats["lastDay"]!).Should().Be("2026-11-23");

        await berlin.CallAsync("habits.deleteLog", $$"""{"logId":"{{last}}"}""");
        ((int)(await berlin.CallAsync("habits.stats", $$"""{"id":"{{id}}"}"""))["currentStreak"]!).Should().Be(1, "today is not over");
    }

    [Fact]
    public async Task A_habit_for_some_days_a_week_is_open_until_it_was_done_on_enough_of_them()
    {
        await using var mcp = await StartAsync();
        var client = await mcp.ConnectAsync();
        var sport = (string)(await client.CallAsync("habits.create", """{"title":"Sport","targetPerWeek":2}"""))["habit"]!["id"]!;
        await client.CallAsync("habits.create", """{"title":"Lesen"}""");

        // Today is Sunday, and last week does not count.
        foreach (var day in (string[])["2026-11-14", "2026-11-15", "2026-11-17"])
        {
            await client.CallAsync("habits.log", $$"""{"id":"{{sport}}","date":"{{day}}"}""");
        }

        (await OpenAsync()).Should().Equal("Lesen", "Sport");
        await client.CallAsync("habits.log", $$"""{"id":"{{sport}}","date":"2026-11-20"}""");
        (await OpenAsync()).Should().Equal("Lesen");
        var today = (await client.CallAsync("habits.today"))["habits"]!.AsArray().Single(habit => (string)habit!["habitId"]! == sport)!;
        ((int)today["keptThisWeek"]!).Should().Be(2);
        ((int)today["targetPerWeek"]!).Should().Be(2);
        ((bool)today["isKept"]!).Should().BeFalse("today it was not done");
        (await client.FailAsync("habits.log", $$"""{"id":"{{sport}}","date":"2026-11-24"}""")).Should().Contain("today at the latest");

        async Task<IEnumerable<string>> OpenAsync() => (await client.CallAsync("habits.today"))["habits"]!.AsArray()
            .Where(habit => (bool)habit!["isOpen"]!).Select(habit => (string)habit!["title"]!).Order();
    }

    [Fact]
    public async Task A_list_shows_the_beginning_of_very_long_texts_says_so_and_loses_nothing()
    {
        await using var mcp = await StartAsync();
        var client = await mcp.ConnectAsync();
        var text = new string('a', 9_999) + "😀 the end";
        await client.CallAsync("notes.create", """{"title":"short","content":"whole"}""");
        foreach (var (add, one, read, lists) in new[]
        {
            ("notes.create", "note", "notes.get", new[] { ("notes.list", "notes"), ("notes.search", "notes") }),
            ("journal.add", "entry", "journal.get", [("journal.list", "entries"), ("journal.search", "entries")]),
            ("dreams.add", "dream", "dreams.get", [("dreams.list", "dreams"), ("dreams.search", "dreams")]),
        })
        {
            var title = add.StartsWith("notes", StringComparison.Ordinal) ? "\"title\":\"long\"," : "";
            var id = (string)(await client.CallAsync(add, $$"""{{{title}}"content":"{{text}}"}"""))[one]!["id"]!;
            foreach (var (list, many) in lists)
            {
                var shown = (await client.CallAsync(list, list.EndsWith("search", StringComparison.Ordinal) ? """{"query":"the end"}""" : "{}"))[many]![0]!;
                ((string)shown["content"]!).Should().Be(new string('a', 9_999) + "…", because: list);
                ((bool)shown["isShortened"]!).Should().BeTrue();
            }

            var whole = (await client.CallAsync(read, $$"""{"id":"{{id}}"}"""))[one]!;
            ((string)whole["content"]!).Should().Be(text);
            whole.AsObject().Should().NotContainKey("isShortened");
        }

        (await client.CallAsync("notes.list"))["notes"]![1]!.AsObject().Should().NotContainKey("isShortened");
    }

    [Fact]
    public async Task The_journal_lists_what_is_loved_pinned_or_tagged()
    {
        await using var mcp = await StartAsync();
        var client = await mcp.ConnectAsync();
        await client.CallAsync("journal.add", """{"content":"plain"}""");
        await client.CallAsync("journal.add", """{"content":"tagged","tags":["Kinder"]}""");
        foreach (var field in (string[])["isFavorite", "isPinned"])
        {
            var id = (string)(await client.CallAsync("journal.add", $$"""{"content":"{{field}}"}"""))["entry"]!["id"]!;
            await client.CallAsync("journal.update", $$"""{"id":"{{id}}","{{field}}":true}""");
        }

        (await client.CallAsync("journal.list", """{"favoritesOnly":true}""")).Texts("entries", "content").Should().Equal("isFavorite");
        (await client.CallAsync("journal.list", """{"onlyPinned":true}""")).Texts("entries", "content").Should().Equal("isPinned");
        (await client.CallAsync("journal.list", """{"tag":"kinder"}""")).Texts("entries", "content").Should().Equal("tagged");
        (await client.CallAsync("journal.list")).Texts("entries", "content").Should().HaveCount(4);
    }

    [Fact]
    public async Task A_deleted_habit_takes_its_check_ins_along()
    {
        await using var mcp = await StartAsync();
        var client = await mcp.ConnectAsync();
        var id = (string)(await client.CallAsync("habits.create", """{"title":"Lesen"}"""))["habit"]!["id"]!;
        var log = (string)(await client.CallAsync("habits.log", $$"""{"id":"{{id}}","note":"Zauberberg"}"""))["log"]!["id"]!;
        (await SearchAsync(client, "zauberberg")).Should().Equal(log);

        await client.CallAsync("habits.delete", $$"""{"id":"{{id}}"}""");

        (await SearchAsync(client, "zauberberg")).Should().BeEmpty();
        (await client.FailAsync("habits.deleteLog", $$"""{"logId":"{{log}}"}""")).Should().Contain("There is no habit check-in");
    }

    [Fact]
    public async Task A_note_grows_by_paragraphs_is_pinned_and_put_away()
    {
        await using var mcp = await StartAsync();
        var client = await mcp.ConnectAsync();
        var id = (string)(await client.CallAsync("notes.create", """{"title":"Einkauf"}"""))["note"]!["id"]!;
        await client.CallAsync("notes.create", """{"title":"Anderes"}""");

        await client.CallAsync("notes.append", $$"""{"id":"{{id}}","text":"Milch"}""");
        var note = (await client.CallAsync("notes.append", $$"""{"id":"{{id}}","text":"Brot"}"""))["note"]!;
        ((string)note["content"]!).Should().Be("Milch\nBrot");
        (await SearchAsync(client, "milch brot")).Should().Equal(id);

        await client.CallAsync("notes.pin", $$"""{"id":"{{id}}"}""");
        (await client.CallAsync("notes.list", """{"onlyPinned":true}""")).Texts("notes", "id").Should().Equal(id);
        await client.CallAsync("notes.archive", $$"""{"id":"{{id}}"}""");
        (await client.CallAsync("notes.list")).Texts("notes", "title").Should().Equal("Anderes");
        await client.CallAsync("notes.archive", $$"""{"id":"{{id}}","archived":false}""");
        (await client.CallAsync("notes.list")).Texts("notes", "title").Should().Equal("Anderes", "Einkauf");

        var full = new string('x', 49_999);
        foreach (var _ in Enumerable.Range(0, 3))
        {
            await client.CallAsync("notes.append", $$"""{"id":"{{id}}","text":"{{full}}"}""");
        }

        (await client.FailAsync("notes.append", $$"""{"id":"{{id}}","text":"{{full}}"}""")).Should().Contain("longer than 200000 characters");
    }

    [Fact]
    public async Task The_journal_is_searched_and_remembers_the_same_day_of_earlier_years()
    {
        await using var mcp = await StartAsync();
        var client = await mcp.ConnectAsync();
        foreach (var (day, content) in ((string, string)[])[("2025-11-22", "Vor einem Jahr"), ("2024-11-22", "Erster Schnee"), ("2024-11-23", "Tags darauf"), ("2026-11-22", "Heute")])
        {
            await client.CallAsync("journal.add", $$"""{"content":"{{content}}","entryDate":"{{day}}","tags":["Jahrestag"]}""");
        }

        (await client.CallAsync("journal.onThisDay")).Texts("entries", "content").Should().Equal("Vor einem Jahr", "Erster Schnee");
        (await client.CallAsync("journal.onThisDay", """{"date":"2028-02-29"}"""))["entries"]!.AsArray().Should().BeEmpty();
        (await client.CallAsync("journal.search", """{"query":"CHNEE"}""")).Texts("entries", "content").Should().Equal("Erster Schnee");
        (await client.CallAsync("journal.search", """{"query":"jahrestag","limit":2}""")).Texts("entries", "content").Should().Equal("Heute", "Vor einem Jahr");
    }

    [Fact]
    public async Task Insights_say_on_how_much_they_stand()
    {
        await using var mcp = await StartAsync();
        var client = await mcp.ConnectAsync();
        (await client.CallAsync("mood.insights"))["meanLevel"].Should().BeNull();
        foreach (var (day, level, emotion, activity) in ((string, int, string, string)[])[
            ("2026-11-13", 3, "sad", "work"), ("2026-11-14", 4, "tired", "work"), ("2026-11-15", 2, "sad", "alone"),
            ("2026-11-20", 8, "happy", "outdoors"), ("2026-11-21", 6, "calm", "work"), ("2026-11-22", 7, "happy", "outdoors"), ("2026-11-01", 10, "excited", "social")])
        {
            await client.CallAsync("mood.log", $$"""{"level":{{level}},"emotion":"{{emotion}}","activity":"{{activity}}","date":"{{day}}"}""");
        }

        var insights = await client.CallAsync("mood.insights", """{"days":10}""");

        ((int)insights["entries"]!).Should().Be(6);
        ((int)insights["daysWithEntries"]!).Should().Be(6);
        ((double)insights["meanLevel"]!).Should().Be(5);
        ((int)insights["lowestLevel"]!).Should().Be(2);
        ((int)insights["highestLevel"]!).Should().Be(8);
        ((double)insights["change"]!).Should().Be(4, "from 3 in the first five days to 7 in the last five");
        insights.Texts("emotions", "name").Should().Equal("happy", "sad", "calm", "tired");
        insights.Texts("activities", "name").Should().Equal("work", "outdoors", "alone");
        ((double)insights["activities"]![1]!["meanLevel"]!).Should().Be(7.5);
        (await client.CallAsync("mood.insights", """{"days":2}"""))["change"].Should().BeNull("two entries say nothing about a change");
    }

    private static Task<McpUnderTest> StartAsync() => McpUnderTest.StartAsync(("POLICY_MODE", "off"));

    private static async Task<List<string>> SearchAsync(McpClient client, string query) =>
        (await client.CallAsync("search.everything", $$"""{"query":"{{query}}"}""")).Texts("results", "id");

    private static IEnumerable<DateOnly> Days(string days) =>
        days.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(day => DateOnly.Parse(day, System.Globalization.CultureInfo.InvariantCulture));
}
