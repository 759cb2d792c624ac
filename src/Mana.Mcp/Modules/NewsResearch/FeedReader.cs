using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Xml;
using System.Xml.Linq;

namespace Mana.Mcp.Modules.NewsResearch;

/// <summary>Something that a feed published, as plain text.</summary>
/// <param name="Id">The same for the same article at every reading.</param>
/// <param name="Source">The name of the feed.</param>
/// <param name="Title">The headline.</param>
/// <param name="Url">Where it can be read in full; null when the feed does not say.</param>
/// <param name="Author">Who wrote it, if known.</param>
/// <param name="PublishedAt">When, if known.</param>
/// <param name="Summary">The beginning.</param>
/// <param name="Content">All that the feed holds of it.</param>
internal sealed record NewsArticle(
    string Id, string Source, string Title, string? Url, string? Author, DateTimeOffset? PublishedAt, string Summary, string Content);

/// <summary>
/// Reads RSS (0.9 to 2.0) and Atom, generously where a feed is sloppy, but without anything that reaches out of the
/// document: no DTD, so no entities that grow or that read files.
/// </summary>
internal static class FeedReader
{
    private const int MaxArticles = 200;
    private const int MaxTitle = 500;
    private const int MaxSummary = 400;
    private const int MaxContent = 20_000;

    private static readonly Dictionary<string, string> Zones = new(StringComparer.OrdinalIgnoreCase)
    {
        ["UT"] = "+00:00",
        ["UTC"] = "+00:00",
        ["GMT"] = "+00:00",
        ["EST"] = "-05:00",
        ["EDT"] = "-04:00",
        ["CST"] = "-06:00",
        ["CDT"] = "-05:00",
        ["MST"] = "-07:00",
        ["MDT"] = "-06:00",
        ["PST"] = "-08:00",
        ["PDT"] = "-07:00",
        ["CET"] = "+01:00",
        ["CEST"] = "+02:00",
    };

    /// <param name="source">The name of the feed.</param>
    /// <param name="address">The address that relative links belong to.</param>
    /// <param name="document">The whole feed.</param>
    /// <exception cref="XmlException">It is no feed, or one that tries something.</exception>
    public static IReadOnlyList<NewsArticle> Read(string source, Uri address, Stream document)
    {
        SkipBlanks(document);
        using var reader = XmlReader.Create(document, new XmlReaderSettings
        {
            DtdProcessing = DtdProcessing.Prohibit,
            XmlResolver = null,
            IgnoreComments = true,
            IgnoreProcessingInstructions = true,
        });
        var root = XDocument.Load(reader).Root!;
        var entries = root.Name.LocalName switch
        {
            "feed" => root.Elements().Where(element => element.Name.LocalName == "entry"),
            "rss" or "RDF" => root.Elements().Concat(root.Elements().SelectMany(channel => channel.Elements())).Where(element => element.Name.LocalName == "item"),
            _ => throw new XmlException($"The document is no feed: it begins with {Cut(root.Name.LocalName, 40)}."),
        };
        return [.. entries.Take(MaxArticles).Select(entry => Article(source, address, entry)).OfType<NewsArticle>().DistinctBy(article => article.Id)];
    }

    private static NewsArticle? Article(string source, Uri address, XElement entry)
    {
        var title = Cut(PlainText(Value(entry, "title")), MaxTitle);
        var link = LinkOf(address, entry);
        var content = Cut(PlainText(Value(entry, "encoded", "content", "description", "summary")), MaxContent);
        if (title.Length == 0 && content.Length == 0)
        {
            return null;
        }

        var author = entry.Elements().FirstOrDefault(element => element.Name.LocalName is "creator" or "author");
        var own = Value(entry, "guid", "id");
        return new NewsArticle(
            IdOf(source, own.Length > 0 ? own : link ?? title),
            source,
            title.Length > 0 ? title : Cut(content, 80),
            link,
            author is null ? null : NullIfEmpty(Cut(PlainText(author.Elements().FirstOrDefault(element => element.Name.LocalName == "name")?.Value ?? author.Value), 200)),
            TimeOf(Value(entry, "pubDate", "published", "date", "updated")),
            Cut(PlainText(Value(entry, "summary", "description", "content", "encoded")), MaxSummary),
            content);
    }

    // The first of these that says something; of one name the feed's own element before those of its extensions (media:title).
    private static string Value(XElement entry, params string[] names) =>
        names
            .SelectMany(name => entry.Elements().Where(element => element.Name.LocalName == name).OrderBy(element => element.Name.Namespace != entry.Name.Namespace))
            .Select(element => element.Value.Trim())
            .FirstOrDefault(value => value.Length > 0) ?? "";

    // Before the XML declaration nothing may stand, and many a feed begins with an empty line.
    private static void SkipBlanks(Stream document)
    {
        int read;
        do
        {
            read = document.ReadByte();
        }
        while (read is ' ' or '\t' or '\r' or '\n');

        document.Position -= read < 0 ? 0 : 1;
    }

    private static string? LinkOf(Uri address, XElement entry)
    {
        var links = entry.Elements().Where(element => element.Name.LocalName == "link").ToList();
        var link = links.Find(element => (string?)element.Attribute("rel") is null or "alternate");
        var text = ((string?)link?.Attribute("href") ?? link?.Value)?.Trim();
        if (string.IsNullOrEmpty(text) && entry.Elements().FirstOrDefault(element => element.Name.LocalName == "guid") is { } guid && (string?)guid.Attribute("isPermaLink") != "false")
        {
            text = guid.Value.Trim() is var own && own.Contains("://", StringComparison.Ordinal) ? own : null;
        }

        return !string.IsNullOrEmpty(text) && text.Length <= 2000 && Uri.TryCreate(address, text, out var url) && url.Scheme is "http" or "https" ? url.AbsoluteUri : null;
    }

    private static DateTimeOffset? TimeOf(string text)
    {
        // RFC 822 names zones, .NET reads offsets.
        var space = text.LastIndexOf(' ');
        if (space > 0 && Zones.TryGetValue(text[(space + 1)..], out var offset))
        {
            text = text[..space] + " " + offset;
        }

        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AllowWhiteSpaces, out var time)
            ? time.ToUniversalTime()
            : null;
    }

    private static string IdOf(string source, string own) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{source}\n{own}")).AsSpan(0, 8));

    /// <summary>HTML as text: no tags, no scripts, one space where there was any.</summary>
    internal static string PlainText(string html)
    {
        var text = new StringBuilder(html.Length);
        var position = 0;
        while (position < html.Length)
        {
            var open = html.IndexOf('<', position);
            if (open < 0)
            {
                text.Append(html, position, html.Length - position);
                break;
            }

            text.Append(html, position, open - position);
            if (open + 1 >= html.Length || !(char.IsAsciiLetter(html[open + 1]) || html[open + 1] is '/' or '!' or '?'))
            {
                text.Append('<');
                position = open + 1;
                continue;
            }

            text.Append(' ');
            position = EndOfTag(html, open);
        }

        return string.Join(' ', WebUtility.HtmlDecode(text.ToString()).Split(default(char[]), StringSplitOptions.RemoveEmptyEntries))
            .Replace("\0", "", StringComparison.Ordinal);
    }

    private static int EndOfTag(string html, int open)
    {
        foreach (var hidden in (string[])["script", "style"])
        {
            if (string.Compare(html, open + 1, hidden, 0, hidden.Length, StringComparison.OrdinalIgnoreCase) == 0)
            {
                var end = html.IndexOf("</" + hidden, open, StringComparison.OrdinalIgnoreCase);
                open = end < 0 ? html.Length - 1 : end;
            }
        }

        var close = html.IndexOf('>', open);
        return close < 0 ? html.Length : close + 1;
    }

    private static string Cut(string text, int length) =>
        text.Length <= length ? text : text[..(char.IsHighSurrogate(text[length - 1]) ? length - 1 : length)] + "…";

    private static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;
}
