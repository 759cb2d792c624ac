using Mana.Ports.Model;

namespace Mana.Ports.Scanning;

/// <summary>What a comparison of a port with the schema gave.</summary>
public enum ScanState
{
    /// <summary>The service that owns the port listens on it.</summary>
    Expected,

    /// <summary>The port is a service's, and another process holds it.</summary>
    Conflict,

    /// <summary>The port is a service's, and this user may not see who holds it.</summary>
    Unseen,

    /// <summary>The schema does not know the port.</summary>
    Unclaimed,

    /// <summary>The service should listen here and does not.</summary>
    Silent,
}

/// <summary>A port of this machine beside what the schema says about it.</summary>
/// <param name="Port">The number.</param>
/// <param name="Protocol"><c>tcp</c> or <c>udp</c>.</param>
/// <param name="State">How the two go together.</param>
/// <param name="Services">Whose port it is.</param>
/// <param name="Range">The range it lies in.</param>
/// <param name="Address">What the process is bound to.</param>
/// <param name="ProcessId">Its number.</param>
/// <param name="Process">Its name.</param>
public sealed record ScanRow(
    int Port, string Protocol, ScanState State, IReadOnlyList<string> Services, string? Range, string? Address, int? ProcessId, string? Process);

/// <summary>Compares what listens with a schema.</summary>
/// <param name="schema">The schema.</param>
/// <param name="alsoKnownAs">Other words by which the process of a service can be told.</param>
public sealed class HostScan(PortSchema schema, Func<string, IReadOnlyList<string>> alsoKnownAs)
{
    // Shorter ones stand in every command line by chance.
    private const int ShortestPart = 3;

    // They hold the ports of containers, and do not say which one's.
    private static readonly string[] ContainerProxies = ["docker-proxy", "rootlessport", "conmon", "slirp4netns", "pasta", "containerd"];

    /// <summary>Every listener, and every service that should listen on the host and does not.</summary>
    /// <param name="listeners">What listens.</param>
    /// <param name="host">The machine's name in the schema; null: any service of any host may be here.</param>
    public IReadOnlyList<ScanRow> Compare(IReadOnlyList<Listener> listeners, string? host)
    {
        ArgumentNullException.ThrowIfNull(listeners);
        var owners = schema.Services
            .SelectMany(service => Ports(service, host).Select(port => (service, port)))
            .ToLookup(one => (one.port.Port, one.port.Protocol), one => one);
        var rows = listeners.GroupBy(listener => (listener.Port, listener.Protocol, listener.Process?.Id)).Select(same =>
        {
            var listener = same.First();
            var claims = owners[(listener.Port, listener.Protocol)].ToList();
            return new ScanRow(
                listener.Port, listener.Protocol, State(listener, claims), [.. claims.Select(claim => claim.service.Name).Distinct()], schema.RangeOf(listener.Port)?.Name,
                string.Join(", ", same.Select(one => one.Address).Distinct()), listener.Process?.Id, listener.Process?.Name);
        }).ToList();
        var heard = listeners.Select(listener => (listener.Port, listener.Protocol)).ToHashSet();
        if (host is not null)
        {
            rows.AddRange(owners.Where(group => !heard.Contains(group.Key) && group.Any(claim => claim.port.Status == ServiceStatus.Running && claim.port.Host == host))
                .Select(group => new ScanRow(
                    group.Key.Port, group.Key.Protocol, ScanState.Silent, [.. group.Select(claim => claim.service.Name).Distinct()], schema.RangeOf(group.Key.Port)?.Name, null, null, null)));
        }

        return [.. rows.OrderBy(row => row.Port).ThenBy(row => row.Protocol, StringComparer.Ordinal).ThenBy(row => row.ProcessId)];
    }

    /// <summary>The ports a service can have here: its real ones, and planned ones of a service that runs nowhere.</summary>
    private static IEnumerable<RealPort> Ports(PortService service, string? host) =>
        service.Real.Count > 0
            ? service.Real.Where(port => host is null || port.Host is null || port.Host == host)
            : service.Planned.Where(port => !port.Internal && (host is null || port.Host is null || port.Host == host))
                .Select(port => new RealPort { Port = port.Port, Host = port.Host, Protocol = port.Protocol, Status = ServiceStatus.NotDeployed });

    private ScanState State(Listener listener, List<(PortService Service, RealPort Port)> claims) => (claims, listener.Process) switch
    {
        ([], _) => ScanState.Unclaimed,
        (_, null) => ScanState.Unseen,
        (_, var process) => claims.Exists(claim => Is(process, claim.Service, claim.Port)) ? ScanState.Expected : ScanState.Conflict,
    };

    /// <summary>Whether a process is a service's: its name stands in the command, the directory or the unit, whole or in parts.</summary>
    private bool Is(ListeningProcess process, PortService service, RealPort port)
    {
        if (ContainerProxies.Contains(process.Name))
        {
            return true;
        }

        var words = string.Join('\n', process.Name, process.CommandLine, process.Directory, process.Unit);
        return Contains(words, service.Name)
            || (port.Task is { } task && Contains(words, task))
            || service.Name.Split('-', '_', '.').All(part => part.Length >= ShortestPart && Contains(words, part))
            || alsoKnownAs(service.Name).Any(word => Contains(words, word));
    }

    private static bool Contains(string words, string word) => words.Contains(word, StringComparison.OrdinalIgnoreCase);
}
