using Mana.Hosting;
using Mana.Hosting.Http;
using Mana.Hosting.Observability;
using Mana.Hosting.Storage;
using Mana.PersonaRunner.Brains;
using Mana.PersonaRunner.Brains.Simulated;
using Mana.PersonaRunner.Dashboard;
using Mana.PersonaRunner.Diagnostics;
using Mana.PersonaRunner.Platform;
using Mana.PersonaRunner.Recording;
using Mana.PersonaRunner.Ticks;
using Mana.PersonaRunner.Ticks.Cluster;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Mana.PersonaRunner;

/// <summary>The host of <c>mana-persona-runner</c>.</summary>
public static partial class RunnerHost
{
    /// <summary>The port when <c>PORT</c> is unset.</summary>
    public const int DefaultPort = GeneratedPort.Default;

    /// <summary>The service's name in logs, metrics and <c>/health</c>.</summary>
    public const string Service = "mana-persona-runner";

    /// <summary>Makes the service, its database migrated and ready; it listens and ticks once started.</summary>
    /// <param name="configuration">The only source of settings.</param>
    /// <param name="clock">The domain clock; null for the system's.</param>
    /// <exception cref="ConfigurationException">Names everything that is wrong with the settings.</exception>
    public static WebApplication Create(IConfiguration configuration, TimeProvider? clock = null) => Create(configuration, clock, null);

    /// <summary>As <see cref="Create(IConfiguration, TimeProvider?)"/>, with another brain than the configured one.</summary>
    /// <param name="configuration">The only source of settings.</param>
    /// <param name="clock">The domain clock; null for the system's.</param>
    /// <param name="brain">Who speaks for the personas; null for the configured one.</param>
    /// <param name="time">The clock of time-outs and deadlines; null for the system's.</param>
    public static WebApplication Create(IConfiguration configuration, TimeProvider? clock, Brain? brain, TimeProvider? time = null) =>
        Create(configuration, clock, brain, time, null);

    /// <summary>As above, with other services in the place of some: the benchmarks' platform for instance.</summary>
    internal static WebApplication Create(
        IConfiguration configuration, TimeProvider? clock, Brain? brain, TimeProvider? time, Action<IServiceCollection>? replace)
    {
        var reader = new SettingsReader(configuration);
        var environment = ManaEnvironment.From(configuration);
        var builder = ServiceHost.CreateBuilder(Service, configuration, clock, reader, DefaultPort);
        var settings = RunnerSettings.Read(reader, configuration, environment);
        if (environment.IsProduction && reader.Errors.Count > 0)
        {
            throw new ConfigurationException($"{Service} production start blocked — missing/unsafe: {string.Join(", ", reader.Errors)}");
        }

        reader.ThrowIfInvalid(Service);

        if (time is not null)
        {
            builder.Services.AddSingleton(time);
        }

        builder.Services.AddSingleton(settings);
        builder.Services.AddRecording(settings);
        builder.Services.AddPlatform();
        builder.Services.AddBrain(settings, brain);
        builder.AddCluster(settings.Cluster, settings.Database);
        builder.Services.AddLlmBudget(settings.LlmLimits, brain?.Name ?? settings.BrainName);
        builder.Services.AddTicks(settings);
        builder.Services.AddSingleton<RunnerMetrics>();
        builder.Services.AddSingleton<TickFeed>();
        builder.Services.AddSingleton<LivePage>();
        replace?.Invoke(builder.Services);

        var app = builder.Build();
        app.UseManaDefaults();
        app.MapHealth();
        app.MapManaMetrics();
        app.MapDiagnostics();
        app.MapRunnerApi();
        app.MapOperationsApi();
        app.MapLivePage();

        // Now, for its name tells when the run began.
        app.Services.GetRequiredService<RunName>();
        var speaker = app.Services.GetRequiredService<Brain>();
        if (speaker.Name == Brain.Simulated)
        {
            Log.Simulated(app.Logger, settings.Claude is null ? "no " + ClaudeSettings.ApiKeyKey : "as BRAIN says");
        }

        return app;
    }

    private static void AddRecording(this IServiceCollection services, RunnerSettings settings)
    {
        services.AddSingleton(_ => ServiceDatabase.Open(settings.Database, typeof(RunnerHost).Assembly));
        services.AddSingleton<TickStore>();
        services.AddSingleton<OpenTicks>();
        services.AddSingleton<PersonaStates>();
        services.AddSingleton<TickReader>();
        services.AddSingleton<TickPurge>();
        services.AddSingleton<PlayedTicksReader>();
        services.AddSingleton<Outbox>();
    }

    private static void AddPlatform(this IServiceCollection services)
    {
        // One pool for all personas. No cookie jar (each persona has its own) and no redirects (a token must not follow one).
        services.AddSingleton(_ => new HttpClient(new SocketsHttpHandler
        {
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            MaxConnectionsPerServer = 256,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            UseCookies = false,
            AllowAutoRedirect = false,
        })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        });
        services.AddSingleton<ManaAuthClient>();
        services.AddSingleton<PersonaSessions>();
        services.AddSingleton<McpConnector>();
        services.AddSingleton<IPlatform, ManaPlatform>();
    }

    private static void AddBrain(this IServiceCollection services, RunnerSettings settings, Brain? brain) =>
        services.AddSingleton(provider =>
        {
            var permits = provider.GetRequiredService<ILlmPermits>();
            if (brain is null && settings.BrainName == Brain.Claude)
            {
                return ClaudeBrain.Create(
                    settings.Claude!, null, permits, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILoggerFactory>());
            }

            var chosen = brain ?? SimulatedBrain.Create();
            return chosen with { Client = new PermitChatClient(chosen.Client, permits, ClaudeSettings.DefaultMaxTokens) };
        });

    private static void AddTicks(this IServiceCollection services, RunnerSettings settings)
    {
        services.AddSingleton(new TickLimits(settings.TickDeadline, settings.MaxTurns));
        services.AddSingleton(provider => new PersonaTick(
            provider.GetRequiredService<IPlatform>(),
            provider.GetRequiredService<Brain>(),
            provider.GetRequiredService<TickReader>(),
            provider.GetRequiredService<DomainClock>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<TickLimits>(),
            provider.GetRequiredService<ILogger<PersonaTick>>()));
        services.AddSingleton<OutboxDelivery>();
        services.AddSingleton<TickRunner>();
        services.AddSingleton(provider => RunName.New(provider.GetRequiredService<DomainClock>()));
        services.AddSingleton<TickRounds>();
        services.AddSingleton<TickEnds>();
        services.AddSingleton<TickOperations>();
        services.AddSingleton<RunnerPurge>();
        services.AddSingleton<TickClock>();

        // Stopped in reverse order: first nobody new is asked, then the running ticks end, then the last rows go out.
        services.AddHostedService<PauseLoader>();
        services.AddHostedService(provider => provider.GetRequiredService<OutboxDelivery>());
        services.AddHostedService(provider => provider.GetRequiredService<TickRunner>());
        services.AddHostedService(provider => provider.GetRequiredService<TickClock>());
        services.AddHostedService<TickFeedRelay>();
    }

    private sealed class PauseLoader(PauseSwitch pause) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => pause.LoadAsync(cancellationToken);

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "The brain is SIMULATED ({Reason}): no model speaks, every row says brain=simulated")]
        public static partial void Simulated(ILogger logger, string reason);
    }
}
