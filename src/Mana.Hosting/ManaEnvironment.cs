using Microsoft.Extensions.Configuration;

namespace Mana.Hosting;

/// <summary>Where a service runs: <c>NODE_ENV</c>, else <c>DOTNET_ENVIRONMENT</c>, else production.</summary>
/// <remarks>An unset environment is production on purpose: a forgotten variable must not open the diagnostics.</remarks>
public sealed record ManaEnvironment(string Name)
{
    /// <summary>The name of the environment in which guards and rate limits are strict.</summary>
    public const string ProductionName = "production";

    /// <summary>The name that <c>mana up</c> sets.</summary>
    public const string DevelopmentName = "development";

    /// <summary>True for production, whatever the case of the name.</summary>
    public bool IsProduction => string.Equals(Name, ProductionName, StringComparison.OrdinalIgnoreCase);

    /// <summary>True for development, whatever the case of the name.</summary>
    public bool IsDevelopment => string.Equals(Name, DevelopmentName, StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads the environment; empty values count as unset.</summary>
    public static ManaEnvironment From(IConfiguration configuration)
    {
        foreach (var key in (ReadOnlySpan<string>)["NODE_ENV", "DOTNET_ENVIRONMENT"])
        {
            if (configuration[key] is { Length: > 0 } name)
            {
                return new ManaEnvironment(name);
            }
        }

        return new ManaEnvironment(ProductionName);
    }
}
