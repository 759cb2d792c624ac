using Mana.Tests.Mcp.Modules;

namespace Mana.Tests.Mcp.Generated;

/// <summary>What the tool list cannot tell. Keep it short: a line here is something that a model cannot know either.</summary>
internal static class ToolHints
{
    private static readonly Lazy<FeedServer> Feeds = new(() => FeedServer.StartAsync().GetAwaiter().GetResult().With(
        "/feed", "<rss version='2.0'><channel><item><guid>1</guid><title>News</title></item></channel></rss>"));

    /// <summary>Settings of the gateway under test, for tools that need something beyond the records.</summary>
    public static readonly (string Key, string? Value)[] Settings = [("NEWS_FEEDS", "test=" + Feeds.Value.Url("/feed"))];

    /// <summary>Fields whose value only an earlier answer can give.</summary>
    public static readonly IReadOnlyList<string> FromAnswers = ["cursor"];

    /// <summary>Values as JSON by "tool.field", or by "field" for every tool, where a schema cannot say what fits.</summary>
    public static readonly IReadOnlyDictionary<string, string> Values = new Dictionary<string, string>
    {
        ["space"] = $"\"{McpUnderTest.Space}\"",
        ["timeZone"] = "\"Europe/Berlin\"",
        ["recurrenceRule"] = "\"FREQ=DAILY\"",
        ["birthday"] = "\"1990-02-03\"",

        // The first article of the feed above.
        ["news-research.read.articleKey"] = "\"95bd4d757649830c\"",
    };

    /// <summary>Optional fields that the records of the tests are made with, because other tools work on such records only.</summary>
    public static readonly IReadOnlyDictionary<string, IReadOnlyList<string>> MadeWith = new Dictionary<string, IReadOnlyList<string>>
    {
        ["calendar.create"] = ["recurrenceRule"],
    };

    /// <summary>Tools whose new record is read elsewhere than through the reading tools of their module, with the place.</summary>
    public static readonly IReadOnlyDictionary<string, string> ReadElsewhere = new Dictionary<string, string>();
}
