using Mana.Hosting;
using Mana.Hosting.Identity;
using Mana.Hosting.Storage;

namespace Mana.Auth;

/// <summary>Everything that configures mana-auth.</summary>
/// <param name="Database">Where users, sessions and personas are stored.</param>
/// <param name="BaseUrl">The address that clients use; decides the <c>__Secure-</c> prefix of cookies.</param>
/// <param name="Issuer">The <c>iss</c> claim: <c>BASE_URL</c>, else <c>JWT_ISSUER</c>, else the default address.</param>
/// <param name="Audience">The <c>aud</c> claim.</param>
/// <param name="ServiceKey">The key of internal calls, both ways.</param>
/// <param name="Secret">Signs cookies and encrypts the private keys.</param>
/// <param name="CookieDomain">The domain of cookies, without which they belong to the host alone.</param>
/// <param name="TrustedOrigins">Origins that may send cookies and read answers.</param>
/// <param name="RegistrationOpen">Whether strangers may sign up.</param>
/// <param name="RegistrationVerified">Whether they may sign in without confirming their address.</param>
/// <param name="MaxDailySignups">0 for no limit.</param>
/// <param name="McpUrl">Where the records of deleted spaces are removed.</param>
/// <param name="McpResources"><c>MCP_PUBLIC_URL</c>: the public addresses of mana-mcp, a comma list; OAuth tokens are made for these alone.</param>
/// <param name="KeyLifetime">How long a key signs before the next one takes over.</param>
/// <param name="Environment">Development or production.</param>
internal sealed record AuthSettings(
    DatabaseSettings Database,
    Uri BaseUrl,
    string Issuer,
    string Audience,
    ServiceKey ServiceKey,
    string Secret,
    string? CookieDomain,
    IReadOnlySet<string> TrustedOrigins,
    bool RegistrationOpen,
    bool RegistrationVerified,
    int MaxDailySignups,
    Uri McpUrl,
    IReadOnlyList<string> McpResources,
    TimeSpan KeyLifetime,
    ManaEnvironment Environment)
{
    /// <summary>The configuration key of the secret.</summary>
    public const string SecretKey = "MANA_AUTH_SECRET";

    /// <summary>What an unset secret means in development only.</summary>
    public const string DevelopmentSecret = "dev-auth-secret-change-in-production";

    /// <summary>A shorter secret can be guessed from one cookie, offline.</summary>
    public const int MinimumSecretLength = 16;

    /// <summary>The configuration key of the gateways that OAuth tokens are made for.</summary>
    public const string McpResourcesKey = "MCP_PUBLIC_URL";

    private const string DefaultBaseUrl = "http://localhost:3001";

    public static AuthSettings Read(SettingsReader settings, ManaEnvironment environment)
    {
        var baseUrl = settings.Url("BASE_URL", DefaultBaseUrl);
        var issuer = settings.Optional("BASE_URL") is null && settings.Optional("JWT_ISSUER") is { } configured
            ? configured
            : baseUrl.AbsoluteUri.TrimEnd('/');
        var mcpUrl = settings.Url("MANA_MCP_URL", "http://localhost:3069");
        return new AuthSettings(
            DatabaseSettings.Read(settings, "auth"),
            baseUrl,
            issuer,
            settings.Text("JWT_AUDIENCE", "mana"),
            ServiceKey.Read(settings, environment),
            ReadSecret(settings, environment),
            settings.Optional("COOKIE_DOMAIN"),
            ReadOrigins(settings, baseUrl),
            settings.Flag("REGISTRATION_OPEN", !environment.IsProduction),
            settings.Flag("REGISTRATION_VERIFIED", !environment.IsProduction),
            ReadLimit(settings),
            mcpUrl,
            ReadResources(settings, mcpUrl),
            TimeSpan.FromDays(settings.PositiveInt("MANA_KEY_ROTATION_DAYS", 90)),
            environment);
    }

    private static string ReadSecret(SettingsReader settings, ManaEnvironment environment)
    {
        var secret = settings.Optional(SecretKey) ?? settings.Optional("BETTER_AUTH_SECRET") ?? settings.Optional("AUTH_SECRET");
        if (environment.IsProduction)
        {
            if (secret is null)
            {
                settings.Fault($"{SecretKey} is missing");
            }
            else if (secret == DevelopmentSecret)
            {
                settings.Fault($"{SecretKey} is the development value");
            }
            else if (secret.Length < MinimumSecretLength)
            {
                settings.Fault($"{SecretKey} must have at least {MinimumSecretLength} characters");
            }
        }

        return secret ?? DevelopmentSecret;
    }

    private static HashSet<string> ReadOrigins(SettingsReader settings, Uri baseUrl)
    {
        var origins = new HashSet<string>(StringComparer.Ordinal) { baseUrl.GetLeftPart(UriPartial.Authority) };
        var list = settings.Text("CORS_ORIGINS", "http://localhost:5173");
        foreach (var origin in list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (Uri.TryCreate(origin, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https")
            {
                origins.Add(uri.GetLeftPart(UriPartial.Authority));
            }
            else
            {
                settings.Fault($"CORS_ORIGINS must be a comma-separated list of origins such as https://mana.how, got \"{origin}\"");
            }
        }

        return origins;
    }

    private static List<string> ReadResources(SettingsReader settings, Uri mcpUrl)
    {
        var resources = new List<string>();
        foreach (var text in settings.Text(McpResourcesKey, mcpUrl.AbsoluteUri.TrimEnd('/') + "/mcp").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (OAuth.Resources.IsSound(text))
            {
                resources.Add(text);
            }
            else
            {
                settings.Fault($"{McpResourcesKey} must be a comma-separated list of addresses such as https://mcp.mana.how/mcp, got \"{text}\"");
            }
        }

        return resources;
    }

    private static int ReadLimit(SettingsReader settings) =>
        settings.Optional("MAX_DAILY_SIGNUPS") is null or "0" ? 0 : settings.PositiveInt("MAX_DAILY_SIGNUPS", 1);
}
