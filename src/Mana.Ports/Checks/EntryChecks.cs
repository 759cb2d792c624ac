using System.Globalization;
using Mana.Ports.Model;

namespace Mana.Ports.Checks;

/// <summary>One entry looked at alone: PS010, PS011, PS013.</summary>
internal static class EntryChecks
{
    public static IEnumerable<Finding> WellKnown(SchemaIndex index)
    {
        foreach (var service in index.Schema.Services)
        {
            var reported = new HashSet<(int, string)>();
            var words = $"{service.Name} {service.Runtime}";
            var ports = service.Planned.Where(planned => !planned.Internal).Select(planned => (planned.Port, planned.Protocol, planned.PortAt))
                .Concat(service.Real.Select(real => (real.Port, real.Protocol, real.PortAt)));
            foreach (var (port, protocol, at) in ports)
            {
                if (KnownPorts.Objection(words, port, protocol) is { } objection && reported.Add((port, protocol)))
                {
                    yield return index.Finding(
                        PortRules.WellKnown, service.Name, port, at,
                        string.Create(CultureInfo.InvariantCulture, $"{service.Name} on {port}: {objection}"),
                        severity: KnownPorts.IsBlocked(words, port, protocol) ? Severity.Error : null);
                }
            }
        }
    }

    public static IEnumerable<Finding> MissingPaths(SchemaIndex index)
    {
        foreach (var service in index.Schema.Services)
        {
            var running = service.Real.Where(real => real.Status == ServiceStatus.Running).ToList();
            if (running.Count == 0)
            {
                continue;
            }

            var expected = service.Expects.Concat(service.Planned.SelectMany(port => (port.Range is { } name ? index.Ranges[name] : index.RangeOf(port.Port))?.Expects ?? []))
                .Concat(running.SelectMany(port => index.RangeOf(port.Port)?.Expects ?? [])).Distinct();
            foreach (var path in expected)
            {
                if (!running.Exists(port => (path == PortService.Health ? port.Health : port.Metrics) is not null))
                {
                    yield return index.Finding(
                        PortRules.MissingPath, service.Name, running[0].Port, running[0].At,
                        string.Create(CultureInfo.InvariantCulture, $"{service.Name} has no {path} path; add {path}: /{path} to its real port"));
                }
            }
        }
    }

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
