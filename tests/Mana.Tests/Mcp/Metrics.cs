using System.Globalization;

namespace Mana.Tests.Mcp;

/// <summary>Reads /metrics.</summary>
internal static class Metrics
{
    public static Task<string> MetricsAsync(this McpUnderTest mcp) => mcp.Host.Client.GetStringAsync("/metrics", TestContext.Current.CancellationToken);

    /// <summary>The sum of the series with these labels; 0 when there is none.</summary>
    public static async Task<double> MetricAsync(this McpUnderTest mcp, string name, params (string Name, string Value)[] labels) =>
        (await mcp.MetricsAsync()).Split('\n')
            .Where(line => line.StartsWith(name + "{", StringComparison.Ordinal)
                && Array.TrueForAll(labels, label => line.Contains($"{label.Name}=\"{label.Value}\"", StringComparison.Ordinal)))
            .Sum(line => double.Parse(line[(line.LastIndexOf('}') + 1)..].Trim().Split(' ')[0], CultureInfo.InvariantCulture));
}
