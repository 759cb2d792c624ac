using System.CommandLine;
using Mana.Hosting.Storage;

namespace Mana.Cli;

/// <summary>The options that every command has.</summary>
internal sealed class GlobalOptions
{
    public Option<string?> Data { get; } = new("--data")
    {
        Description = $"Data directory: databases, addresses and credentials of `mana up` (MANA_DATA, default {DatabaseSettings.DefaultDirectory})",
        HelpName = "DIR",
        Recursive = true,
    };

    public Option<bool> Json { get; } = new("--json")
    {
        Description = "Print the result as JSON on stdout, everything else on stderr",
        Recursive = true,
    };

    public Option<string?> AuthUrl { get; } = Url("--auth-url", "mana-auth (MANA_AUTH_URL)");

    public Option<string?> McpUrl { get; } = Url("--mcp-url", "mana-mcp (MANA_MCP_URL)");

    public Option<string?> RunnerUrl { get; } = Url("--runner-url", "mana-persona-runner (MANA_RUNNER_URL)");

    public void AddTo(RootCommand root)
    {
        root.Add(Data);
        root.Add(Json);
        root.Add(AuthUrl);
        root.Add(McpUrl);
        root.Add(RunnerUrl);
    }

    private static Option<string?> Url(string name, string service) =>
        new(name) { Description = $"Address of {service}", HelpName = "URL", Recursive = true };
}
