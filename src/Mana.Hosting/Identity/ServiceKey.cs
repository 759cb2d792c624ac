using System.Security.Cryptography;
using System.Text;
using Mana.Hosting.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Mana.Hosting.Identity;

/// <summary>The shared secret of service-to-service calls (<c>X-Service-Key</c>), compared in constant time.</summary>
public sealed class ServiceKey
{
    /// <summary>The header that carries the key.</summary>
    public const string Header = "X-Service-Key";

    /// <summary>The configuration key.</summary>
    public const string SettingKey = "MANA_SERVICE_KEY";

    /// <summary>What an unset key means in development only.</summary>
    public const string DevelopmentValue = "dev-service-key";

    private readonly byte[] _hash;

    /// <summary>Wraps the configured key.</summary>
    /// <exception cref="ArgumentException">The key is empty.</exception>
    public ServiceKey(string value)
    {
        ArgumentException.ThrowIfNullOrEmpty(value);
        Value = value;
        _hash = SHA256.HashData(Encoding.UTF8.GetBytes(value));
    }

    /// <summary>The key itself, for outgoing calls. Never log it.</summary>
    public string Value { get; }

    /// <summary>Reads the key of a service that accepts internal calls: required in production, where the development value is refused too.</summary>
    public static ServiceKey Read(SettingsReader settings, ManaEnvironment environment)
    {
        var value = settings.Optional(SettingKey);
        if (environment.IsProduction && value is null or DevelopmentValue)
        {
            settings.Fault(value is null ? $"{SettingKey} is missing" : $"{SettingKey} is the development value");
        }

        return new ServiceKey(value ?? DevelopmentValue);
    }

    /// <summary>Whether the presented text is the key; hashing first makes the time independent of where they differ and of the length.</summary>
    public bool Matches(string? presented) =>
        CryptographicOperations.FixedTimeEquals(_hash, SHA256.HashData(Encoding.UTF8.GetBytes(presented ?? "")));

    /// <inheritdoc/>
    public override string ToString() => "(service key)";
}

/// <summary>The gate in front of <c>/api/v1/internal/*</c>.</summary>
public static class ServiceKeyGate
{
    /// <summary>
    /// Answers 401 to every request below <c>/api/v1/internal</c> without the key, before routing, so that an unknown
    /// path tells a stranger nothing.
    /// </summary>
    public static void UseServiceKeyGate(this IApplicationBuilder app, ServiceKey key) =>
        app.UseWhen(
            context => context.Request.Path.StartsWithSegments("/api/v1/internal"),
            branch => branch.Use(async (context, next) =>
            {
                if (key.Matches(context.Request.Headers[ServiceKey.Header]))
                {
                    await next(context);
                }
                else
                {
                    await MiddlewareError.WriteAsync(context, StatusCodes.Status401Unauthorized, "Invalid or missing service key");
                }
            }));
}
