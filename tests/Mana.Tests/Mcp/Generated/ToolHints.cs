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

    /// <summary>Values as JSON by "tool.field", where a schema cannot say what fits.</summary>
    public static readonly IReadOnlyDictionary<string, string> Values = new Dictionary<string, string>
    {
        ["calendar.create.start"] = "\"2026-11-23\"",
        ["calendar.create.recurrenceRule"] = "\"FREQ=DAILY\"",
        ["calendar.create.timeZone"] = "\"Europe/Berlin\"",
        ["calendar.update.recurrenceRule"] = "\"FREQ=DAILY\"",
        ["calendar.update.timeZone"] = "\"Europe/Berlin\"",
        ["calendar.skipOccurrence.date"] = "\"2026-11-24\"",

        // The first article of the feed above.
        ["news-research.read.articleKey"] = "\"95bd4d757649830c\"",
    };

    /// <summary>Tools whose new record is read elsewhere than through the reading tools of their module, with the place.</summary>
    public static readonly IReadOnlyDictionary<string, string> ReadElsewhere = new Dictionary<string, string>();

    /// <summary>Optional fields that are given where records are made for other tools: a date can only be skipped of an event that recurs.</summary>
    public static readonly IReadOnlyDictionary<string, string[]> AlsoGiven = new Dictionary<string, string[]> { ["calendar.create"] = ["recurrenceRule"] };

    /// <summary>Tools that make a record, but know one that they made before: an address is saved once.</summary>
    public static readonly IReadOnlyList<string> KnowAgain = ["articles.save"];
}
