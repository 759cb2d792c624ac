using Mana.Hosting;
using Mana.Hosting.Http;
using Mana.Hosting.Identity;
using Mana.Hosting.Observability;
using Mana.Hosting.Storage;
using Mana.Mcp.Access;
using Mana.Mcp.Idempotency;
using Mana.Mcp.Modules.NewsResearch;
using Mana.Mcp.Policy;
using Mana.Mcp.Records;
using Mana.Mcp.Tools;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Mana.Mcp;

/// <summary>The host of <c>mana-mcp</c>.</summary>
public static class McpHost
{
    /// <summary>The port when <c>PORT</c> is unset.</summary>
    public const int DefaultPort = GeneratedPort.Default;

    /// <summary>The service's name in logs, metrics and <c>/health</c>.</summary>
    public const string Service = "mana-mcp";

    /// <summary>Makes the service, its database migrated and ready; it listens once started.</summary>
    /// <param name="configuration">The only source of settings.</param>
    /// <param name="clock">The domain clock; null for the system's.</param>
    /// <exception cref="ConfigurationException">Names everything that is wrong with the settings.</exception>
    public static WebApplication Create(IConfiguration configuration, TimeProvider? clock = null) => Create(configuration, clock, _ => { });

    /// <inheritdoc cref="Create(IConfiguration, TimeProvider?)"/>
    /// <param name="configuration">The only source of settings.</param>
    /// <param name="clock">The domain clock; null for the system's.</param>
    /// <param name="extend">Adds services, modules for instance.</param>
    internal static WebApplication Create(IConfiguration configuration, TimeProvider? clock, Action<IServiceCollection> extend)
    {
        var reader = new SettingsReader(configuration);
        var builder = ServiceHost.CreateBuilder(Service, configuration, clock, reader, DefaultPort);
        var settings = McpSettings.Read(reader, ManaEnvironment.From(configuration));
        var news = NewsSettings.Read(reader);
        reader.ThrowIfInvalid(Service);

        builder.BoundConnections(settings.MaxBodyBytes);
        builder.Services.AddSingleton(settings);
        builder.Services.AddRecords(ServiceDatabase.Open(settings.Database, typeof(McpHost).Assembly));
        builder.Services.AddAccess(settings);
        builder.Services.AddPolicy();
        builder.Services.AddTools();
        builder.Services.AddNews(news);
        builder.Services.AddIdempotency();
        extend(builder.Services);

        var app = builder.Build();
        app.UseManaDefaults();
        app.UseManaCors();
        app.UseAccess();
        app.UseServiceKeyGate(settings.ServiceKey);
        app.MapTools();
        app.MapResourceMetadata();
        app.MapSpaceRemoval();
        app.MapHealth();
        app.MapManaMetrics();
        return app;
    }
}
