using System.Net;
using System.Threading.Channels;
using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;
using Mana.Auth.Storage;
using Mana.Hosting;
using Mana.Hosting.Identity;
using Mana.Hosting.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Mana.Auth.Spaces;

/// <summary>
/// Asks mana-mcp to remove the records of deleted spaces. The queue is a table, filled in the transaction that deletes,
/// so nothing is forgotten when mana-mcp or this service is down; a row leaves it when mana-mcp has agreed a second time.
/// </summary>
internal sealed partial class SpaceCleanup(
    ServiceDatabase database, AuthSettings settings, DomainClock clock, AuthMetrics metrics, ILogger<SpaceCleanup> logger) : BackgroundService
{
    private const int Batch = 50;
    private static readonly TimeSpan FirstDelay = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromHours(1);

    // A node of mana-mcp believes a membership for half a minute: what is written meanwhile by its leave has to go, too.
    private static readonly TimeSpan AskedAgainAfter = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(10);

    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Adds spaces to the queue within the caller's transaction; <see cref="Wake"/> afterwards.</summary>
    public static async Task EnqueueAsync(DataConnection db, IEnumerable<string> spaceIds, DateTimeOffset now, CancellationToken cancellationToken)
    {
        foreach (var id in spaceIds)
        {
            await db.InsertAsync(new SpaceCleanupRow { SpaceId = id, NextAttemptAt = now, CreatedAt = now }, token: cancellationToken);
        }
    }

    /// <summary>Looks at the queue now.</summary>
    public void Wake() => _wake.Writer.TryWrite(true);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false }) { Timeout = RequestTimeout };
        client.DefaultRequestHeaders.Add(ServiceKey.Header, settings.ServiceKey.Value);
        while (!stoppingToken.IsCancellationRequested)
        {
            var wait = LongestDelay;
            try
            {
                wait = await WorkAsync(client, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // The database may be away for a while; the queue is in it, so there is nothing to lose.
                Log.Failed(logger, e);
                wait = FirstDelay;
            }

            await WaitAsync(wait, stoppingToken);
        }
    }

    /// <summary>The pause before the next try: 5 s, doubled each time, an hour at most.</summary>
    internal static TimeSpan DelayAfter(int attempts) =>
        attempts > 10 ? LongestDelay : TimeSpan.FromTicks(Math.Min(LongestDelay.Ticks, FirstDelay.Ticks << (attempts - 1)));

    private async Task WaitAsync(TimeSpan wait, CancellationToken stoppingToken)
    {
        if (wait <= TimeSpan.Zero)
        {
            return;
        }

        using var timer = new CancellationTokenSource(wait, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, stoppingToken);
        try
        {
            await _wake.Reader.ReadAsync(either.Token);
        }
        catch (OperationCanceledException)
        {
            // Time is up, or the service stops: the loop looks which.
        }
    }

    private async Task<TimeSpan> WorkAsync(HttpClient client, CancellationToken cancellationToken)
    {
        var now = clock.Now();
        var due = await database.ReadAsync(
            (db, ct) => db.GetTable<SpaceCleanupRow>()
                .Where(row => row.NextAttemptAt <= now)
                .OrderBy(row => row.NextAttemptAt)
                .Take(Batch)
                .ToListAsync(ct),
            cancellationToken);
        foreach (var row in due)
        {
            await AttemptAsync(client, row, cancellationToken);
        }

        var next = await database.ReadAsync(
            (db, ct) => db.GetTable<SpaceCleanupRow>().Select(row => (DateTimeOffset?)row.NextAttemptAt).MinAsync(ct), cancellationToken);
        return next - clock.Now() is { } left && left < LongestDelay ? left : LongestDelay;
    }

    private async Task AttemptAsync(HttpClient client, SpaceCleanupRow row, CancellationToken cancellationToken)
    {
        var error = await RequestAsync(client, row.SpaceId, cancellationToken);
        metrics.SpaceCleanup(error is null);
        if (error is null && row.CreatedAt + AskedAgainAfter is var again && again > clock.Now())
        {
            (row.LastError, row.NextAttemptAt) = (null, again);
            row.Attempts++;
            await database.WriteAsync((db, ct) => db.UpdateAsync(row, token: ct), cancellationToken);
            return;
        }

        if (error is null)
        {
            await database.WriteAsync(
                (db, ct) => db.GetTable<SpaceCleanupRow>().DeleteAsync(queued => queued.SpaceId == row.SpaceId, ct), cancellationToken);
            return;
        }

        row.Attempts++;
        row.LastError = error;
        row.NextAttemptAt = clock.Now() + DelayAfter(row.Attempts);
        Log.Refused(logger, row.SpaceId, row.Attempts, error);
        await database.WriteAsync((db, ct) => db.UpdateAsync(row, token: ct), cancellationToken);
    }

    // Null when the records are gone; 404 means that there were none.
    private async Task<string?> RequestAsync(HttpClient client, string spaceId, CancellationToken cancellationToken)
    {
        try
        {
            var url = new Uri($"{settings.McpUrl.AbsoluteUri.TrimEnd('/')}/api/v1/internal/spaces/{Uri.EscapeDataString(spaceId)}");
            using var response = await client.DeleteAsync(url, cancellationToken);
            return response.IsSuccessStatusCode || response.StatusCode == HttpStatusCode.NotFound ? null : $"HTTP {(int)response.StatusCode}";
        }
        catch (HttpRequestException e)
        {
            return e.Message;
        }
        catch (TaskCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return "no answer in time";
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "mana-mcp did not remove the records of space {SpaceId} (try {Attempt}): {Error}")]
        public static partial void Refused(ILogger logger, string spaceId, int attempt, string error);

        [LoggerMessage(Level = LogLevel.Error, Message = "The queue of deleted spaces cannot be read")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
