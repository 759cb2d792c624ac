using System.Text.Json.Serialization;

namespace Mana.Mcp.Modules.Articles;

/// <summary>A page of the web that was saved to be read.</summary>
internal sealed record Article
{
    public required string Url { get; init; }

    public required string Title { get; init; }

    public required string? Excerpt { get; init; }

    public required string? Content { get; init; }

    public required string? Author { get; init; }

    public required string? SiteName { get; init; }

    public required string Status { get; init; }

    public required IReadOnlyList<string> Tags { get; init; }

    public required bool IsFavorite { get; init; }

    public required string? UserNote { get; init; }

    public required int? WordCount { get; init; }

    public required int? ReadingTimeMinutes { get; init; }

    public required string SavedAt { get; init; }

    /// <summary>When it was finished for the first time.</summary>
    public required string? ReadAt { get; init; }
}

/// <summary>A passage of an article that the user marked.</summary>
internal sealed record Highlight
{
    public required string ArticleId { get; init; }

    public required string Text { get; init; }

    public required string? Note { get; init; }

    public required string Color { get; init; }
}

internal sealed record SaveArticle(
    string Url, string? Title, string? Excerpt, string? Content, string? Author, string? SiteName, IReadOnlyList<string> Tags, string? UserNote);

internal sealed record ListArticles(string? Status, string? Tag, bool FavoritesOnly, string? Query, int Limit, string? Cursor);

internal sealed record TagArticle(string Id, IReadOnlyList<string> Add, IReadOnlyList<string> Remove);

internal sealed record AddHighlight(string Id, string Text, string? Note, string Color);

internal sealed record SetArticleStatus(string Id, string Status);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Article))]
[JsonSerializable(typeof(Highlight))]
[JsonSerializable(typeof(SaveArticle))]
[JsonSerializable(typeof(ListArticles))]
[JsonSerializable(typeof(TagArticle))]
[JsonSerializable(typeof(AddHighlight))]
[JsonSerializable(typeof(SetArticleStatus))]
internal sealed partial class ArticlesJson : JsonSerializerContext;
