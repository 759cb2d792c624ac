using System.Collections.Concurrent;
using Mana.Hosting;
using Mana.Mcp.Tools;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Mana.Mcp.Modules.NewsResearch;

/// <summary>How a feed stands.</summary>
/// <param name="Source">The feed.</param>
/// <param name="Articles">What it held when it was last read.</param>
/// <param name="FetchedAt">When that was, or when it was last found unchanged; null when it was never read.</param>
/// <param name="Fault">Why the last try failed; null when it did not.</param>
/// <param name="Version">For the next question.</param>
internal sealed record Feed(FeedSource Source, IReadOnlyList<NewsArticle> Articles, DateTimeOffset? FetchedAt, string? Fault, FeedVersion? Version);

/// <summary>
/// Reads the feeds at the start and every few minutes, and holds what they said. Tools read from here: no call of a tool
/// makes a request to a feed, and a feed that fails keeps what it said before.
/// </summary>
internal sealed partial class NewsDesk(NewsSettings settings, FeedClient client, DomainClock clock, ILogger<NewsDesk> logger) : BackgroundService
{
    private const int FetchedAtOnce = 4;

    private readonly ConcurrentDictionary<string, Feed> _feeds = new(
        settings.Feeds.Select(feed => KeyValuePair.Create(feed.Name, new Feed(feed, [], null, null, null))), StringComparer.OrdinalIgnoreCase);

    private readonly Dictionary<string, TaskCompletionSource> _firstTries = settings.Feeds.ToDictionary(
        feed => feed.Name, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), StringComparer.OrdinalIgnoreCase);

    /// <summary>The feeds in the order of the setting, each read or tried at least once; who has to wait for that hears how far it is.</summary>
    public async Task<IReadOnlyList<Feed>> FeedsAsync(ToolCall call, CancellationToken cancellationToken)
    {
        var waiting = _firstTries.Values.Where(first => !first.Task.IsCompleted).Select(first => first.Task).ToList();
        var tried = settings.Feeds.Count - waiting.Count;
        if (waiting.Count > 0 && tried > 0)
        {
            Report();
        }

        await foreach (var first in Task.WhenEach(waiting).WithCancellation(cancellationToken))
        {
            await first;
            tried++;
            Report();
        }

        return [.. settings.Feeds.Select(feed => _feeds[feed.Name])];

        void Report() => call.ReportProgress(tried, settings.Feeds.Count, $"{tried} of {settings.Feeds.Count} feeds asked");
    }

    /// <summary>Asks every feed once.</summary>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        await Parallel.ForEachAsync(
            settings.Feeds,
            new ParallelOptions { MaxDegreeOfParallelism = FetchedAtOnce, CancellationToken = cancellationToken },
            async (source, ct) =>
            {
                _feeds[source.Name] = await RefreshAsync(_feeds[source.Name], ct);
                _firstTries[source.Name].TrySetResult();
            });
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(settings.Refresh, clock);
        try
        {
            do
            {
                await RefreshAsync(stoppingToken);
            }
            while (settings.Feeds.Count > 0 && await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            foreach (var first in _firstTries.Values)
            {
                first.TrySetCanceled(stoppingToken);
            }
        }
    }

    private async Task<Feed> RefreshAsync(Feed feed, CancellationToken cancellationToken)
    {
        try
        {
            var fetched = await client.FetchAsync(feed.Source, feed.Version, cancellationToken);
            return feed with { Articles = fetched.Articles ?? feed.Articles, FetchedAt = clock.Now(), Fault = null, Version = fetched.Version };
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            Log.Failed(logger, feed.Source.Name, e.Message);
            return feed with { Fault = e is FeedException ? e.Message : "an error on our side" };
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "The feed {Name} could not be read: {Reason}")]
        public static partial void Failed(ILogger logger, string name, string reason);
    }
}
