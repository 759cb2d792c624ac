using Mana.Ports.Model;

namespace Mana.Ports.Checks;

/// <summary>A schema with its numbers looked up in advance, so that no rule compares every service with every other.</summary>
internal sealed class SchemaIndex
{
    private readonly short[] _rangeOf = new short[PortSpan.Highest + 1];
    private readonly List<ReservedPorts>?[] _reserved = new List<ReservedPorts>?[PortSpan.Highest + 1];

    public SchemaIndex(PortSchema schema)
    {
        Schema = schema;
        Services = schema.Services.ToDictionary(service => service.Name, StringComparer.Ordinal);
        Ranges = schema.Ranges.ToDictionary(range => range.Name, StringComparer.Ordinal);

        // The smaller range is painted over the larger one, and of equal ones the first by name: the order of the file must not matter.
        var painted = schema.Ranges.Select((range, i) => (range, i)).OrderByDescending(one => one.range.Ports.Count).ThenByDescending(one => one.range.Name, StringComparer.Ordinal);
        foreach (var (range, i) in painted)
        {
            _rangeOf.AsSpan(range.Ports.First, range.Ports.Count).Fill((short)(i + 1));
        }

        foreach (var reserved in schema.Reserved)
        {
            foreach (var port in reserved.Ports.SelectMany(span => Enumerable.Range(span.First, span.Count)))
            {
                (_reserved[port] ??= []).Add(reserved);
            }
        }

        Planned = schema.Services.SelectMany(service => service.Planned.Select(port => (service, port))).ToLookup(one => one.port.Port);
        Real = schema.Services.SelectMany(service => service.Real.Select(port => (service, port))).ToLookup(one => one.port.Port);
    }

    public PortSchema Schema { get; }

    public Dictionary<string, PortService> Services { get; }

    public Dictionary<string, PortRange> Ranges { get; }

    public ILookup<int, (PortService Service, PlannedPort Port)> Planned { get; }

    public ILookup<int, (PortService Service, RealPort Port)> Real { get; }

    public PortRange? RangeOf(int port) => _rangeOf[port] is > 0 and var i ? Schema.Ranges[i - 1] : null;

    public IReadOnlyList<ReservedPorts> ReservedAt(int port) => _reserved[port] ?? [];

    /// <summary>Whether some service has the number, planned or real.</summary>
    public bool IsUsed(int port) => Planned.Contains(port) || Real.Contains(port);

    public Finding Finding(PortRule rule, string subject, int? port, SourcePlace at, string message, string? other = null, Severity? severity = null) => new()
    {
        Rule = rule.Id,
        Severity = severity ?? rule.Severity,
        Subject = subject,
        Port = port,
        Other = other,
        Message = message,
        Path = Schema.Path,
        At = at,
    };
}
