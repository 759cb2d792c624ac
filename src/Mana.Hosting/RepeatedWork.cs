using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Mana.Hosting;

/// <summary>
/// Work that is done at the start of a service and then again and again, such as removing what has expired. A round that
/// fails is logged as an error and does not end the rounds.
/// </summary>
/// <param name="period">From the beginning of one round to that of the next.</param>
/// <param name="time">The clock of the period.</param>
/// <param name="logger">Where a round that failed is written.</param>
public abstract partial class RepeatedWork(TimeSpan period, TimeProvider time, ILogger logger) : BackgroundService
{
    /// <summary>One round.</summary>
    protected abstract Task RoundAsync(CancellationToken cancellationToken);

    /// <inheritdoc/>
    protected sealed override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(period, time);
        try
        {
            do
            {
                try
                {
                    await RoundAsync(stoppingToken).ConfigureAwait(false);
                }
                catch (Exception e) when (e is not OperationCanceledException)
                {
                    Log.Failed(logger, GetType().Name, e);
                }
            }
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The service stops.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "{Work} failed; the next round tries again")]
        public static partial void Failed(ILogger logger, string work, Exception exception);
    }
}
