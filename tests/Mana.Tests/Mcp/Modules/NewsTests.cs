using System.IO.Compression;
using System.Net;
using System.Text;
using Mana.Hosting;
using Mana.Mcp.Modules.NewsResearch;
using Mana.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol;

namespace Mana.Tests.Mcp.Modules;

public sealed class NewsTests
{
    private const string Rss = """
        <?xml version="1.0" encoding="utf-8"?>
        <rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/">
          <channel>
            <title>Beispiel</title>
            <item>
              <title>Züge fahren &amp;uuml;ber Nacht</title><link>/nachtzug</link><guid isPermaLink="false">a1</guid>
              <dc:creator>Ada</dc:creator><pubDate>Sat, 21 Nov 2026 18:30:00 GMT</pubDate>
              <description><![CDATA[<p>Mehr <b>Betten</b> auf der Strecke.</p><script>alert(1)</script>]]></description>
              <content:encoded><![CDATA[<p>Mehr Betten.</p><p>Der ganze Text &lt; 5 Zeilen.</p>]]></content:encoded>
            </item>
            <item><title>Ohne Datum</title><link>javascript:alert(1)</link></item>
            <item></item>
          </channel>
        </rss>
        """;

    private const string Atom = """
        <feed xmlns="http://www.w3.org/2005/Atom">
          <entry>
            <title type="html">Neuer &lt;i&gt;Zug&lt;/i&gt;</title><id>urn:1</id><updated>2026-11-22T08:00:00+01:00</updated>
            <link rel="self" href="https://example.org/self"/><link rel="alternate" href="https://example.org/zug"/>
            <author><name>Ben</name></author><summary>Kurz</summary>
            <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Lang</p></div></content>
          </entry>
        </feed>
        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Rss_and_atom_are_read_listed_searched_and_shown_as_plain_text()
    {
        await using var server = (await FeedServer.StartAsync()).With("/rss", Rss).With("/atom", Atom);
        await using var mcp = await StartAsync($"bahn={server.Url("/rss")}, technik = {server.Url("/atom")}");
        var client = await mcp.ConnectAsync();

        var latest = await client.CallAsync("news-research.latest");

        latest.Texts("articles", "title").Should().Equal("Neuer Zug", "Züge fahren über Nacht", "Ohne Datum");
        latest.Texts("articles", "source").Should().Equal("technik", "bahn", "bahn");
        ((string?)latest["articles"]![0]!["url"]).Should().Be("https://example.org/zug");
        ((string?)latest["articles"]![0]!["author"]).Should().Be("Ben");
        ((string?)latest["articles"]![0]!["publishedAt"]).Should().Be("2026-11-22T07:00:00.000Z");
        ((string?)latest["articles"]![1]!["url"]).Should().Be(server.Url("/nachtzug"));
        ((string?)latest["articles"]![1]!["summary"]).Should().Be("Mehr Betten auf der Strecke.");
        ((string?)latest["articles"]![2]!["url"]).Should().BeNull("a script is no address");

        (await client.CallAsync("news-research.search", """{"query":"betten zue"}""")).Texts("articles", "title").Should().Equal("Züge fahren über Nacht");
        (await client.CallAsync("news-research.latest", """{"source":"technik","since":"2026-11-22T07:00:01Z"}"""))["articles"]!.AsArray().Should().BeEmpty();
        var key = (string)latest["articles"]![1]!["articleKey"]!;
        ((string?)(await client.CallAsync("news-research.read", $$"""{"articleKey":"{{key}}"}"""))["content"]).Should().Be("Mehr Betten. Der ganze Text < 5 Zeilen.");
        (await client.FailAsync("news-research.read", """{"articleKey":"gone"}""")).Should().Contain("There is no article \"gone\"");
        var sources = await client.CallAsync("news-research.sources");
        sources.Texts("sources", "name").Should().Equal("bahn", "technik");
        ((int)sources["sources"]![0]!["articles"]!).Should().Be(2);
    }

    [Theory]
    [InlineData("newsResearch.latest")]
    [InlineData("news_research.latest")]
    public async Task The_module_may_be_spelt_in_other_ways_and_is_listed_in_one(string name)
    {
        await using var mcp = await StartAsync(null);
        var client = await mcp.ConnectAsync();

        (await client.CallAsync(name))["hint"]!.GetValue<string>().Should().Contain("NEWS_FEEDS");
        (await client.ListToolsAsync(cancellationToken: Cancellation)).Select(tool => tool.Name).Should().Contain("news-research.latest").And.NotContain(name);
        (await mcp.MetricAsync("mana_mcp_tool_invocations_total", ("tool", "news-research.latest"), ("outcome", "success"))).Should().Be(1);
    }

    [Fact]
    public async Task Feeds_are_asked_again_after_a_while_only_for_what_has_changed_and_a_failing_one_keeps_what_it_had()
    {
        var isAway = false;
        await using var server = await FeedServer.StartAsync();
        var notModified = 0;
        server.Feeds["/rss"] = context =>
        {
            if (isAway)
            {
                context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
                return Task.CompletedTask;
            }

            context.Response.Headers.ETag = "\"v1\"";
            if (context.Request.Headers.IfNoneMatch == "\"v1\"")
            {
                notModified++;
                context.Response.StatusCode = StatusCodes.Status304NotModified;
                return Task.CompletedTask;
            }

            return context.Response.WriteAsync(Rss);
        };
        await using var mcp = await StartAsync($"bahn={server.Url("/rss")}");
        var client = await mcp.ConnectAsync();
        var desk = mcp.Host.Services.GetRequiredService<NewsDesk>();
        await client.CallAsync("news-research.latest");
        await client.CallAsync("news-research.latest");
        server.Requests.Should().Be(1, "a tool does not ask the feed");

        await desk.RefreshAsync(Cancellation);
        notModified.Should().Be(1);
        (await client.CallAsync("news-research.latest"))["articles"]!.AsArray().Should().HaveCount(2);

        isAway = true;
        await desk.RefreshAsync(Cancellation);
        (await client.CallAsync("news-research.latest"))["articles"]!.AsArray().Should().HaveCount(2);
        ((string?)(await client.CallAsync("news-research.sources"))["sources"]![0]!["fault"]).Should().Be("the server answered 503");
    }

    [Fact]
    public async Task A_hostile_feed_harms_nobody_and_the_others_are_read()
    {
        await using var outside = (await FeedServer.StartAsync()).With("/secret", Rss);
        await using var server = (await FeedServer.StartAsync()).With("/good", Rss);
        server.With("/laughs", """
            <?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
            <rss><channel><item><title>&b;</title></item></channel></rss>
            """);
        server.With("/file", """<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY f SYSTEM "file:///etc/passwd">]><rss><channel><item><title>&f;</title></item></channel></rss>""");
        server.With("/html", "<html><body>no feed</body></html>").With("/broken", "<rss><channel><item>").With("/empty", "");
        server.With("/deep", "<rss>" + string.Concat(Enumerable.Repeat("<a>", 20_000)) + string.Concat(Enumerable.Repeat("</a>", 20_000)) + "</rss>");
        server.Feeds["/endless"] = async context =>
        {
            await context.Response.WriteAsync("<rss><channel>");
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.WriteAsync(new string(' ', 100_000), context.RequestAborted);
            }
        };
        server.Feeds["/bomb"] = async context =>
        {
            context.Response.Headers.ContentEncoding = "gzip";
            await using var zip = new GZipStream(context.Response.Body, CompressionLevel.Fastest);
            for (var i = 0; i < 100 && !context.RequestAborted.IsCancellationRequested; i++)
            {
                await zip.WriteAsync(new byte[1_000_000]);
            }
        };
        server.Feeds["/slow"] = async context =>
        {
            await context.Response.WriteAsync("<rss>");
            await context.Response.Body.FlushAsync();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        };
        Redirect("/loop", "/loop");
        Redirect("/inside", outside.Url("/secret"));
        Redirect("/scheme", "file:///etc/passwd");
        Redirect("/moved", "/good");
        string[] names = ["laughs", "file", "html", "broken", "empty", "deep", "endless", "bomb", "slow", "loop", "inside", "scheme", "missing", "moved", "good"];
        await using var mcp = await StartAsync(string.Join(',', names.Select(name => $"{name}={server.Url("/" + name)}")));
        var client = await mcp.ConnectAsync();

        var sources = await client.CallAsync("news-research.sources");

        var faults = sources["sources"]!.AsArray().ToDictionary(source => (string)source!["name"]!, source => (string?)source!["fault"]);
        faults["laughs"].Should().Contain("DTD");
        faults["file"].Should().Contain("DTD");
        faults["html"].Should().Contain("no feed");
        faults["broken"].Should().Contain("no readable feed");
        faults["empty"].Should().Contain("no readable feed");
        faults["deep"].Should().BeNull("it is a feed without articles");
        faults["endless"].Should().Contain("longer than 1000000 bytes");
        faults["bomb"].Should().Contain("longer than 1000000 bytes");
        faults["slow"].Should().Contain("took longer");
        faults["loop"].Should().Contain("too often");
        faults["inside"].Should().Contain("may not go");
        faults["scheme"].Should().Contain("may not go");
        faults["missing"].Should().Contain("404");
        faults["moved"].Should().BeNull();
        faults["good"].Should().BeNull();
        outside.Requests.Should().Be(0);
        (await client.CallAsync("news-research.latest", """{"source":"good"}"""))["articles"]!.AsArray().Should().HaveCount(2);

        void Redirect(string path, string target) => server.Feeds[path] = context =>
        {
            context.Response.StatusCode = StatusCodes.Status302Found;
            context.Response.Headers.Location = target;
            return Task.CompletedTask;
        };
    }

    [Fact]
    public async Task A_public_name_that_leads_to_this_machine_is_not_followed_from_the_setting_nor_from_a_redirect()
    {
        await using var server = (await FeedServer.StartAsync()).With("/rss", Rss);
        var port = new Uri(server.Url("/")).Port;
        server.Feeds["/away"] = context =>
        {
            context.Response.StatusCode = StatusCodes.Status302Found;
            context.Response.Headers.Location = $"http://news.example.org:{port}/rss";
            return Task.CompletedTask;
        };
        var asked = new List<string>();
        ResolveHost resolve = (host, _) =>
        {
            lock (asked)
            {
                asked.Add(host);
            }

            return Task.FromResult<IPAddress[]>(host == "nowhere.example.org" ? [] : [IPAddress.Loopback]);
        };
        string[] feeds =
        [
            $"public=http://feeds.example.org:{port}/rss", $"away={server.Url("/away")}", $"own=http://feeds.internal:{port}/rss",
            $"single=http://localhost:{port}/rss", $"none=http://nowhere.example.org:{port}/rss",
        ];
        await using var mcp = await McpUnderTest.StartAsync(
            services => services.AddSingleton(resolve), ("POLICY_MODE", "off"), ("NEWS_FEEDS", string.Join(',', feeds)), ("NEWS_TIMEOUT_MS", "3000"));
        var client = await mcp.ConnectAsync();

        var sources = await client.CallAsync("news-research.sources");

        var faults = sources["sources"]!.AsArray().ToDictionary(source => (string)source!["name"]!, source => (string?)source!["fault"]);
        faults["public"].Should().Be("its name leads into a private network, where it may not go");
        faults["away"].Should().Be("its name leads into a private network, where it may not go");
        faults["own"].Should().BeNull("its name says that it is inside, and the operator wrote it");
        faults["single"].Should().BeNull();
        faults["none"].Should().Be("the server cannot be reached");
        server.Requests.Should().Be(3, "the redirect itself, and the two that are inside by their names");
        asked.Should().BeEquivalentTo("feeds.example.org", "news.example.org", "feeds.internal", "localhost", "nowhere.example.org");
    }

    [Fact]
    public async Task Of_the_addresses_of_a_name_only_the_public_ones_are_connected_to()
    {
        IPAddress[] found = [IPAddress.Parse("10.0.0.1"), IPAddress.Parse("93.184.215.14"), IPAddress.IPv6Loopback];

        (await HostAddresses.AllowedAsync("example.org", (_, _) => Task.FromResult(found), Cancellation)).Should().Equal(found[1]);
        (await HostAddresses.AllowedAsync("printer.lan", (_, _) => Task.FromResult(found), Cancellation)).Should().Equal(found);
    }

    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("0.0.0.0", true)]
    [InlineData("10.1.2.3", true)]
    [InlineData("172.16.0.1", true)]
    [InlineData("172.32.0.1", false)]
    [InlineData("192.168.178.1", true)]
    [InlineData("169.254.169.254", true)]
    [InlineData("100.64.0.1", true)]
    [InlineData("224.0.0.1", true)]
    [InlineData("255.255.255.255", true)]
    [InlineData("8.8.8.8", false)]
    [InlineData("::1", true)]
    [InlineData("::", true)]
    [InlineData("fe80::1", true)]
    [InlineData("fd12:3456::1", true)]
    [InlineData("ff02::1", true)]
    [InlineData("::ffff:127.0.0.1", true)]
    [InlineData("::ffff:8.8.8.8", false)]
    [InlineData("64:ff9b::a00:1", true)]
    [InlineData("64:ff9b::808:808", false)]
    [InlineData("2002:7f00:1::", true)]
    [InlineData("2001:4860:4860::8888", false)]
    public void Which_addresses_lead_inside(string address, bool isInside) => HostAddresses.IsInside(IPAddress.Parse(address)).Should().Be(isInside);

    [Fact]
    public async Task A_client_that_asks_for_progress_is_told_which_feeds_are_still_waited_for()
    {
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = (await FeedServer.StartAsync()).With("/quick", Rss);
        server.Feeds["/slow"] = async context =>
        {
            await release.Task.WaitAsync(context.RequestAborted);
            await context.Response.WriteAsync(Atom);
        };
        await using var mcp = await McpUnderTest.StartAsync(
            ("POLICY_MODE", "off"), ("NEWS_FEEDS", $"quick={server.Url("/quick")},slow={server.Url("/slow")}"), ("NEWS_TIMEOUT_MS", "600000"));
        var client = await mcp.ConnectAsync();
        var told = new List<ProgressNotificationValue>();
        var progress = new Told(value =>
        {
            told.Add(value);
            if (value.Progress == 1)
            {
                release.TrySetResult();
            }
        });

        var result = await client.CallToolAsync("news-research.latest", progress: progress, cancellationToken: Cancellation);

        result.IsError.Should().NotBeTrue(result.Text());
        told.Should().Contain(value => value.Progress == 1 && value.Total == 2 && value.Message == "1 of 2 feeds asked");
        result.Text().Should().Contain("Neuer Zug").And.Contain("Ohne Datum");
    }

    private sealed class Told(Action<ProgressNotificationValue> report) : IProgress<ProgressNotificationValue>
    {
        public void Report(ProgressNotificationValue value) => report(value);
    }

    [Theory]
    [InlineData("heise", "must give each feed a name")]
    [InlineData("a=http://x.test/1,A=http://x.test/2", "a name of its own")]
    [InlineData("a=file:///etc/passwd", "must be an absolute http(s) URL")]
    [InlineData("a=http://user:hidden@x.test/", "without credentials")]
    [InlineData("/no/such/file.json", "which must be JSON")]
    public void A_wrong_setting_stops_the_start_and_gives_no_secret_away(string feeds, string fault)
    {
        var reader = new SettingsReader(HostUnderTest.Configuration(new Dictionary<string, string?> { ["NEWS_FEEDS"] = feeds }));

        NewsSettings.Read(reader);

        reader.Errors.Should().ContainSingle().Which.Should().Contain(fault).And.NotContain("hidden");
    }

    [Fact]
    public async Task The_feeds_may_stand_in_a_file()
    {
        using var directory = new TemporaryDirectory();
        var file = Path.Combine(directory.Path, "feeds.json");
        await File.WriteAllTextAsync(file, """{"a":"https://x.test/rss?a=1,2"}""", Cancellation);

        var settings = NewsSettings.Read(new SettingsReader(HostUnderTest.Configuration(new Dictionary<string, string?> { ["NEWS_FEEDS"] = file })));

        settings.Feeds.Should().Equal(new FeedSource("a", new Uri("https://x.test/rss?a=1,2")));
    }

    [Theory]
    [InlineData("a < b and c > d", "a < b and c > d")]
    [InlineData("<p>one<br/>two</p>", "one two")]
    [InlineData("x<style>p{color:red}</style>y<!-- z -->w", "x y w")]
    [InlineData("<script>never", "")]
    [InlineData("open <b", "open")]
    [InlineData("&amp;lt;b&amp;gt; &#228;", "&lt;b&gt; ä")]
    public void Html_becomes_text(string html, string text) => FeedReader.PlainText(html).Should().Be(text);

    [Fact]
    public void Dates_of_feeds_are_read_in_their_many_forms()
    {
        foreach (var date in (string[])["Sun, 22 Nov 2026 09:00:00 +0100", "22 Nov 2026 08:00 UT", "Sun, 22 Nov 2026 03:00:00 EST", "2026-11-22T08:00:00Z", "2026-11-22 08:00"])
        {
            var feed = $"<rss><channel><item><title>x</title><pubDate>{date}</pubDate></item></channel></rss>";
            FeedReader.Read("f", new Uri("http://x.test/"), new MemoryStream(Encoding.UTF8.GetBytes(feed))).Single().PublishedAt
                .Should().Be(new DateTimeOffset(2026, 11, 22, 8, 0, 0, TimeSpan.Zero), because: date);
        }
    }

    private static Task<McpUnderTest> StartAsync(string? feeds) =>
        McpUnderTest.StartAsync(("POLICY_MODE", "off"), ("NEWS_FEEDS", feeds), ("NEWS_TIMEOUT_MS", "3000"), ("NEWS_MAX_BYTES", "1000000"));
}
