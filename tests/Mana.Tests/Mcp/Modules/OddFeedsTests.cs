using System.Text;

namespace Mana.Tests.Mcp.Modules;

/// <summary>Feeds as they are found: not quite as the standards have them, and still read.</summary>
public sealed class OddFeedsTests
{
    [Fact]
    public async Task A_feed_in_the_letters_of_old_Windows_is_read()
    {
        const string Feed = """<?xml version="1.0" encoding="windows-1252"?><rss><channel><item><title>Grüße – 5 €</title></item></channel></rss>""";
        await using var server = await FeedServer.StartAsync();
        server.Feeds["/feed"] = async context => await context.Response.Body.WriteAsync(
            CodePagesEncodingProvider.Instance.GetEncoding(1252)!.GetBytes(Feed), context.RequestAborted);

        (await TextsAsync(server, "title")).Should().Equal("Grüße – 5 €");
    }

    [Fact]
    public async Task An_empty_line_before_the_declaration_is_passed_over()
    {
        await using var server = (await FeedServer.StartAsync()).With(
            "/feed", "\r\n  <?xml version=\"1.0\"?><rss><channel><item><title>Still here</title></item></channel></rss>");

        (await TextsAsync(server, "title")).Should().Equal("Still here");
    }

    [Fact]
    public async Task The_feeds_own_elements_come_before_those_of_its_extensions()
    {
        await using var server = (await FeedServer.StartAsync()).With("/feed", """
            <feed xmlns="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/">
              <entry>
                <media:title>picture.jpg</media:title><media:content url="https://example.org/picture.jpg"/>
                <title>The headline</title><id>urn:1</id><content>The whole text</content>
              </entry>
            </feed>
            """);

        (await TextsAsync(server, "title")).Should().Equal("The headline");
        (await TextsAsync(server, "summary")).Should().Equal("The whole text");
    }

    [Fact]
    public async Task A_guid_that_is_an_address_is_the_link_where_there_is_no_other()
    {
        await using var server = (await FeedServer.StartAsync()).With("/feed", """
            <rss><channel>
              <item><title>a</title><guid>https://example.org/a</guid></item>
              <item><title>b</title><guid isPermaLink="false">https://example.org/b</guid></item>
              <item><title>c</title><guid>c-1</guid></item>
            </channel></rss>
            """);

        (await TextsAsync(server, "url")).Should().Equal("https://example.org/a", null, null);
    }

    private static async Task<IReadOnlyList<string?>> TextsAsync(FeedServer server, string field)
    {
        await using var mcp = await McpUnderTest.StartAsync(("NEWS_FEEDS", "test=" + server.Url("/feed")));
        var latest = await (await mcp.ConnectAsync()).CallAsync("news-research.latest");
        return [.. latest["articles"]!.AsArray().Select(article => (string?)article![field])];
    }
}
