using System.Globalization;
using System.Security.Cryptography;
using Mana.Cli.Commands.Admin;
using Mana.Cli.Connection;
using Mana.Contracts;
using Mana.Hosting;
using Mana.Hosting.Storage;
using Microsoft.Extensions.Configuration;

namespace Mana.Cli.Commands.Up;

/// <summary>Who speaks for the personas, and why.</summary>
internal sealed record BrainChoice(string Name, string Reason);

/// <summary>
/// The settings of the three services of <c>mana up</c>: the process's environment, without what one process cannot
/// share, and with what makes them find and trust one another.
/// </summary>
internal sealed class UpSettings
{
    private const string DefaultAdminEmail = "admin@mana.test";
    private const string AuthSecretKey = "MANA_AUTH_SECRET";
    private const string AnthropicKey = "ANTHROPIC_API_KEY";

    // PORT, HOST and BASE_URL mean one service, and three share this process; they always listen on this machine only.
    // The rest is set below, or is a secret that only one of them needs.
    private static readonly HashSet<string> NotShared = new(StringComparer.Ordinal)
    {
        "PORT", ServiceHost.HostKey, "BASE_URL", "JWT_ISSUER", "MANA_AUTH_URL", "MANA_MCP_URL", Connection.Connection.RunnerUrlKey,
        AuthSecretKey, Connection.Connection.SeedSecretKey, Connection.Connection.AdminEmailKey, Connection.Connection.AdminPasswordKey,
        Connection.Connection.AdminJwtKey, "BRAIN",
    };

    private readonly Dictionary<string, string?> _common;

    public UpSettings(CliEnvironment environment, DataFiles files, UpPorts ports, BrainChoice brain, string? logLevel)
    {
        AuthUrl = Local(ports.Auth);
        McpUrl = Local(ports.Mcp);
        RunnerUrl = Local(ports.Runner);
        AdminEmail = Keep(files, DataFiles.AdminEmail, environment.Variable(Connection.Connection.AdminEmailKey), () => DefaultAdminEmail);
        AdminPassword = Keep(files, DataFiles.AdminPassword, environment.Variable(Connection.Connection.AdminPasswordKey), Administrators.NewPassword);
        ServiceKey = Keep(files, DataFiles.ServiceKey, environment.Variable(Hosting.Identity.ServiceKey.SettingKey), NewKey);
        SeedSecret = Keep(files, DataFiles.SeedSecret, environment.Variable(Connection.Connection.SeedSecretKey), () => PersonaPassword.DevelopmentSeedSecret);
        var authSecret = Keep(files, DataFiles.AuthSecret, environment.Variable(AuthSecretKey), NewKey);

        var variables = environment.Variables.Where(pair => pair.Value.Length > 0 && !NotShared.Contains(pair.Key)).ToLookup(
            pair => pair.Key.StartsWith("ANTHROPIC_", StringComparison.Ordinal));
        var anthropic = variables[true].ToDictionary(pair => pair.Key, pair => (string?)pair.Value, StringComparer.Ordinal);
        _common = variables[false].ToDictionary(pair => pair.Key, pair => (string?)pair.Value, StringComparer.Ordinal);
        if (!_common.ContainsKey("NODE_ENV") && !_common.ContainsKey("DOTNET_ENVIRONMENT"))
        {
            _common["NODE_ENV"] = ManaEnvironment.DevelopmentName;
        }

        _common[DatabaseSettings.DirectoryKey] = files.Directory;
        _common[Hosting.Identity.ServiceKey.SettingKey] = ServiceKey;
        _common["MANA_AUTH_URL"] = AuthUrl.AbsoluteUri.TrimEnd('/');
        _common["MANA_MCP_URL"] = McpUrl.AbsoluteUri.TrimEnd('/');
        _common.TryAdd("MCP_PUBLIC_URL", McpUrl.AbsoluteUri.TrimEnd('/') + "/mcp");
        // Whoever connects a program to a laptop's services lives where the laptop does.
        if (IanaName(environment.Time.LocalTimeZone) is { } zone)
        {
            _common.TryAdd("MCP_TIME_ZONE", zone);
        }

        _common["JWT_ISSUER"] = AuthUrl.AbsoluteUri.TrimEnd('/');
        _common[ServiceHost.LogLevelKey] = logLevel ?? environment.Variable(ServiceHost.LogLevelKey) ?? "Warning";

        Auth = Build(ports.Auth, [KeyValuePair.Create("BASE_URL", (string?)AuthUrl.AbsoluteUri.TrimEnd('/')), KeyValuePair.Create(AuthSecretKey, (string?)authSecret)]);
        Mcp = Build(ports.Mcp, []);
        Runner = Build(
            ports.Runner,
            [
                .. anthropic,
                KeyValuePair.Create("BRAIN", (string?)brain.Name),
                KeyValuePair.Create(Connection.Connection.SeedSecretKey, (string?)SeedSecret),
            ]);
        Environment = ManaEnvironment.From(Auth);
    }

    public Uri AuthUrl { get; }

    public Uri McpUrl { get; }

    public Uri RunnerUrl { get; }

    public string AdminEmail { get; }

    public string AdminPassword { get; }

    public string ServiceKey { get; }

    public string SeedSecret { get; }

    public ManaEnvironment Environment { get; }

    public IConfiguration Auth { get; }

    public IConfiguration Mcp { get; }

    public IConfiguration Runner { get; }

    /// <summary>Decides between Claude and the simulated brain.</summary>
    /// <param name="environment">Holds the key, and BRAIN.</param>
    /// <param name="option"><c>--brain</c>; null when not given.</param>
    public static BrainChoice ChooseBrain(CliEnvironment environment, string? option)
    {
        var wanted = option ?? environment.Variable("BRAIN") ?? "auto";
        var hasKey = environment.Variable(AnthropicKey) is not null;
        return wanted switch
        {
            "auto" when hasKey => new BrainChoice("claude", $"{AnthropicKey} is set: model calls are billed to that key"),
            "auto" => new BrainChoice("simulated", $"no {AnthropicKey}: no model is called, nothing is billed, and every row says so"),
            "simulated" => new BrainChoice("simulated", "as asked: no model is called, nothing is billed, and every row says so"),
            "claude" when hasKey => new BrainChoice("claude", "as asked: model calls are billed to your key"),
            "claude" => throw new CliException(ExitCode.Usage, $"the Claude brain needs {AnthropicKey}; set it, or use --brain simulated"),
            _ => throw new CliException(ExitCode.Usage, $"BRAIN must be auto, claude or simulated, not \"{wanted}\""),
        };
    }

    private static Uri Local(int port) => new(string.Create(CultureInfo.InvariantCulture, $"http://localhost:{port}"));

    private static string NewKey() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));

    /// <summary>The given value, else the kept one, else a new one; written down so that other commands and the next start have it.</summary>
    /// <summary>Windows has names of its own; a machine whose zone is a file that is in no list has none ("Local").</summary>
    private static string? IanaName(TimeZoneInfo zone) =>
        zone.HasIanaId && TimeZoneInfo.TryFindSystemTimeZoneById(zone.Id, out _) ? zone.Id
        : TimeZoneInfo.TryConvertWindowsIdToIanaId(zone.Id, out var name) ? name
        : null;

    private static string Keep(DataFiles files, string name, string? given, Func<string> make)
    {
        var value = given ?? files.ReadSecret(name) ?? make();
        files.WriteSecret(name, value);
        return value;
    }

    private IConfiguration Build(int port, IEnumerable<KeyValuePair<string, string?>> own) =>
        new ConfigurationBuilder()
            .AddInMemoryCollection(_common)
            .AddInMemoryCollection([KeyValuePair.Create("PORT", (string?)port.ToString(CultureInfo.InvariantCulture)), .. own])
            .Build();
}
