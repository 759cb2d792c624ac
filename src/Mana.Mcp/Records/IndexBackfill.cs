using Mana.Hosting.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Mana.Mcp.Records;

/// <summary>
/// Indexes the records that were stored before there was an index, in the background and a few at a time: the service
/// is there meanwhile, and its searches find more and more. New records are indexed as they are written.
/// </summary>
internal sealed partial class IndexBackfill(ServiceDatabase database, RecordCatalog catalog, ILogger<IndexBackfill> logger) : BackgroundService
{
    // The writers of the service wait for each batch; so many records take some tens of milliseconds.
    private const int IndexedAtOnce = 200;

    private readonly TaskCompletionSource _completed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Done when every record is in the index.</summary>
    public Task Completed => _completed.Task;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            var total = 0;
            while (await IndexSomeAsync(stoppingToken) is { } indexed)
            {
                total += indexed;
            }

            if (total > 0)
            {
                Log.Indexed(logger, total);
            }

            _completed.SetResult();
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            _completed.SetCanceled(stoppingToken);
        }
        catch (Exception e)
        {
            // Everything but the search of old records works; the next start goes on from here.
            Log.Failed(logger, e);
            _completed.SetException(e);
        }
    }

    // Null when none is left.
    private Task<int?> IndexSomeAsync(CancellationToken cancellationToken) =>
        database.WriteAsync<int?>(
            async (db, ct) =>
            {
                // The first write takes the row's lock on PostgreSQL: a second process waits, and goes on after us.
                var progress = await db.RowAsync<IndexingRow>("update record_indexing set done_until = done_until returning *", ct);
                if (progress is null || progress.DoneUntil >= progress.Last)
                {
                    return null;
                }

                // Writing to them keeps others from changing them until they are indexed as they are now.
                var until = Math.Min(progress.DoneUntil + IndexedAtOnce, progress.Last);
                await SpaceQuota.LockAllAsync(db, database.Kind, "seq > @done and seq <= @until", ct, ("done", progress.DoneUntil), ("until", until));
                var rows = await db.RowsAsync<RecordRow>(
                    "update records set search_text = search_text where seq > @done and seq <= @until and deleted_at is null returning *",
                    ct,
                    ("done", progress.DoneUntil), ("until", until));
                foreach (var row in rows)
                {
                    if (catalog.Find(row.Collection)?.SearchableOf(row) is { } searchable)
                    {
                        await SearchIndex.WriteAsync(db, database.Kind, row, searchable, ct);
                        await db.RunAsync(
                            "update records set search_text = @search where seq = @seq", ct, ("search", SearchText.Fold(searchable.Text)), ("seq", row.Seq));
                    }
                }

                await db.RunAsync("update record_indexing set done_until = @until", ct, ("until", until));
                return rows.Count;
            },
            cancellationToken);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "{Count} earlier records can now be searched")]
        public static partial void Indexed(ILogger logger, int count);

        [LoggerMessage(Level = LogLevel.Error, Message = "Earlier records could not be indexed for the search; the next start goes on")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
