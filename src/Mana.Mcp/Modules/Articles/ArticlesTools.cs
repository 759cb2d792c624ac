using System.Text.Json.Nodes;
using Mana.Mcp.Records;
using Mana.Mcp.Tools;
using Mana.Mcp.Tools.Schemas;

namespace Mana.Mcp.Modules.Articles;

/// <summary>The reading list: pages to read, being read, read, with what was marked in them.</summary>
internal sealed class ArticlesTools() : ToolModule("articles")
{
    private const string Unread = "unread";
    private const string Finished = "finished";
    private const string Archived = "archived";
    private const int WordsPerMinute = 200;
    private const int MaxTags = 20;
    private const int MaxHighlights = 200;

    private static readonly string[] Statuses = [Unread, "reading", Finished, Archived];

    private static readonly RecordShapes<Article> Articles = new(
        new RecordSet<Article>("articles.articles", "article", ArticlesJson.Default.Article)
        {
            FoundBy = "articles.list",
            State = article => article.Status,

            // By the page, so that the article of an address is found without a look at all of them.
            Parent = article => WebPage.Key(article.Url),
            Once = article => WebPage.Key(article.Url),
            Searched = article => string.Join('\n', article.Title, article.Excerpt, article.Author, article.SiteName, article.UserNote, string.Join(' ', article.Tags), article.Content),
        },
        "article",
        "articles");

    private static readonly RecordShapes<Highlight> Highlights = new(
        new RecordSet<Highlight>("articles.highlights", "highlight", ArticlesJson.Default.Highlight)
        {
            FoundBy = "articles.get",
            Parent = highlight => highlight.ArticleId,
            Searched = highlight => $"{highlight.Text}\n{highlight.Note}",
        },
        "highlight",
        "highlights");

    private static readonly OutputShape<(Stored<Article> Article, bool IsOld)> Saved = OutputShape.Of<(Stored<Article> Article, bool IsOld)>(
        [new("article", Articles.RecordSchema), new("wasSavedBefore", new JsonObject { ["type"] = "boolean" })],
        saved => new JsonObject { ["article"] = Articles.View(saved.Article), ["wasSavedBefore"] = saved.IsOld });

    private static readonly OutputShape<(Stored<Article> Article, RecordPage<Highlight> Highlights)> Whole =
        OutputShape.Of<(Stored<Article> Article, RecordPage<Highlight> Highlights)>(
            [new("article", Articles.RecordSchema), new("highlights", new JsonObject { ["type"] = "array", ["items"] = Highlights.RecordSchema.DeepClone() })],
            read => new JsonObject { ["article"] = Articles.View(read.Article), ["highlights"] = Highlights.Views(read.Highlights.Items) });

    public override IEnumerable<ToolDefinition> Tools() =>
    [
        Tool(
            "save", "Save an article", ToolEffect.Adds,
            "Puts a web page on the reading list, unread. Use it when the user comes across something to read later. Give the title, and the text in content when it is known: nothing is fetched from the web. "
            + "A page that was saved before is not saved again: the answer shows the first one, unchanged, with wasSavedBefore true.",
            InputSchema.Of(
                Field.Url("url").Required().About("The address of the page."),
                Title().OrNull().Default(null), Excerpt().Default(null), Content().Default(null), Author().Default(null), SiteName().Default(null),
                Tags().Default(new JsonArray()), UserNote().Default(null)),
            ArticlesJson.Default.SaveArticle, Saved, SaveAsync),
        Tool(
            "list", "List articles", ToolEffect.Reads,
            "Lists the saved articles without their text, newest first, page by page; archived ones only with status archived. Use it to pick something to read, to see what was read about a subject, or to find an id.",
            InputSchema.Of(
                Field.OneOf("status", Statuses).About("Only articles in this state."),
                Field.Text("tag", 1, 60).About("Only articles with this tag."),
                Field.Flag("favoritesOnly").Default(false).About("True to see favorites only."),
                Field.Text("query", 1, 200).About("Only articles with this in their title, text, author, site, tags or note."),
                Field.Limit(max: 100, fallback: 20),
                Field.Cursor()),
            ArticlesJson.Default.ListArticles, Articles.Page, ListAsync),
        ById(
            "get", "Show an article", ToolEffect.Reads,
            "Reads one article with its whole text and everything that was highlighted in it. Use it to read or to answer from an article.",
            "article", Whole, GetAsync),
        Update(
            Articles,
            "Changes fields of an article: title, excerpt, content, author, siteName, userNote, isFavorite. Only the given fields change. For the state use articles.setStatus, for tags articles.tag.",
            [
                Title(), Excerpt(), Content(), Author(), SiteName(), UserNote(),
                Field.Flag("isFavorite").About("True for an article that the user loves."),
            ],
            Counted),
        Tool(
            "tag", "Tag an article", ToolEffect.Changes,
            "Adds tags to an article and takes others off; a tag that it has already stays once. Use it to sort the reading list by subject.",
            InputSchema.Of(
                ArticleId(),
                Tags("add").Required().About("Tags to add; none when it is only about taking some off."),
                Tags("remove").Default(new JsonArray()).About("Tags to take off.")),
            ArticlesJson.Default.TagArticle, Articles.Changed,
            (arguments, call, cancellationToken) => call.Records.UpdateAsync(
                Articles.Set, arguments.Id, article => Tagged(article, arguments), cancellationToken)),
        Tool(
            "highlight", "Highlight a passage", ToolEffect.Adds,
            "Marks a passage of an article, in the words of the article, with a note if there is something to say. Use it for what the user wants to remember; articles.get shows all of them.",
            InputSchema.Of(
                ArticleId(),
                Field.Text("text", 1, 5000).Required().About("The passage, word for word."),
                Field.Text("note", max: 2000).OrNull().Default(null).About("What the user thinks of it."),
                Field.OneOf("color", ["yellow", "green", "blue", "pink"]).Default("yellow").About("The color of the mark.")),
            ArticlesJson.Default.AddHighlight, Highlights.One, HighlightAsync),
        Tool(
            "setStatus", "Set the state of an article", ToolEffect.Changes,
            "Says how far the user is with an article: unread, reading, finished or archived. Use it when the user begins or finishes it. The first finish sets readAt.",
            InputSchema.Of(ArticleId(), Field.OneOf("status", Statuses).Required().About("The new state.")),
            ArticlesJson.Default.SetArticleStatus, Articles.Changed,
            (arguments, call, cancellationToken) => call.Records.UpdateAsync(
                Articles.Set,
                arguments.Id,
                article => article with
                {
                    Status = arguments.Status,
                    ReadAt = article.ReadAt ?? (arguments.Status == Finished ? Iso.Time(call.Now) : null),
                },
                cancellationToken)),
        ById(
            "archive", "Archive an article", ToolEffect.Changes,
            "Takes an article off the reading list without losing it or its highlights. Use it for what was read, or will not be. articles.setStatus brings it back.",
            "article", Articles.Changed,
            (id, call, cancellationToken) => call.Records.UpdateAsync(Articles.Set, id, article => article with { Status = Archived }, cancellationToken)),
        Delete(
            Highlights,
            "Takes a highlight off an article. Use it for one that was made by mistake; articles.get shows their ids.",
            "leave the highlight, and make a better one with articles.highlight.", "deleteHighlight", "highlightId"),
        DeleteWithParts(
            Articles,
            Highlights.Set,
            "Removes an article with its highlights. Use it only for one that was saved by mistake; what was read, or will not be, is archived with articles.archive.",
            "take the article off the list with articles.archive."),
    ];

    private static Field ArticleId() => Field.Id().Required().About("The id of the article, as articles.list or articles.save returns it.");

    private static Field Title() => Field.Text("title", 1, 500).About("The title of the page.");

    private static Field Excerpt() => Field.Text("excerpt", max: 2000).OrNull().About("What it is about, in a few sentences.");

    private static Field Content() => Field.Text("content", max: 200_000).OrNull().About("The text of the page, if it is known.");

    private static Field Author() => Field.Text("author", max: 200).OrNull().About("Who wrote it.");

    private static Field SiteName() => Field.Text("siteName", max: 200).OrNull().About("The name of the site or magazine.");

    private static Field UserNote() => Field.Text("userNote", max: 5000).OrNull().About("Why it was saved, or what the user thinks of it.");

    private static Field Tags(string name = "tags") => Field.List(name, Field.Text("tag", 1, 60), max: MaxTags).About("Key words.");

    private static async Task<(Stored<Article> Article, bool IsOld)> SaveAsync(SaveArticle arguments, ToolCall call, CancellationToken cancellationToken)
    {
        var url = WebPage.Address(arguments.Url);
        var before = await call.Records.ListAsync(Articles.Set, new RecordQuery(1, ParentId: WebPage.Key(url)), cancellationToken);
        if (before.Items is [var first])
        {
            return (first, true);
        }

        var article = await call.Records.CreateAsync(
            Articles.Set,
            _ => Counted(new Article
            {
                Url = url,
                Title = arguments.Title ?? WebPage.TitleOf(url),
                Excerpt = arguments.Excerpt,
                Content = arguments.Content,
                Author = arguments.Author,
                SiteName = arguments.SiteName,
                Status = Unread,
                Tags = Words.Distinct(arguments.Tags),
                IsFavorite = false,
                UserNote = arguments.UserNote,
                WordCount = null,
                ReadingTimeMinutes = null,
                SavedAt = Iso.Time(call.Now),
                ReadAt = null,
            }),
            cancellationToken);
        return (article, false);
    }

    private static async Task<RecordPage<Article>> ListAsync(ListArticles arguments, ToolCall call, CancellationToken cancellationToken)
    {
        var page = await call.Records.ListAsync(
            Articles.Set,
            new RecordQuery(arguments.Limit, State: arguments.Status, Search: arguments.Query, Cursor: arguments.Cursor),
            article => (arguments.Status is not null || article.Status != Archived)
                && (article.IsFavorite || !arguments.FavoritesOnly)
                && Words.Has(article.Tags, arguments.Tag),
            cancellationToken);

        // A reading list of whole texts would be more than any model can take in.
        return page with { Items = [.. page.Items.Select(article => article with { Data = article.Data with { Content = null } })] };
    }

    private static async Task<(Stored<Article> Article, RecordPage<Highlight> Highlights)> GetAsync(string id, ToolCall call, CancellationToken cancellationToken)
    {
        var article = await call.Records.GetAsync(Articles.Set, id, cancellationToken);
        var highlights = await call.Records.ListAsync(
            Highlights.Set, new RecordQuery(MaxHighlights, ParentId: article.Id, IsAscending: true), cancellationToken);
        return (article, highlights);
    }

    private static async Task<Stored<Highlight>> HighlightAsync(AddHighlight arguments, ToolCall call, CancellationToken cancellationToken)
    {
        var article = await call.Records.GetAsync(Articles.Set, arguments.Id, cancellationToken);
        if (await call.Records.CountAsync(Highlights.Set, new RecordQuery(0, ParentId: article.Id), cancellationToken) >= MaxHighlights)
        {
            throw new ToolInputException($"\"id\" is that of an article with {MaxHighlights} highlights, which is all that it can have.");
        }

        return await call.Records.CreateAsync(
            Highlights.Set,
            _ => new Highlight { ArticleId = article.Id, Text = arguments.Text, Note = arguments.Note, Color = arguments.Color },
            cancellationToken);
    }

    private static Article Counted(Article article)
    {
        int? words = article.Content is null ? null : Words.Count(article.Content);
        return article with { WordCount = words, ReadingTimeMinutes = (words + WordsPerMinute - 1) / WordsPerMinute };
    }

    private static Article Tagged(Article article, TagArticle arguments)
    {
        var tags = Words.Distinct(article.Tags.Where(tag => !Words.Has(arguments.Remove, tag)).Concat(arguments.Add));
        return tags.Count <= MaxTags
            ? article with { Tags = tags }
            : throw new ToolInputException($"\"add\" would make {tags.Count} tags, and an article has at most {MaxTags}; take some off with remove.");
    }
}
