using Mana.Auth.Audit;
using Mana.Auth.Http;
using Mana.Auth.Keys;
using Mana.Auth.OAuth;
using Mana.Auth.Personas;
using Mana.Auth.Purge;
using Mana.Auth.Sessions;
using Mana.Auth.SignIn;
using Mana.Auth.Spaces;
using Mana.Auth.ToolPolicies;
using Mana.Hosting;
using Mana.Hosting.Http;
using Mana.Hosting.Identity;
using Mana.Hosting.Observability;
using Mana.Hosting.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Mana.Auth;

/// <summary>The host of <c>mana-auth</c>.</summary>
public static class AuthHost
{
    /// <summary>The port when <c>PORT</c> is unset.</summary>
    public const int DefaultPort = GeneratedPort.Default;

    /// <summary>The service's name in logs, metrics and <c>/health</c>.</summary>
    public const string Service = "mana-auth";

    /// <summary>Makes the service, its database migrated and ready; it listens once started.</summary>
    /// <param name="configuration">The only source of settings.</param>
    /// <param name="clock">The domain clock; null for the system's.</param>
    /// <exception cref="ConfigurationException">Names everything that is wrong with the settings.</exception>
    public static WebApplication Create(IConfiguration configuration, TimeProvider? clock = null)
    {
        var reader = new SettingsReader(configuration);
        var builder = ServiceHost.CreateBuilder(Service, configuration, clock, reader, DefaultPort);
        var settings = AuthSettings.Read(reader, ManaEnvironment.From(configuration));
        reader.ThrowIfInvalid(Service);

        var database = ServiceDatabase.Open(settings.Database, typeof(AuthHost).Assembly);
        builder.Services.AddSingleton(_ => database);
        builder.Services.AddSingleton(settings);
        builder.Services.AddSingleton<AuthMetrics>();
        builder.Services.AddKeys(settings);
        builder.Services.AddSessions();
        builder.Services.AddSignIn();
        builder.Services.AddToolPolicies();
        builder.Services.AddPersonas();
        builder.Services.AddAudit();
        builder.Services.AddSpaces();
        builder.Services.AddOAuth();
        builder.Services.AddPurge();
        builder.Services.AddHostedService<Housekeeping>();

        var app = builder.Build();

        // The container disposes what it has handed out: have it hand out the database, whatever comes after.
        app.Services.GetRequiredService<ServiceDatabase>();
        app.UseManaDefaults();
        app.UseAuthCors(settings.TrustedOrigins);
        app.UseServiceKeyGate(settings.ServiceKey);
        app.MapHealth();
        app.MapManaMetrics();
        app.MapKeys();
        app.MapSignIn();
        app.MapSessions();
        app.MapSpaces();
        app.MapToolPolicies();
        app.MapPersonas();
        app.MapAudit();
        app.MapOAuth(settings);
        app.MapPurge();
        return app;
    }
}
