using System.Globalization;
using Mana.Ports.Model;

namespace Mana.Ports.Checks;

/// <summary>One entry looked at alone: PS010, PS011, PS013.</summary>
internal static class EntryChecks
{
    private static readonly string[] Paths = [PortService.Health, PortService.Metrics];

    public static IEnumerable<Finding> WellKnown(SchemaIndex index)
    {
        foreach (var service in index.Schema.Services)
        {
            var reported = new List<ClaimedPort>();
            var words = $"{service.Name} {service.Runtime}";
            foreach (var claim in ClaimedPort.Of(service))
            {
                if (KnownPorts.Objection(words, claim.Port, claim.Protocol) is { } objection && !reported.Exists(one => one.Port == claim.Port && one.Protocol == claim.Protocol))
                {
                    reported.Add(claim);
                    yield return index.Finding(
                        PortRules.WellKnown, service.Name, claim.Port, claim.At,
                        string.Create(CultureInfo.InvariantCulture, $"{service.Name} on {claim.Port}: {objection}"),
                        severity: KnownPorts.IsBlocked(words, claim.Port, claim.Protocol) ? Severity.Error : null);
                }
            }
        }
    }

    public static IEnumerable<Finding> MissingPaths(SchemaIndex index)
    {
        foreach (var service in index.Schema.Services)
        {
            var running = service.Real.Where(real => real.Status == ServiceStatus.Running).ToList();
            foreach (var path in running.Count == 0 ? [] : Paths)
            {
                if (!running.Exists(port => (path == PortService.Health ? port.Health : port.Metrics) is not null) && IsExpected(index, service, running, path))
                {
                    yield return index.Finding(
                        PortRules.MissingPath, service.Name, running[0].Port, running[0].At,
                        string.Create(CultureInfo.InvariantCulture, $"{service.Name} has no {path} path; add {path}: /{path} to its real port"));
                }
            }
        }
    }

    private static bool IsExpected(SchemaIndex index, PortService service, List<RealPort> running, string path) =>
        service.Expects.Contains(path)
        || service.Planned.Any(port => (port.Range is { } name ? index.Ranges[name] : index.RangeOf(port.Port))?.Expects.Contains(path) == true)
        || running.Exists(port => index.RangeOf(port.Port)?.Expects.Contains(path) == true);

    public static IEnumerable<Finding> Stale(SchemaIndex index, DateOnly today)
    {
        foreach (var service in index.Schema.Services.Where(service => service.Status == ServiceStatus.NotDeployed))
        {
            yield return index.Finding(
                PortRules.Stale, service.Name, service.Real[0].Port, service.Real[0].PortAt,
                string.Create(CultureInfo.InvariantCulture, $"{service.Name} is deployed nowhere and holds {service.Real[0].Port}"));
        }

        var limit = index.Schema.Policy.StaleAfterDays;
        foreach (var host in index.Schema.Hosts)
        {
            if (limit > 0 && host.Reconciled is { } reconciled && today.DayNumber - reconciled.DayNumber is var days && days > limit)
            {
                yield return index.Finding(
                    PortRules.Stale, host.Name, null, host.At,
                    string.Create(CultureInfo.InvariantCulture, $"the real ports of {host.Name} were compared {days} days ago ({reconciled:yyyy-MM-dd}), the policy wants {limit} at most"),
                    severity: Severity.Warning);
            }
        }
    }
}
