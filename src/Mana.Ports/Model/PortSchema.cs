namespace Mana.Ports.Model;

/// <summary>Where something stands in a text; both numbers start at 1.</summary>
/// <param name="Line">The line.</param>
/// <param name="Column">The column.</param>
public readonly record struct SourcePlace(int Line, int Column);

/// <summary>The port schema of a fleet: which service listens where, as planned and as it is.</summary>
public sealed record PortSchema
{
    /// <summary>The file's name where nobody says another.</summary>
    public const string DefaultPath = "ports.yaml";

    /// <summary>As findings name the file.</summary>
    public required string Path { get; init; }

    /// <summary>Of the document that is rendered from the schema.</summary>
    public string? Title { get; init; }

    /// <summary>What the numbers are given by, for people.</summary>
    public IReadOnlyList<string> Principles { get; init; } = [];

    /// <summary>What happened to the schema, for people.</summary>
    public IReadOnlyList<HistoryNote> History { get; init; } = [];

    /// <summary>What the rules measure by.</summary>
    public PortPolicy Policy { get; init; } = new();

    /// <summary>The machines.</summary>
    public IReadOnlyList<PortHost> Hosts { get; init; } = [];

    /// <summary>The ranges, in the order of the file.</summary>
    public IReadOnlyList<PortRange> Ranges { get; init; } = [];

    /// <summary>The services, in the order of the file.</summary>
    public IReadOnlyList<PortService> Services { get; init; } = [];

    /// <summary>Numbers that are kept free for growth.</summary>
    public IReadOnlyList<ReservedPorts> Reserved { get; init; } = [];

    /// <summary>Findings that are allowed for a while.</summary>
    public IReadOnlyList<AllowedFinding> Exceptions { get; init; } = [];

    /// <summary>The files that follow the schema.</summary>
    public IReadOnlyList<FollowingFile> Files { get; init; } = [];

    /// <summary>The range a number lies in: the smallest of those that contain it; null outside of all.</summary>
    /// <param name="port">The number.</param>
    public PortRange? RangeOf(int port) => Ranges.Where(range => range.Ports.Contains(port)).MinBy(range => range.Ports.Count);
}

/// <summary>A dated note on the schema.</summary>
/// <param name="Date">When.</param>
/// <param name="Note">What.</param>
public sealed record HistoryNote(DateOnly Date, string Note);

/// <summary>What the rules measure by.</summary>
public sealed record PortPolicy
{
    /// <summary>How many numbers a range should have at least; 0 asks for nothing.</summary>
    public int RangeSize { get; init; }

    /// <summary>How many percent of a range should be free.</summary>
    public int RoomPercent { get; init; } = 20;

    /// <summary>After how many days a host's real ports want to be looked at again; 0 asks for nothing.</summary>
    public int StaleAfterDays { get; init; }
}

/// <summary>A machine that services run on.</summary>
public sealed record PortHost(string Name, string? Title, string? Address, string? Note, DateOnly? Reconciled, SourcePlace At);

/// <summary>Consecutive numbers with one purpose.</summary>
public sealed record PortRange(string Name, string Title, PortSpan Ports, string? Purpose, string? Note, IReadOnlyList<string> Expects, SourcePlace At);

/// <summary>How far a service is.</summary>
public enum ServiceStatus
{
    /// <summary>It has a number and nothing runs.</summary>
    Planned,

    /// <summary>It runs on a host.</summary>
    Running,

    /// <summary>It exists and runs nowhere.</summary>
    NotDeployed,

    /// <summary>An idea that has a number.</summary>
    Future,

    /// <summary>The number is kept.</summary>
    Reserved,
}

/// <summary>A service and its ports: as planned and as they are.</summary>
public sealed record PortService
{
    /// <summary>What metrics and health are called in <see cref="Expects"/>.</summary>
    public const string Health = "health", Metrics = "metrics";

    /// <summary>Unique in the fleet.</summary>
    public required string Name { get; init; }

    /// <summary>What it does.</summary>
    public string? Description { get; init; }

    /// <summary>What it runs on: a language, a framework, an image.</summary>
    public string? Runtime { get; init; }

    /// <summary>As the file says it; see <see cref="Status"/>.</summary>
    public ServiceStatus? DeclaredStatus { get; init; }

    /// <summary>What it should listen on.</summary>
    public IReadOnlyList<PlannedPort> Planned { get; init; } = [];

    /// <summary>What it listens on.</summary>
    public IReadOnlyList<RealPort> Real { get; init; } = [];

    /// <summary>The back end of a front end, or the other way round.</summary>
    public string? Pair { get; init; }

    /// <summary>A front end that needs no back end.</summary>
    public bool LocalFirst { get; init; }

    /// <summary>Whether the files of this repository carry the service.</summary>
    public bool Managed { get; init; }

    /// <summary>Paths that it must have when it runs: <see cref="Health"/>, <see cref="Metrics"/>.</summary>
    public IReadOnlyList<string> Expects { get; init; } = [];

    /// <summary>Anything else.</summary>
    public string? Note { get; init; }

    /// <summary>Of its name.</summary>
    public SourcePlace At { get; init; }

    /// <summary>Of the pair's name.</summary>
    public SourcePlace PairAt { get; init; }

    /// <summary>How far the service is: what runs counts first, then what the file says.</summary>
    public ServiceStatus Status =>
        Real.Any(port => port.Status == ServiceStatus.Running) ? ServiceStatus.Running
        : Real.Count > 0 ? ServiceStatus.NotDeployed
        : DeclaredStatus ?? ServiceStatus.Planned;
}

/// <summary>A port of the plan.</summary>
public sealed record PlannedPort
{
    /// <summary>Tells several ports of one service apart.</summary>
    public string? Name { get; init; }

    /// <summary>The number.</summary>
    public required int Port { get; init; }

    /// <summary>The range it belongs to where that is not the one it lies in.</summary>
    public string? Range { get; init; }

    /// <summary>The host it is planned for; null for any.</summary>
    public string? Host { get; init; }

    /// <summary>tcp or udp.</summary>
    public string Protocol { get; init; } = "tcp";

    /// <summary>A container's own port, which no host publishes.</summary>
    public bool Internal { get; init; }

    /// <summary>Of the entry.</summary>
    public SourcePlace At { get; init; }

    /// <summary>Of the number.</summary>
    public SourcePlace PortAt { get; init; }
}

/// <summary>A port as it is.</summary>
public sealed record RealPort
{
    /// <summary>Tells several ports of one service apart.</summary>
    public string? Name { get; init; }

    /// <summary>The number.</summary>
    public required int Port { get; init; }

    /// <summary>Where it listens; null only for what is not deployed.</summary>
    public string? Host { get; init; }

    /// <summary>The address it is bound to; null for all of the host.</summary>
    public string? Address { get; init; }

    /// <summary>tcp or udp.</summary>
    public string Protocol { get; init; } = "tcp";

    /// <summary>Running or not deployed.</summary>
    public ServiceStatus Status { get; init; } = ServiceStatus.Running;

    /// <summary>The public host name or address.</summary>
    public string? Public { get; init; }

    /// <summary>The path that says how it is.</summary>
    public string? Health { get; init; }

    /// <summary>The path that Prometheus reads.</summary>
    public string? Metrics { get; init; }

    /// <summary>The number inside of the container where there is one.</summary>
    public int? Container { get; init; }

    /// <summary>Since when it listens there.</summary>
    public DateOnly? Since { get; init; }

    /// <summary>What starts it: a scheduled task, a unit.</summary>
    public string? Task { get; init; }

    /// <summary>Anything else.</summary>
    public string? Note { get; init; }

    /// <summary>Of the entry.</summary>
    public SourcePlace At { get; init; }

    /// <summary>Of the number.</summary>
    public SourcePlace PortAt { get; init; }
}

/// <summary>Numbers that a range keeps free to grow.</summary>
public sealed record ReservedPorts(IReadOnlyList<PortSpan> Ports, string? Range, string? Note, SourcePlace At)
{
    /// <summary>Whether a number is among them.</summary>
    /// <param name="port">The number.</param>
    public bool Contains(int port) => Ports.Any(span => span.Contains(port));
}

/// <summary>A finding that is known and allowed for a while.</summary>
/// <param name="Rule">Its rule.</param>
/// <param name="Subject">The service, range or host it is about.</param>
/// <param name="Port">The number it is about; null for any.</param>
/// <param name="Reason">Why.</param>
/// <param name="Until">The last day.</param>
/// <param name="At">Where the schema says so.</param>
public sealed record AllowedFinding(string Rule, string Subject, int? Port, string Reason, DateOnly Until, SourcePlace At);

/// <summary>A file that follows the schema.</summary>
/// <param name="Kind">Which adapter or renderer knows it.</param>
/// <param name="Path">Relative to the schema's directory.</param>
/// <param name="Service">The one service it is about, where it is about one.</param>
/// <param name="At">Where the schema says so.</param>
/// <param name="Host">The one host it is about, where it is about one.</param>
public sealed record FollowingFile(string Kind, string Path, string? Service, SourcePlace At, string? Host = null);
