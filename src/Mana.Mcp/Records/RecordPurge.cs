using Mana.Hosting;
using Mana.Hosting.Storage;
using Mana.Mcp.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Mana.Mcp.Records;

/// <summary>Removes for good what was deleted long enough ago, at the start and every hour.</summary>
internal sealed partial class RecordPurge(ServiceDatabase database, McpSettings settings, DomainClock clock, ILogger<RecordPurge> logger) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromHours(1);

    // The writers of the service wait for each batch; so many rows take a few milliseconds.
    private const int PurgedAtOnce = 500;

    /// <summary>Removes what is due, a little at a time, and says how much it was.</summary>
    public async Task<int> PurgeAsync(CancellationToken cancellationToken)
    {
        var purged = 0;
        int last;
        do
        {
            last = await database.WriteAsync(
                (db, ct) => db.RunAsync(
                    "delete from records where seq in (select seq from records where deleted_at <= @until order by deleted_at limit @limit)",
                    ct,
                    ("until", clock.Now() - settings.Bounds.KeepDeleted), ("limit", PurgedAtOnce)),
                cancellationToken);
            purged += last;
        }
        while (last == PurgedAtOnce);

        await database.WriteAsync((db, ct) => Removals.ForgetAsync(db, clock.Now(), ct), cancellationToken);
        if (database.Kind == DatabaseKind.PostgreSql)
        {
            await database.WriteAsync((db, ct) => SharedCallRates.ForgetAsync(db, clock.Now(), ct), cancellationToken);
        }

        return purged;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, clock);
        try
        {
            do
            {
                try
                {
                    var purged = await PurgeAsync(stoppingToken);
                    Log.Purged(logger, purged);
                }
                catch (Exception e) when (e is not OperationCanceledException)
                {
                    // What stays an hour longer is seen by no tool all the same.
                    Log.Failed(logger, e);
                }
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The service stops.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Debug, Message = "{Count} deleted records removed for good")]
        public static partial void Purged(ILogger logger, int count);

        [LoggerMessage(Level = LogLevel.Error, Message = "Deleted records could not be removed; the next round tries again")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
