using CsCheck;
using Mana.Mcp.Modules.Cards;

namespace Mana.Tests.Mcp.Modules;

public sealed class CardsTests
{
    [Fact]
    public void Intervals_are_those_of_sm_2()
    {
        Intervals("good", "good", "good", "good", "good").Should().Equal(1, 6, 15, 38, 95);
        Intervals("easy", "easy", "easy").Should().Equal(1, 6, 17);
        Intervals("hard", "hard", "hard", "hard").Should().Equal(1, 6, 14, 30);
        Intervals("good", "good", "good", "again", "good", "good", "good").Should().Equal(1, 6, 15, 0, 1, 6, 15);

        // The ease: q = 3 takes 0.14, q = 4 nothing, q = 5 adds 0.1, and "again" leaves it.
        Sm2.After(Sm2.Fresh, "hard").Ease.Should().Be(2.36m);
        Sm2.After(Sm2.Fresh, "good").Ease.Should().Be(2.5m);
        Sm2.After(Sm2.Fresh, "easy").Ease.Should().Be(2.6m);
        Sm2.After(Sm2.Fresh, "again").Ease.Should().Be(2.5m);
    }

    [Fact]
    public void Whatever_the_answers_the_state_stays_in_its_bounds()
    {
        Gen.OneOf("again", "hard", "good", "easy").List[0, 200].Sample(grades =>
        {
            var memory = grades.Aggregate(Sm2.Fresh, Sm2.After);

            memory.Ease.Should().BeGreaterThanOrEqualTo(1.3m);
            memory.IntervalDays.Should().BeInRange(0, 3650);
            Sm2.Difficulty(memory).Should().BeInRange(1, 5);
            memory.Lapses.Should().BeLessThanOrEqualTo(grades.Count(grade => grade == "again"));
            (memory.IntervalDays == 0).Should().Be(grades.Count == 0 || grades[^1] == "again");
        });
    }

    [Fact]
    public async Task Cards_are_due_when_their_day_has_come_where_the_caller_lives()
    {
        await using var mcp = await McpUnderTest.StartAsync(("POLICY_MODE", "off"));
        var client = await mcp.ConnectAsync(timeZone: "Europe/Berlin");
        var deck = (string)(await client.CallAsync("cards.createDeck", """{"name":"Schwedisch"}"""))["deck"]!["id"]!;
        var first = (string)(await client.CallAsync("cards.addCard", $$"""{"deckId":"{{deck}}","front":"hund","back":"Hund"}"""))["card"]!["id"]!;
        var added = await client.CallAsync("cards.addCards", $$"""{"deckId":"{{deck}}","cards":[{"front":"katt","back":"Katze"},{"front":"häst","back":"Pferd"}]}""");
        ((int)added["added"]!).Should().Be(2);
        (await client.CallAsync("cards.due")).Texts("cards", "front").Should().Equal("hund", "katt", "häst");

        var reviewed = (await client.CallAsync("cards.review", $$"""{"cardId":"{{first}}","grade":"good"}"""))["card"]!;
        ((string)reviewed["nextReview"]!).Should().Be("2026-11-23");
        (await client.CallAsync("cards.due", $$"""{"deckId":"{{deck}}"}""")).Texts("cards", "front").Should().Equal("katt", "häst");

        // 23:30 UTC on the 22nd is the 23rd in Berlin.
        mcp.Clock.SetUtcNow(new DateTimeOffset(2026, 11, 22, 23, 30, 0, TimeSpan.Zero));
        client = await mcp.ConnectAsync(timeZone: "Europe/Berlin");
        (await client.CallAsync("cards.due")).Texts("cards", "front").Should().Equal("katt", "häst", "hund");
        await client.CallAsync("cards.review", $$"""{"cardId":"{{first}}","grade":"again"}""");
        (await client.CallAsync("cards.due")).Texts("cards", "front").Should().Contain("hund", "what was not known is asked again on the same day");

        var stats = await client.CallAsync("cards.stats", $$"""{"deckId":"{{deck}}"}""");
        ((int)stats["cards"]!).Should().Be(3);
        ((int)stats["new"]!).Should().Be(2);
        ((int)stats["dueToday"]!).Should().Be(3);
        ((int)stats["reviews"]!).Should().Be(2);
        ((int)stats["lapses"]!).Should().Be(1);
        ((string)stats["lastStudied"]!).Should().Be("2026-11-22T23:30:00.000Z");
    }

    [Fact]
    public async Task What_was_not_known_is_asked_again_after_the_others_of_the_day()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var client = await mcp.ConnectAsync();
        var deck = (string)(await client.CallAsync("cards.createDeck", """{"name":"Schwedisch"}"""))["deck"]!["id"]!;
        await client.CallAsync("cards.addCards", $$"""{"deckId":"{{deck}}","cards":[{"front":"hund","back":"1"},{"front":"katt","back":"2"},{"front":"häst","back":"3"}]}""");
        var asked = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            mcp.Clock.Advance(TimeSpan.FromSeconds(20));
            var card = (await client.CallAsync("cards.due", """{"limit":1}"""))["cards"]![0]!;
            asked.Add((string)card["front"]!);
            await client.CallAsync("cards.review", $$"""{"cardId":"{{card["id"]}}","grade":"{{(asked[^1] == "katt" ? "good" : "again")}}"}""");
        }

        asked.Should().Equal("hund", "katt", "häst", "hund", "häst");
    }

    [Fact]
    public async Task A_deleted_deck_takes_its_cards_along_also_from_the_search()
    {
        await using var mcp = await McpUnderTest.StartAsync(("POLICY_MODE", "off"));
        var client = await mcp.ConnectAsync();
        var deck = (string)(await client.CallAsync("cards.createDeck", """{"name":"Biologie"}"""))["deck"]!["id"]!;
        var other = (string)(await client.CallAsync("cards.createDeck", """{"name":"Physik"}"""))["deck"]!["id"]!;
        await client.CallAsync("cards.addCard", $$"""{"deckId":"{{deck}}","front":"Was ist ein Mitochondrium?","back":"Das Kraftwerk der Zelle"}""");
        await client.CallAsync("cards.addCard", $$"""{"deckId":"{{other}}","front":"Was ist ein Kraftwerk?","back":"x"}""");

        await client.CallAsync("cards.deleteDeck", $$"""{"deckId":"{{deck}}"}""");

        (await client.CallAsync("cards.listCards")).Texts("cards", "back").Should().Equal("x");
        (await client.CallAsync("search.everything", """{"query":"kraftwerk"}""")).Texts("results", "title").Should().Equal("Was ist ein Kraftwerk?");
        (await client.FailAsync("cards.addCard", $$"""{"deckId":"{{deck}}","front":"a","back":"b"}""")).Should().Contain("There is no deck with id");
    }

    private static List<int> Intervals(params string[] grades)
    {
        var memory = Sm2.Fresh;
        var intervals = new List<int>();
        foreach (var grade in grades)
        {
            memory = Sm2.After(memory, grade);
            intervals.Add(memory.IntervalDays);
        }

        return intervals;
    }
}
