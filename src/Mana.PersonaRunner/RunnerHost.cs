using Mana.Hosting;
using Mana.Hosting.Http;
using Mana.Hosting.Observability;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;

namespace Mana.PersonaRunner;

/// <summary>The host of <c>mana-persona-runner</c>.</summary>
public static class RunnerHost
{
    /// <summary>The port when <c>PORT</c> is unset.</summary>
    public const int DefaultPort = 3070;

    /// <summary>The service's name in logs, metrics and <c>/health</c>.</summary>
    public const string Service = "mana-persona-runner";

    /// <summary>Makes the service, its database migrated and ready; it listens once started.</summary>
    /// <param name="configuration">The only source of settings.</param>
    /// <param name="clock">The domain clock; null for the system's.</param>
    /// <exception cref="ConfigurationException">Names everything that is wrong with the settings.</exception>
    public static WebApplication Create(IConfiguration configuration, TimeProvider? clock = null)
    {
        var settings = new SettingsReader(configuration);
        var builder = ServiceHost.CreateBuilder(Service, configuration, clock, settings, DefaultPort);
        settings.ThrowIfInvalid(Service);

        var app = builder.Build();
        app.UseManaDefaults();
        app.MapManaMetrics();
        return app;
    }
}
