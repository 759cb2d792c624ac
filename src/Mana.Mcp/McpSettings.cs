using Mana.Hosting;
using Mana.Hosting.Identity;
using Mana.Hosting.Storage;
using Mana.Mcp.Policy;
using Mana.Mcp.Records;

namespace Mana.Mcp;

/// <summary>What <c>mana-mcp</c> is configured with.</summary>
/// <param name="AuthUrl"><c>MANA_AUTH_URL</c>: signing keys, memberships and space lists come from there.</param>
/// <param name="ServiceKey"><c>MANA_SERVICE_KEY</c>: for the membership question, and for internal calls to us.</param>
/// <param name="Issuers"><c>JWT_ISSUER</c>, a comma list; the value of <c>MANA_AUTH_URL</c> by default.</param>
/// <param name="Audience"><c>JWT_AUDIENCE</c>; <c>mana</c> by default.</param>
/// <param name="CorsOrigins"><c>CORS_ORIGINS</c>, a comma list; <c>http://localhost:5173</c> by default.</param>
/// <param name="AllowedHosts"><c>MCP_ALLOWED_HOSTS</c>, a comma list of host names without port; loopback names by default, <c>*</c> for any.</param>
/// <param name="MaxBodyBytes"><c>MCP_MAX_BODY_BYTES</c>; 1 MiB by default.</param>
/// <param name="PolicyMode"><c>POLICY_MODE</c>: off, log-only or enforce (default).</param>
/// <param name="RateLimit"><c>POLICY_RATE_LIMIT</c>: so many calls of one tool by one user within a minute; 30 by default.</param>
/// <param name="PublicUrl"><c>MCP_PUBLIC_URL</c>: the address that clients use, for OAuth; <c>http://localhost:PORT/mcp</c> when null.</param>
/// <param name="TimeZone"><c>MCP_TIME_ZONE</c>: of callers who name none; UTC by default.</param>
/// <param name="Bounds">How much a space may hold, and how long deleted records stay.</param>
/// <param name="HonoursKeys"><c>MCP_IDEMPOTENCY</c>: on by default; off ignores idempotency keys, for tests that have to see doubled writes.</param>
/// <param name="Database"><c>DATABASE_URL</c> or <c>MANA_DATA</c>.</param>
internal sealed record McpSettings(
    Uri AuthUrl,
    ServiceKey ServiceKey,
    IReadOnlyList<string> Issuers,
    string Audience,
    IReadOnlyList<string> CorsOrigins,
    IReadOnlyList<string> AllowedHosts,
    int MaxBodyBytes,
    PolicyMode PolicyMode,
    int RateLimit,
    Uri? PublicUrl,
    TimeZoneInfo TimeZone,
    SpaceBounds Bounds,
    bool HonoursKeys,
    DatabaseSettings Database)
{
    private const string TimeZoneKey = "MCP_TIME_ZONE";

    public static McpSettings Read(SettingsReader settings, ManaEnvironment environment)
    {
        var authUrl = settings.Url("MANA_AUTH_URL", "http://localhost:3001");
        return new McpSettings(
            authUrl,
            ServiceKey.Read(settings, environment),
            List(settings, "JWT_ISSUER", authUrl.AbsoluteUri.TrimEnd('/')),
            settings.Text("JWT_AUDIENCE", "mana"),
            Origins(settings),
            List(settings, "MCP_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]"),
            settings.PositiveInt("MCP_MAX_BODY_BYTES", 1024 * 1024),
            Mode(settings),
            settings.PositiveInt("POLICY_RATE_LIMIT", 30),
            settings.Optional("MCP_PUBLIC_URL") is null ? null : settings.Url("MCP_PUBLIC_URL", "http://localhost/mcp"),
            Zone(settings),
            SpaceBounds.Read(settings),
            Keys(settings, environment),
            DatabaseSettings.Read(settings, "mcp"));
    }

    private static string[] List(SettingsReader settings, string key, string fallback)
    {
        var values = settings.Text(key, fallback).Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (values.Length == 0)
        {
            settings.Fault($"{key} must name at least one value");
        }

        return values;
    }

    private static List<string> Origins(SettingsReader settings)
    {
        var origins = new List<string>();
        foreach (var text in List(settings, "CORS_ORIGINS", "http://localhost:5173"))
        {
            if (Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url.PathAndQuery == "/" && url.UserInfo.Length == 0)
            {
                origins.Add(url.GetLeftPart(UriPartial.Authority));
            }
            else
            {
                settings.Fault($"CORS_ORIGINS must be a comma list of origins such as https://app.example, got \"{text}\"");
            }
        }

        return origins;
    }

    private static bool Keys(SettingsReader settings, ManaEnvironment environment)
    {
        const string Key = "MCP_IDEMPOTENCY";
        var isOn = settings.Flag(Key, true);
        if (!isOn && environment.IsProduction)
        {
            settings.Fault($"{Key}=off lets a repeated write happen twice and is refused in production; remove it");
        }

        return isOn;
    }

    private static TimeZoneInfo Zone(SettingsReader settings)
    {
        var text = settings.Text(TimeZoneKey, "UTC");
        if (TimeZoneInfo.TryFindSystemTimeZoneById(text, out var zone) && zone.HasIanaId)
        {
            return zone;
        }

        settings.Fault($"{TimeZoneKey} must be an IANA time zone such as Europe/Berlin, got \"{text}\"");
        return TimeZoneInfo.Utc;
    }

    private static PolicyMode Mode(SettingsReader settings)
    {
        var text = settings.Text("POLICY_MODE", PolicyModes.Enforce);
        if (PolicyModes.Parse(text) is { } mode)
        {
            return mode;
        }

        settings.Fault($"POLICY_MODE must be {PolicyModes.Off}, {PolicyModes.LogOnly} or {PolicyModes.Enforce}, got \"{text}\"");
        return PolicyMode.Enforce;
    }
}
