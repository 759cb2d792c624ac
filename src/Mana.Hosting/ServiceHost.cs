using System.Reflection;
using Mana.Hosting.Observability;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Mana.Hosting;

/// <summary>
/// Makes the web host of one service. It reads only the configuration it is handed (three services share a process,
/// and each has its own <c>PORT</c>), listens on loopback unless <c>HOST</c> says otherwise, and leaves the signals to
/// whoever started it.
/// </summary>
public static class ServiceHost
{
    /// <summary>The configuration key of the address to listen on; 127.0.0.1 by default.</summary>
    public const string HostKey = "HOST";

    /// <summary>The configuration key of the lowest level that is logged; Information by default.</summary>
    public const string LogLevelKey = "LOG_LEVEL";

    /// <summary>The version of the product, as in <c>mana --version</c>.</summary>
    public static string Version { get; } =
        typeof(ServiceHost).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    /// <summary>A builder with logging, metrics, the domain clock and the listening address in place.</summary>
    /// <param name="service">The name in logs, metrics and <c>/health</c>: mana-auth for instance.</param>
    /// <param name="configuration">The only source of settings.</param>
    /// <param name="clock">The domain clock; null for the system's (or <c>MANA_CLOCK_START</c>).</param>
    /// <param name="settings">Gathers faults; the caller throws them after adding its own.</param>
    /// <param name="defaultPort">Used when <c>PORT</c> is unset.</param>
    public static WebApplicationBuilder CreateBuilder(
        string service, IConfiguration configuration, TimeProvider? clock, SettingsReader settings, int defaultPort)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = service });
        builder.Configuration.AddConfiguration(configuration);
        var port = settings.Port("PORT", defaultPort);
        var host = settings.Text(HostKey, "127.0.0.1");
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        builder.WebHost.UseUrls($"http://{host}:{port}");

        builder.Logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "HH:mm:ss ";
            console.ColorBehavior = LoggerColorBehavior.Disabled;
        });
        builder.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        var levelText = settings.Text(LogLevelKey, nameof(LogLevel.Information));
        if (!Enum.TryParse<LogLevel>(levelText, ignoreCase: true, out var level))
        {
            settings.Fault($"{LogLevelKey} must be one of Trace, Debug, Information, Warning, Error, None, got \"{levelText}\"");
        }

        builder.Logging.SetMinimumLevel(level);
        // A filter beats the minimum: it must never let through what the setting keeps out.
        var warnings = level > LogLevel.Warning ? level : LogLevel.Warning;
        var chatty = level < LogLevel.Information ? level : warnings;
        builder.Logging.AddFilter("Microsoft", chatty);
        builder.Logging.AddFilter("ModelContextProtocol", chatty);
        builder.Logging.AddFilter("System.Net.Http", warnings);

        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton(ManaEnvironment.From(configuration));
        builder.Services.AddSingleton(DomainClock.From(configuration, clock));
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<IHostLifetime, NoSignalLifetime>();
        builder.Services.AddManaTelemetry(service, configuration);
        return builder;
    }

    /// <summary>The address that the started host listens on (with the real port when 0 was asked for).</summary>
    public static Uri Address(this WebApplication app) =>
        new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    // Ctrl-C and SIGTERM belong to the process's owner (mana serve, mana up), which drains the services in order.
    private sealed class NoSignalLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
