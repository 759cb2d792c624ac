using System.Globalization;
using Mana.Ports.Model;

namespace Mana.Ports.Checks;

/// <summary>Who owns a number: PS001 and PS002.</summary>
internal static class OwnerChecks
{
    public static IEnumerable<Finding> Taken(SchemaIndex index) => TakenReal(index).Concat(TakenPlanned(index));

    public static IEnumerable<Finding> PlannedForAnother(SchemaIndex index)
    {
        foreach (var service in index.Schema.Services)
        {
            foreach (var real in service.Real.Where(real => real.Status == ServiceStatus.Running))
            {
                var planned = index.PlannedAt(real.Port).FindAll(one =>
                    !one.Port.Internal && one.Port.Protocol == real.Protocol && (one.Port.Host is null || one.Port.Host == real.Host));
                if (planned.Count == 0 || planned.Exists(one => one.Service == service))
                {
                    continue;
                }

                // Whose plan it is may listen there, too: that is a finding of PS001, as are two who plan the same number.
                if (planned.Exists(one => one.Service.Real.Any(own => own.Port == real.Port && own.Host == real.Host && own.Protocol == real.Protocol && own.Status == ServiceStatus.Running)))
                {
                    continue;
                }

                var other = planned.MinBy(one => one.Service.Name, StringComparer.Ordinal)!.Service;
                yield return index.Finding(
                    PortRules.PlannedForAnother, service.Name, real.Port, real.PortAt,
                    string.Create(CultureInfo.InvariantCulture, $"{service.Name} listens on {real.Port} of {real.Host}, which the plan gives to {other.Name} (line {other.At.Line})"),
                    other.Name);
            }
        }
    }

    private static IEnumerable<Finding> TakenReal(SchemaIndex index)
    {
        for (var port = 1; port <= PortSpan.Highest; port++)
        {
            if (index.RealAt(port) is { Count: > 1 } uses)
            {
                var listeners = uses.Where(one => one.Port.Status == ServiceStatus.Running)
                    .Select(one => new Claim(one.Service, one.Port.Name, one.Port.Host, one.Port.Protocol, one.Port.Address, one.Port.PortAt, Plans(one.Service, one.Port.Port)));
                foreach (var (claim, owner) in Clashes([.. listeners], SameListener))
                {
                    yield return index.Finding(
                        PortRules.Taken, claim.Service.Name, port, claim.At,
                        string.Create(CultureInfo.InvariantCulture, $"{claim.Service.Name} and {owner.Service.Name} (line {owner.At.Line}) both listen on {port} of {claim.Host}{(claim.Protocol == "udp" ? ", udp" : "")}; one of them needs another port"),
                        owner.Service.Name);
                }
            }
        }
    }

    private static IEnumerable<Finding> TakenPlanned(SchemaIndex index)
    {
        for (var port = 1; port <= PortSpan.Highest; port++)
        {
            if (index.PlannedAt(port) is { Count: > 1 } uses)
            {
                var plans = uses.Where(one => !one.Port.Internal)
                    .Select(one => new Claim(one.Service, one.Port.Name, one.Port.Host, one.Port.Protocol, null, one.Port.PortAt, RunsAt(one.Service, one.Port.Port)));
                foreach (var (claim, owner) in Clashes([.. plans], (a, b) => a.Protocol == b.Protocol && (a.Host is null || b.Host is null || a.Host == b.Host)))
                {
                    yield return index.Finding(
                        PortRules.Taken, claim.Service.Name, port, claim.At,
                        string.Create(CultureInfo.InvariantCulture, $"the plan gives {port} to both {claim.Service.Name} and {owner.Service.Name} (line {owner.At.Line}); one of them needs another port"),
                        owner.Service.Name);
                }
            }
        }
    }

    /// <summary>Each claim that clashes with an earlier one. Who has the better right comes first, then the name: the order of the file does not count.</summary>
    private static IEnumerable<Clash> Clashes(List<Claim> claims, Func<Claim, Claim, bool> clash)
    {
        claims.Sort((a, b) =>
            a.HasRight != b.HasRight ? b.HasRight.CompareTo(a.HasRight)
            : string.CompareOrdinal(a.Service.Name, b.Service.Name) is not 0 and var byName ? byName
            : string.CompareOrdinal(a.Name + "\n" + a.Host + "\n" + a.Address, b.Name + "\n" + b.Host + "\n" + b.Address));
        for (var i = 1; i < claims.Count; i++)
        {
            for (var j = 0; j < i; j++)
            {
                if (clash(claims[i], claims[j]))
                {
                    yield return new Clash(claims[i], claims[j]);
                    break;
                }
            }
        }
    }

    private static bool SameListener(Claim a, Claim b) =>
        a.Host == b.Host && a.Protocol == b.Protocol && (IsEvery(a.Address) || IsEvery(b.Address) || a.Address == b.Address);

    private static bool IsEvery(string? address) => address is null or "0.0.0.0" or "::" or "[::]" or "*";

    private static bool Plans(PortService service, int port) => service.Planned.Any(planned => planned.Port == port);

    private static bool RunsAt(PortService service, int port) => service.Real.Any(real => real.Port == port && real.Status == ServiceStatus.Running);

    private sealed record Clash(Claim Claim, Claim Owner);

    private sealed record Claim(PortService Service, string? Name, string? Host, string Protocol, string? Address, SourcePlace At, bool HasRight);
}
