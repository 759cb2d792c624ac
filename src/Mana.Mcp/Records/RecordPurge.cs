using Mana.Hosting;
using Mana.Hosting.Storage;
using Mana.Mcp.Storage;
using Microsoft.Extensions.Logging;

namespace Mana.Mcp.Records;

/// <summary>Removes for good what was deleted long enough ago, at the start and every hour.</summary>
internal sealed partial class RecordPurge(ServiceDatabase database, McpSettings settings, DomainClock clock, ILogger<RecordPurge> logger)
    : RepeatedWork(TimeSpan.FromHours(1), clock, logger)
{
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
                async (db, ct) =>
                {
                    const string Due = "seq in (select seq from records where deleted_at <= @until order by deleted_at limit @limit)";
                    (string, object?)[] which = [("until", clock.Now() - settings.Bounds.KeepDeleted), ("limit", PurgedAtOnce)];
                    await SpaceQuota.LockAllAsync(db, database.Kind, Due, ct, which);
                    return await db.RunAsync("delete from records where " + Due, ct, which);
                },
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

    protected override async Task RoundAsync(CancellationToken cancellationToken)
    {
        var purged = await PurgeAsync(cancellationToken);
        Log.Purged(logger, purged);
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Debug, Message = "{Count} deleted records removed for good")]
        public static partial void Purged(ILogger logger, int count);
    }
}
