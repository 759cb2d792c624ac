using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Mana.Mcp.Records;

/// <summary>
/// Indexes the records that were stored before there was an index, in the background and a few at a time: the service
/// is there meanwhile, and its searches find more and more. New records are indexed as they are written.
/// </summary>
internal sealed partial class IndexBackfill(RecordStore records, RecordCatalog catalog, ILogger<IndexBackfill> logger) : BackgroundService
{
    private readonly TaskCompletionSource _completed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Done when every record is in the index.</summary>
    public Task Completed => _completed.Task;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            var total = 0;
            while (await records.IndexSomeAsync(catalog, stoppingToken) is { } indexed)
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

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "{Count} earlier records can now be searched")]
        public static partial void Indexed(ILogger logger, int count);

        [LoggerMessage(Level = LogLevel.Error, Message = "Earlier records could not be indexed for the search; the next start goes on")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
