using Mana.Ports.Model;

namespace Mana.Ports.Checks;

// Records and not tuples, here and in the rules: a command runs each rule once, and code for collections of tuples is
// compiled while it runs, where code for collections of objects is there already.

/// <summary>A number that the plan gives to a service.</summary>
internal sealed record PlannedUse(PortService Service, PlannedPort Port);

/// <summary>A number that a service has.</summary>
internal sealed record RealUse(PortService Service, RealPort Port);

/// <summary>A schema with its numbers looked up in advance, so that no rule compares every service with every other.</summary>
internal sealed class SchemaIndex
{
    private readonly PortRange?[] _rangeOf = new PortRange?[PortSpan.Highest + 1];
    private readonly List<ReservedPorts>?[] _reserved = new List<ReservedPorts>?[PortSpan.Highest + 1];
    private readonly List<PlannedUse>?[] _planned = new List<PlannedUse>?[PortSpan.Highest + 1];
    private readonly List<RealUse>?[] _real = new List<RealUse>?[PortSpan.Highest + 1];

    public SchemaIndex(PortSchema schema)
    {
        Schema = schema;
        Services = schema.Services.ToDictionary(service => service.Name, StringComparer.Ordinal);
        Ranges = schema.Ranges.ToDictionary(range => range.Name, StringComparer.Ordinal);

        // The smaller range is painted over the larger one, and of equal ones the first by name: the order of the file must not matter.
        foreach (var range in schema.Ranges.OrderByDescending(range => range.Ports.Count).ThenByDescending(range => range.Name, StringComparer.Ordinal))
        {
            _rangeOf.AsSpan(range.Ports.First, range.Ports.Count).Fill(range);
        }

        foreach (var reserved in schema.Reserved)
        {
            foreach (var port in reserved.Ports.SelectMany(span => Enumerable.Range(span.First, span.Count)))
            {
                (_reserved[port] ??= []).Add(reserved);
            }
        }

        foreach (var service in schema.Services)
        {
            foreach (var planned in service.Planned)
            {
                (_planned[planned.Port] ??= []).Add(new PlannedUse(service, planned));
            }

            foreach (var real in service.Real)
            {
                (_real[real.Port] ??= []).Add(new RealUse(service, real));
            }
        }
    }

    public PortSchema Schema { get; }

    public Dictionary<string, PortService> Services { get; }

    public Dictionary<string, PortRange> Ranges { get; }

    /// <summary>The services that the plan gives a number to, in the order of the file.</summary>
    public List<PlannedUse> PlannedAt(int port) => _planned[port] ?? [];

    /// <summary>The services that have a number, on any host, in the order of the file.</summary>
    public List<RealUse> RealAt(int port) => _real[port] ?? [];

    public PortRange? RangeOf(int port) => _rangeOf[port];

    public IReadOnlyList<ReservedPorts> ReservedAt(int port) => _reserved[port] ?? [];

    /// <summary>Whether some service has the number, planned or real.</summary>
    public bool IsUsed(int port) => _planned[port] is not null || _real[port] is not null;

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
