using System.Text.Json;
using Mana.Hosting;

namespace Mana.Mcp.Modules.NewsResearch;

/// <summary>Where news come from.</summary>
/// <param name="Feeds"><c>NEWS_FEEDS</c>: a comma list of name=url, or the path of a JSON file {"name": "url"}; none by default.</param>
/// <param name="Refresh"><c>NEWS_REFRESH_MINUTES</c>: how often the feeds are asked; 15 by default.</param>
/// <param name="Timeout"><c>NEWS_TIMEOUT_MS</c>: how long one feed may take; 10 s by default.</param>
/// <param name="MaxBytes"><c>NEWS_MAX_BYTES</c>: how long one feed may be, unpacked; 4 MiB by default.</param>
internal sealed record NewsSettings(IReadOnlyList<FeedSource> Feeds, TimeSpan Refresh, TimeSpan Timeout, int MaxBytes)
{
    private const string Key = "NEWS_FEEDS";
    private const int MaxFeeds = 200;

    public static NewsSettings Read(SettingsReader settings) => new(
        ReadFeeds(settings),
        TimeSpan.FromMinutes(settings.PositiveInt("NEWS_REFRESH_MINUTES", 15)),
        TimeSpan.FromMilliseconds(settings.PositiveInt("NEWS_TIMEOUT_MS", 10_000)),
        settings.PositiveInt("NEWS_MAX_BYTES", 4 * 1024 * 1024));

    private static List<FeedSource> ReadFeeds(SettingsReader settings)
    {
        var feeds = new List<FeedSource>();
        foreach (var (name, address) in Pairs(settings))
        {
            if (name.Length is 0 or > 80 || feeds.Exists(feed => feed.Name.Equals(name, StringComparison.OrdinalIgnoreCase)))
            {
                settings.Fault($"{Key} must give each feed a name of its own, of at most 80 characters; got \"{name}\"");
            }
            else if (!Uri.TryCreate(address, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || url.UserInfo.Length > 0)
            {
                // An address may hold a secret: name the feed only.
                settings.Fault($"{Key}: the address of \"{name}\" must be an absolute http(s) URL without credentials");
            }
            else
            {
                feeds.Add(new FeedSource(name, url));
            }
        }

        if (feeds.Count > MaxFeeds)
        {
            settings.Fault($"{Key} must name at most {MaxFeeds} feeds");
        }

        return feeds;
    }

    private static IEnumerable<(string Name, string Address)> Pairs(SettingsReader settings)
    {
        if (settings.Optional(Key) is not { } text)
        {
            return [];
        }

        if (text.EndsWith(".json", StringComparison.OrdinalIgnoreCase) && !text.Contains('=', StringComparison.Ordinal))
        {
            try
            {
                using var file = JsonDocument.Parse(File.ReadAllText(text));
                return [.. file.RootElement.EnumerateObject().Select(feed => (feed.Name.Trim(), feed.Value.GetString() ?? ""))];
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException)
            {
                settings.Fault($"{Key} names the file {text}, which must be JSON such as {{\"heise\": \"https://www.heise.de/rss/heise.rdf\"}}: {e.Message}");
                return [];
            }
        }

        return text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(feed => feed.Split('=', 2, StringSplitOptions.TrimEntries))
            .Select(feed => feed.Length == 2 ? (feed[0], feed[1]) : ("", feed[0]));
    }
}

/// <summary>A feed by the name that the operator gave it.</summary>
internal sealed record FeedSource(string Name, Uri Url);
