using System.Globalization;
using Mana.Ports.Model;

namespace Mana.Ports.Checks;

/// <summary>One line of a comparison.</summary>
/// <param name="Service">The service, with the port's name where it has several.</param>
/// <param name="What"><c>differs</c>, <c>not running</c>, <c>not planned</c>; between two schemas <c>added</c>, <c>removed</c>, <c>changed</c>.</param>
/// <param name="Before">The plan, or the older schema.</param>
/// <param name="After">Reality, or the newer schema.</param>
/// <param name="Line">In the schema; 0 where it has no such line any more.</param>
public sealed record PortDifference(string Service, string What, string? Before, string? After, int Line);

/// <summary>Compares the plan with reality, and a schema with another.</summary>
public static class SchemaDiff
{
    /// <summary>What of the plan is not real and what of reality is not planned.</summary>
    /// <param name="schema">The schema.</param>
    public static IReadOnlyList<PortDifference> PlanAndReality(PortSchema schema)
    {
        ArgumentNullException.ThrowIfNull(schema);
        var differences = new List<PortDifference>();
        foreach (var service in schema.Services)
        {
            foreach (var planned in service.Planned)
            {
                var real = service.Real.Where(port => port.Name == planned.Name && port.Status == ServiceStatus.Running && (planned.Host is null || planned.Host == port.Host)).ToList();
                if (real.Count == 0)
                {
                    differences.Add(new PortDifference(Label(service, planned.Name), "not running", Number(planned.Port), null, planned.PortAt.Line));
                }
                else
                {
                    differences.AddRange(real.Where(port => port.Port != planned.Port)
                        .Select(port => new PortDifference(Label(service, planned.Name), "differs", Number(planned.Port), $"{Number(port.Port)} on {port.Host}", port.PortAt.Line)));
                }
            }

            differences.AddRange(service.Real.Where(port => port.Status == ServiceStatus.Running && service.Planned.All(planned => planned.Name != port.Name))
                .Select(port => new PortDifference(Label(service, port.Name), "not planned", null, $"{Number(port.Port)} on {port.Host}", port.PortAt.Line)));
        }

        return differences;
    }

    /// <summary>What became of the ports from one schema to another.</summary>
    /// <param name="before">The older one.</param>
    /// <param name="after">The newer one.</param>
    public static IReadOnlyList<PortDifference> Between(PortSchema before, PortSchema after)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        var old = Rows(before);
        var now = Rows(after);
        var differences = new List<PortDifference>();
        foreach (var (key, row) in now)
        {
            if (!old.TryGetValue(key, out var was))
            {
                differences.Add(new PortDifference(key, "added", null, row.Text, row.Line));
            }
            else if (was.Text != row.Text)
            {
                differences.Add(new PortDifference(key, "changed", was.Text, row.Text, row.Line));
            }
        }

        differences.AddRange(old.Where(row => !now.ContainsKey(row.Key)).Select(row => new PortDifference(row.Key, "removed", row.Value.Text, null, 0)));
        return differences;
    }

    private static OrderedDictionary<string, (string Text, int Line)> Rows(PortSchema schema)
    {
        var rows = new OrderedDictionary<string, (string, int)>(StringComparer.Ordinal);
        foreach (var service in schema.Services)
        {
            foreach (var port in service.Planned)
            {
                rows[$"{Label(service, port.Name)} planned"] = (Text(port.Port, port.Host, port.Protocol, null), port.PortAt.Line);
            }

            foreach (var port in service.Real)
            {
                var more = string.Join(", ", new[] { port.Address, port.Container is { } inside && inside != port.Port ? $"container {Number(inside)}" : null, port.Public, port.Health, port.Metrics, port.Status == ServiceStatus.NotDeployed ? "not deployed" : null }.OfType<string>());
                var key = $"{Label(service, port.Name)} real";
                rows[rows.ContainsKey(key) ? $"{key} on {port.Host}" : key] = (Text(port.Port, port.Host, port.Protocol, more), port.PortAt.Line);
            }
        }

        return rows;
    }

    private static string Text(int port, string? host, string protocol, string? more) =>
        Number(port) + (host is null ? "" : $" on {host}") + (protocol == "tcp" ? "" : $"/{protocol}") + (string.IsNullOrEmpty(more) ? "" : $" ({more})");

    private static string Label(PortService service, string? port) => port is null ? service.Name : $"{service.Name} ({port})";

    private static string Number(int port) => port.ToString(CultureInfo.InvariantCulture);
}
