using Mana.Contracts;
using Mana.Hosting;
using Mana.Mcp.Records;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ModelContextProtocol.Server;

namespace Mana.Mcp.Idempotency;

/// <summary>Registers the memory of calls with a key, announces it, and keeps it small.</summary>
internal static class IdempotencyServices
{
    public static IServiceCollection AddIdempotency(this IServiceCollection services)
    {
        services.AddSingleton<CallTurns>();
        services.AddHostedService<KeyPurge>();

        // Announced also where it is switched off: the switch is there to show what happens to a client that trusts in it.
        services.Configure<McpServerOptions>(options =>
        {
            options.Capabilities ??= new();
            options.Capabilities.Experimental ??= new Dictionary<string, object>();
            options.Capabilities.Experimental[McpWire.IdempotencyCapability] = new System.Text.Json.Nodes.JsonObject();
        });
        return services;
    }
}

/// <summary>Removes the expired keys at the start and every hour, and warns where keys are ignored.</summary>
internal sealed partial class KeyPurge(KeyedAnswers answers, McpSettings settings, DomainClock clock, ILogger<KeyPurge> logger) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromHours(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!settings.HonoursKeys)
        {
            Log.SwitchedOff(logger);
        }

        using var timer = new PeriodicTimer(Period, clock);
        try
        {
            do
            {
                try
                {
                    var purged = await answers.PurgeAsync(stoppingToken);
                    Log.Purged(logger, purged);
                }
                catch (Exception e) when (e is not OperationCanceledException)
                {
                    // An expired key that is still there does no harm: it is overlooked.
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
        [LoggerMessage(Level = LogLevel.Warning, Message = "MCP_IDEMPOTENCY is off: idempotency keys are ignored, a repeated write happens twice")]
        public static partial void SwitchedOff(ILogger logger);

        [LoggerMessage(Level = LogLevel.Debug, Message = "{Count} expired idempotency keys removed")]
        public static partial void Purged(ILogger logger, int count);

        [LoggerMessage(Level = LogLevel.Error, Message = "Expired idempotency keys could not be removed; the next round tries again")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
