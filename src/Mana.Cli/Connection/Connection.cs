using Mana.Contracts;
using Mana.Hosting;
using Mana.Hosting.Storage;
using Microsoft.Extensions.Configuration;

namespace Mana.Cli.Connection;

/// <summary>
/// Which services a command talks to, and with which credentials. Flags win over environment variables, and these win
/// over the files in the data directory.
/// </summary>
internal sealed class Connection
{
    public const string RunnerUrlKey = "MANA_RUNNER_URL";
    public const string AdminEmailKey = "MANA_ADMIN_EMAIL";
    public const string AdminPasswordKey = "MANA_ADMIN_PASSWORD";
    public const string AdminJwtKey = "MANA_ADMIN_JWT";
    public const string SeedSecretKey = "PERSONA_SEED_SECRET";

    private Connection()
    {
    }

    public required DataFiles Files { get; init; }

    public required Uri AuthUrl { get; init; }

    public required Uri McpUrl { get; init; }

    public required Uri RunnerUrl { get; init; }

    /// <summary>Null when none is known.</summary>
    public string? ServiceKey { get; init; }

    public string? AdminEmail { get; init; }

    public string? AdminPassword { get; init; }

    /// <summary>A ready administrator token; spares the sign-in.</summary>
    public string? AdminJwt { get; init; }

    public required string SeedSecret { get; init; }

    /// <summary>Null when neither variable is set: for a client that is no statement about where it runs.</summary>
    public required ManaEnvironment? Environment { get; init; }

    /// <summary>The data directory: <c>--data</c>, else MANA_DATA, else .mana.</summary>
    public static DataFiles FilesOf(CliEnvironment environment, string? data) =>
        new(Path.GetFullPath(data ?? environment.Variable(DatabaseSettings.DirectoryKey) ?? DatabaseSettings.DefaultDirectory));

    /// <summary>An empty key would make passwords that anyone can derive; set but empty is no wish for the default either.</summary>
    public static void RefuseEmptySeedSecret(CliEnvironment environment)
    {
        if (environment.Variables.TryGetValue(SeedSecretKey, out var value) && value.Length == 0)
        {
            throw new CliException(ExitCode.Usage, $"{SeedSecretKey} is set but empty; give it a secret, or unset it");
        }
    }

    public static Connection Resolve(CliEnvironment environment, string? data, string? authUrl, string? mcpUrl, string? runnerUrl)
    {
        RefuseEmptySeedSecret(environment);
        var files = FilesOf(environment, data);
        var last = files.ReadConnection();
        return new Connection
        {
            Files = files,
            AuthUrl = Url("--auth-url", authUrl, "MANA_AUTH_URL", last?.AuthUrl, "http://localhost:3001"),
            McpUrl = Url("--mcp-url", mcpUrl, "MANA_MCP_URL", last?.McpUrl, "http://localhost:3069"),
            RunnerUrl = Url("--runner-url", runnerUrl, RunnerUrlKey, last?.RunnerUrl, "http://localhost:3070"),
            ServiceKey = environment.Variable(Hosting.Identity.ServiceKey.SettingKey) ?? files.ReadSecret(DataFiles.ServiceKey),
            AdminEmail = environment.Variable(AdminEmailKey) ?? files.ReadSecret(DataFiles.AdminEmail),
            AdminPassword = environment.Variable(AdminPasswordKey) ?? files.ReadSecret(DataFiles.AdminPassword),
            AdminJwt = environment.Variable(AdminJwtKey),
            SeedSecret = environment.Variable(SeedSecretKey) ?? files.ReadSecret(DataFiles.SeedSecret) ?? PersonaPassword.DevelopmentSeedSecret,
            Environment = environment.Variable("NODE_ENV") is null && environment.Variable("DOTNET_ENVIRONMENT") is null
                ? null
                : ManaEnvironment.From(new ConfigurationBuilder()
                    .AddInMemoryCollection(environment.Variables.Select(pair => KeyValuePair.Create(pair.Key, (string?)pair.Value)))
                    .Build()),
        };

        Uri Url(string option, string? flag, string variable, string? stored, string fallback)
        {
            var (text, from) = flag is not null ? (flag, option)
                : environment.Variable(variable) is { } value ? (value, variable)
                : (stored ?? fallback, files.ConnectionPath);
            return Uri.TryCreate(text.TrimEnd('/'), UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
                ? url
                : throw new CliException(ExitCode.Usage, $"{from} must be an absolute http(s) URL such as {fallback}");
        }
    }
}
