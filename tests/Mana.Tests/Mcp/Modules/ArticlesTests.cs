namespace Mana.Tests.Mcp.Modules;

public sealed class ArticlesTests
{
    [Fact]
    public async Task A_highlight_can_be_taken_off_again_and_is_found_no_more()
    {
        await using var mcp = await McpUnderTest.StartAsync(("POLICY_MODE", "off"));
        var client = await mcp.ConnectAsync();
        var article = (string)(await client.CallAsync("articles.save", """{"url":"https://example.org/a"}"""))["article"]!["id"]!;
        var wrong = (string)(await client.CallAsync("articles.highlight", $$"""{"id":"{{article}}","text":"Falsches Zitat"}"""))["highlight"]!["id"]!;
        await client.CallAsync("articles.highlight", $$"""{"id":"{{article}}","text":"Rechtes Zitat"}""");

        await client.CallAsync("articles.deleteHighlight", $$"""{"highlightId":"{{wrong}}"}""");

        (await client.CallAsync("articles.get", $$"""{"id":"{{article}}"}""")).Texts("highlights", "text").Should().Equal("Rechtes Zitat");
        (await client.CallAsync("search.everything", """{"query":"falsches"}"""))["results"]!.AsArray().Should().BeEmpty();
    }

    [Theory]
    [InlineData("https://example.org/a/b?id=1", "https://EXAMPLE.org/a/b/?utm_source=mail&id=1#part", true)]
    [InlineData("https://example.org/a/b", "http://example.org/a/b", true)]
    [InlineData("https://example.org/a?id=1", "https://example.org/a?id=2", false)]
    [InlineData("https://example.org/A", "https://example.org/a", false)]
    [InlineData("https://example.org/a", "https://www.example.org/a", false)]
    public async Task The_same_page_is_saved_once_and_the_first_one_is_shown(string first, string second, bool isSame)
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var client = await mcp.ConnectAsync();
        var one = await client.CallAsync("articles.save", $$"""{"url":"{{first}}","title":"first"}""");
        await client.CallAsync("articles.archive", $$"""{"id":"{{one["article"]!["id"]}}"}""");

        var two = await client.CallAsync("articles.save", $$"""{"url":"{{second}}","title":"second"}""");

        one["wasSavedBefore"]!.GetValue<bool>().Should().BeFalse();
        two["wasSavedBefore"]!.GetValue<bool>().Should().Be(isSame);
        two["article"]!["title"]!.GetValue<string>().Should().Be(isSame ? "first" : "second");
        two["article"]!["status"]!.GetValue<string>().Should().Be(isSame ? "archived" : "unread");
    }

    [Fact]
    public async Task A_page_of_another_space_is_not_known_here_and_a_deleted_one_can_be_saved_again()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var anna = await mcp.ConnectAsync();
        var ben = await mcp.ConnectAsync("ben", "space-ben");
        const string Page = """{"url":"https://example.org/a"}""";
        var id = (string)(await anna.CallAsync("articles.save", Page))["article"]!["id"]!;

        (await ben.CallAsync("articles.save", Page))["wasSavedBefore"]!.GetValue<bool>().Should().BeFalse();
        await anna.CallAsync("articles.delete", $$"""{"id":"{{id}}"}""");
        var again = await anna.CallAsync("articles.save", Page);

        again["wasSavedBefore"]!.GetValue<bool>().Should().BeFalse();
        again["article"]!["title"]!.GetValue<string>().Should().Be("example.org/a");
    }

    [Fact]
    public async Task The_list_goes_by_state_tag_and_words_and_leaves_the_texts_out()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var client = await mcp.ConnectAsync();
        var words = string.Join(' ', Enumerable.Repeat("wort", 401));
        var long1 = (await client.CallAsync("articles.save", $$"""{"url":"https://example.org/1","title":"Lang","content":"{{words}} Zebra","tags":["Tech"]}"""))["article"]!;
        await client.CallAsync("articles.save", """{"url":"https://example.org/2","title":"Kurz","tags":["tech","css"]}""");
        await client.CallAsync("articles.save", """{"url":"https://example.org/3","title":"Weg"}""");
        var gone = (await client.CallAsync("articles.list")).Texts("articles", "id")[0];
        await client.CallAsync("articles.archive", $$"""{"id":"{{gone}}"}""");

        long1["wordCount"]!.GetValue<int>().Should().Be(402);
        long1["readingTimeMinutes"]!.GetValue<int>().Should().Be(3);
        var list = await client.CallAsync("articles.list");
        list.Texts("articles", "title").Should().Equal("Kurz", "Lang");
        list["articles"]![1]!["content"].Should().BeNull();
        list["articles"]![1]!["wordCount"]!.GetValue<int>().Should().Be(402);
        (await client.CallAsync("articles.list", """{"tag":"TECH"}""")).Texts("articles", "title").Should().Equal("Kurz", "Lang");
        (await client.CallAsync("articles.list", """{"query":"zebra"}""")).Texts("articles", "title").Should().Equal("Lang");
        (await client.CallAsync("articles.list", """{"status":"archived"}""")).Texts("articles", "title").Should().Equal("Weg");
        (await client.CallAsync("articles.get", $$"""{"id":"{{long1["id"]}}"}"""))["article"]!["content"]!.GetValue<string>().Should().EndWith("Zebra");
    }

    [Fact]
    public async Task Finishing_sets_the_time_of_reading_once()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var client = await mcp.ConnectAsync();
        var saved = (await client.CallAsync("articles.save", """{"url":"https://example.org/1"}"""))["article"]!;
        saved["savedAt"]!.GetValue<string>().Should().Be("2026-11-22T09:00:00.000Z");

        await client.CallAsync("articles.setStatus", $$"""{"id":"{{saved["id"]}}","status":"reading"}""");
        mcp.Clock.Advance(TimeSpan.FromMinutes(5));
        await client.CallAsync("articles.setStatus", $$"""{"id":"{{saved["id"]}}","status":"finished"}""");
        mcp.Clock.Advance(TimeSpan.FromMinutes(5));
        await client.CallAsync("articles.archive", $$"""{"id":"{{saved["id"]}}"}""");
        var again = await client.CallAsync("articles.setStatus", $$"""{"id":"{{saved["id"]}}","status":"finished"}""");

        again["article"]!["readAt"]!.GetValue<string>().Should().Be("2026-11-22T09:05:00.000Z");
    }

    [Fact]
    public async Task Tags_come_and_go_and_highlights_go_with_their_article()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var client = await mcp.ConnectAsync();
        var id = (string)(await client.CallAsync("articles.save", """{"url":"https://example.org/1","tags":["a","b"]}"""))["article"]!["id"]!;

        var tagged = await client.CallAsync("articles.tag", $$"""{"id":"{{id}}","add":["B","c"],"remove":["A"]}""");
        tagged["article"]!["tags"]!.AsArray().Select(tag => (string)tag!).Should().Equal("b", "c");
        var many = string.Join(',', Enumerable.Range(0, 19).Select(i => $"\"t{i}\""));
        (await client.FailAsync("articles.tag", $$"""{"id":"{{id}}","add":[{{many}}]}""")).Should().Contain("would make 21 tags, and an article has at most 20");

        await client.CallAsync("articles.highlight", $$"""{"id":"{{id}}","text":"first","note":"!"}""");
        var mark = (await client.CallAsync("articles.highlight", $$"""{"id":"{{id}}","text":"second","color":"pink"}"""))["highlight"]!;
        mark["articleId"]!.GetValue<string>().Should().Be(id);
        var read = await client.CallAsync("articles.get", $$"""{"id":"{{id}}"}""");
        read.Texts("highlights", "text").Should().Equal("first", "second");
        read.Texts("highlights", "color").Should().Equal("yellow", "pink");

        await client.CallAsync("articles.delete", $$"""{"id":"{{id}}"}""");
        (await client.FailAsync("articles.highlight", $$"""{"id":"{{id}}","text":"third"}""")).Should().Contain("There is no article with id");
        (await mcp.CountAsync("articles.highlights")).Should().Be(0);
    }
}
