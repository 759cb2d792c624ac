using Mana.Ports.Checks;
using Mana.Ports.Model;

namespace Mana.Tests.Ports;

/// <summary>Schemas for tests.</summary>
internal static class Schemas
{
    /// <summary>The day of every test that does not care.</summary>
    public static readonly DateOnly Today = new(2026, 11, 23);

    /// <summary>A fleet in which nothing is wrong.</summary>
    public const string Sound = """
        schema: 1
        hosts:
          one: { title: First host, address: 10.0.0.1 }
          two: { title: Second host }
        ranges:
          back: { title: Back ends, first: 3000, last: 3019 }
          front: { title: Front ends, first: 5000, last: 5019 }
        services:
          # The first.
          accounts:
            description: Who is who
            planned: { port: 3001 }
            real: { host: one, port: 3001, health: /health, metrics: /metrics }
          shop: { planned: { port: 3002 } } # the second
          shop-web: { planned: { port: 5002 }, pair: shop }
        reserved:
          - { ports: 3010-3012, range: back }
        """;

    public static string Seed => File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Ports", "ports.yaml"));

    public static PortSchema Read(string text) => SchemaReader.Read(text).Require();

    public static IReadOnlyList<Finding> Check(string text, DateOnly? today = null) => SchemaCheck.Run(Read(text), today ?? Today);

    /// <summary>The sound schema with more services behind.</summary>
    public static string With(string services, string rest = "") =>
        Sound.Replace("reserved:\n", $"{Indented(services)}reserved:\n", StringComparison.Ordinal) + "\n" + rest;

    public static string[][] Table(string name) =>
        [.. File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Ports", name)).Where(line => line is not ['#', ..] and not "").Select(line => line.Split('\t'))];

    private static string Indented(string lines) =>
        string.Concat(lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => $"  {line}\n"));
}
