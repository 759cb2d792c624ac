using System.Text.Json.Serialization;

namespace Mana.Mcp.Modules.NewsResearch;

internal sealed record LatestNews(string? Source, string? Since, int Limit);

internal sealed record SearchNews(string Query, string? Source, int Limit);

internal sealed record ReadNews(string ArticleKey);

internal sealed record NewsSources
{
    public required IReadOnlyList<NewsSource> Sources { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Hint { get; init; }
}

internal sealed record NewsSource
{
    public required string Name { get; init; }

    public required string Host { get; init; }

    public required int Articles { get; init; }

    public required string? FetchedAt { get; init; }

    /// <summary>Why it could not be read last time.</summary>
    public required string? Fault { get; init; }
}

internal sealed record NewsList
{
    public required IReadOnlyList<NewsHeadline> Articles { get; init; }

    public required bool HasMore { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Hint { get; init; }
}

internal sealed record NewsHeadline
{
    public required string ArticleKey { get; init; }

    public required string Source { get; init; }

    public required string Title { get; init; }

    public required string? Url { get; init; }

    public required string? Author { get; init; }

    public required string? PublishedAt { get; init; }

    public required string Summary { get; init; }
}

internal sealed record NewsText
{
    public required NewsHeadline Article { get; init; }

    public required string Content { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(LatestNews))]
[JsonSerializable(typeof(SearchNews))]
[JsonSerializable(typeof(ReadNews))]
[JsonSerializable(typeof(NewsSources))]
[JsonSerializable(typeof(NewsList))]
[JsonSerializable(typeof(NewsText))]
internal sealed partial class NewsJson : JsonSerializerContext;
