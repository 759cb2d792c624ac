using Mana.Contracts;
using Mana.Hosting;
using Mana.Mcp.Records;
using Microsoft.Extensions.DependencyInjection;
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
internal sealed partial class KeyPurge(KeyedAnswers answers, McpSettings settings, DomainClock clock, ILogger<KeyPurge> logger)
    : RepeatedWork(TimeSpan.FromHours(1), clock, logger)
{
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        if (!settings.HonoursKeys)
        {
            Log.SwitchedOff(logger);
        }

        return base.StartAsync(cancellationToken);
    }

    protected override async Task RoundAsync(CancellationToken cancellationToken)
    {
        var purged = await answers.PurgeAsync(cancellationToken);
        Log.Purged(logger, purged);
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "MCP_IDEMPOTENCY is off: idempotency keys are ignored, a repeated write happens twice")]
        public static partial void SwitchedOff(ILogger logger);

        [LoggerMessage(Level = LogLevel.Debug, Message = "{Count} expired idempotency keys removed")]
        public static partial void Purged(ILogger logger, int count);
    }
}
