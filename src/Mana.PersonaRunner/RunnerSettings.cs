using Mana.Contracts;
using Mana.Hosting;
using Mana.Hosting.Identity;
using Mana.Hosting.Storage;
using Mana.PersonaRunner.Brains;
using Mana.PersonaRunner.Ticks.Cluster;
using Microsoft.Extensions.Configuration;

namespace Mana.PersonaRunner;

/// <summary>The settings of the runner, by the names of their environment variables.</summary>
internal sealed record RunnerSettings
{
    // Enough for the slots of a beat's look after the other, and few enough to cost some 30 MB.
    private const int LeastQueue = 1000;

    /// <summary><c>MANA_AUTH_URL</c>, default http://localhost:3001.</summary>
    public required Uri AuthUrl { get; init; }

    /// <summary><c>MANA_MCP_URL</c>, default http://localhost:3069; <c>/mcp</c> is appended.</summary>
    public required Uri McpUrl { get; init; }

    /// <summary><c>MANA_SERVICE_KEY</c>; null switches the tick loop off.</summary>
    public ServiceKey? ServiceKey { get; init; }

    /// <summary><c>PERSONA_SEED_SECRET</c>; the development value is refused in production. Never log it.</summary>
    public required string SeedSecret { private get; init; }

    /// <summary><c>TICK_INTERVAL_MS</c>, default 60000: how often the due personas are asked for, in domain time.</summary>
    public required TimeSpan TickInterval { get; init; }

    /// <summary><c>PERSONA_CONCURRENCY</c>, default 2: ticks side by side.</summary>
    public required int Concurrency { get; init; }

    /// <summary>
    /// <c>PERSONA_QUEUE</c>, default 1000 or twice the ticks side by side: how many ticks of each node may be open and wait
    /// for a slot. Who is due beyond them stays due, and is let in as they begin.
    /// </summary>
    public required int Queue { get; init; }

    /// <summary><c>TICK_DEADLINE_MS</c>, default 600000 (10 min): a tick that takes longer ends as timed-out.</summary>
    public required TimeSpan TickDeadline { get; init; }

    /// <summary><c>MAX_TURNS</c>, default 15: model turns of the conversation, without the rating.</summary>
    public required int MaxTurns { get; init; }

    /// <summary><c>TOOL_CALL_TIMEOUT_MS</c>, default 60000: the longest that one tool call may take.</summary>
    public required TimeSpan ToolCallTimeout { get; init; }

    /// <summary><c>DRAIN_MS</c>, default 20000: how long a stop waits for running ticks.</summary>
    public required TimeSpan DrainTime { get; init; }

    /// <summary><c>RUNNER_PAUSED</c>: start paused.</summary>
    public required bool StartPaused { get; init; }

    /// <summary><c>BRAIN</c>: claude or simulated; null means claude where a key is set, else simulated.</summary>
    public required string BrainName { get; init; }

    /// <summary>How to reach Claude; null without a key.</summary>
    public required ClaudeSettings? Claude { get; init; }

    /// <summary>
    /// <c>LLM_MAX_CONCURRENCY</c>, <c>LLM_REQUESTS_PER_MINUTE</c>, <c>LLM_INPUT_TOKENS_PER_MINUTE</c>,
    /// <c>LLM_OUTPUT_TOKENS_PER_MINUTE</c>: never exceeded, over all nodes together. Unset, only what the provider states holds.
    /// </summary>
    public required LlmLimits LlmLimits { get; init; }

    /// <summary>How this node meets others.</summary>
    public required ClusterSettings Cluster { get; init; }

    /// <summary>The runner's own store.</summary>
    public required DatabaseSettings Database { get; init; }

    /// <summary>The password of a persona, derived.</summary>
    public string PasswordOf(string email) => PersonaPassword.Derive(email, SeedSecret);

    /// <summary>Reads everything and gathers the faults.</summary>
    public static RunnerSettings Read(SettingsReader settings, IConfiguration configuration, ManaEnvironment environment)
    {
        var key = settings.Optional(ServiceKey.SettingKey);
        var claude = ClaudeSettings.Read(settings);
        var seedSecret = ReadSeedSecret(settings, configuration, environment);
        if (environment.IsProduction)
        {
            GuardProduction(settings, key, claude);
        }

        var database = DatabaseSettings.Read(settings, "runner");
        var concurrency = settings.PositiveInt("PERSONA_CONCURRENCY", 2);
        return new RunnerSettings
        {
            AuthUrl = settings.Url("MANA_AUTH_URL", "http://localhost:3001"),
            McpUrl = settings.Url("MANA_MCP_URL", "http://localhost:3069"),
            ServiceKey = key is null ? null : new ServiceKey(key),
            SeedSecret = seedSecret,
            TickInterval = TimeSpan.FromMilliseconds(settings.PositiveInt("TICK_INTERVAL_MS", 60_000)),
            Concurrency = concurrency,
            Queue = settings.PositiveInt("PERSONA_QUEUE", (int)Math.Min(int.MaxValue, Math.Max(LeastQueue, 2L * concurrency))),
            TickDeadline = TimeSpan.FromMilliseconds(settings.PositiveInt("TICK_DEADLINE_MS", 600_000)),
            MaxTurns = settings.PositiveInt("MAX_TURNS", 15),
            ToolCallTimeout = TimeSpan.FromMilliseconds(settings.PositiveInt("TOOL_CALL_TIMEOUT_MS", 60_000)),
            DrainTime = TimeSpan.FromMilliseconds(settings.PositiveInt("DRAIN_MS", 20_000)),
            StartPaused = settings.Flag("RUNNER_PAUSED", false),
            BrainName = ReadBrain(settings, environment, claude),
            Claude = claude,
            LlmLimits = new LlmLimits(
                ReadLimit(settings, "LLM_MAX_CONCURRENCY"),
                ReadLimit(settings, "LLM_REQUESTS_PER_MINUTE"),
                ReadLimit(settings, "LLM_INPUT_TOKENS_PER_MINUTE"),
                ReadLimit(settings, "LLM_OUTPUT_TOKENS_PER_MINUTE")),
            Cluster = ClusterSettings.Read(settings, database),
            Database = database,
        };
    }

    /// <inheritdoc/>
    public override string ToString() => $"runner settings (auth {AuthUrl}, mcp {McpUrl}, brain {BrainName})";

    private static long? ReadLimit(SettingsReader settings, string key) => settings.Optional(key) is null ? null : settings.PositiveInt(key, 1);

    private static string ReadSeedSecret(SettingsReader settings, IConfiguration configuration, ManaEnvironment environment)
    {
        const string Key = "PERSONA_SEED_SECRET";
        var value = configuration[Key];
        if (value is { Length: 0 })
        {
            // Set but empty is no wish for the default: an empty key would make passwords that anyone can derive.
            settings.Fault($"{Key} is empty; set a secret, or leave it out in development");
        }
        else if (environment.IsProduction && value is null or PersonaPassword.DevelopmentSeedSecret)
        {
            settings.Fault($"{Key} (dev fallback in prod)");
        }

        return value is { Length: > 0 } ? value : PersonaPassword.DevelopmentSeedSecret;
    }

    private static void GuardProduction(SettingsReader settings, string? serviceKey, ClaudeSettings? claude)
    {
        if (serviceKey is null or ServiceKey.DevelopmentValue)
        {
            settings.Fault(serviceKey is null ? ServiceKey.SettingKey : $"{ServiceKey.SettingKey} (development value)");
        }

        if (claude is null)
        {
            settings.Fault(ClaudeSettings.ApiKeyKey);
        }
    }

    private static string ReadBrain(SettingsReader settings, ManaEnvironment environment, ClaudeSettings? claude)
    {
        switch (settings.Text("BRAIN", "auto"))
        {
            case "auto":
                return claude is not null ? Brain.Claude : Brain.Simulated;
            case Brain.Claude:
                if (claude is null && !environment.IsProduction)
                {
                    settings.Fault($"BRAIN=claude needs {ClaudeSettings.ApiKeyKey}; set it, or use BRAIN=simulated");
                }

                return Brain.Claude;
            case Brain.Simulated:
                return Brain.Simulated;
            case var other:
                settings.Fault($"BRAIN must be auto, claude or simulated, got \"{other}\"");
                return Brain.Simulated;
        }
    }
}
