using System.Globalization;
using Mana.Ports.Model;

namespace Mana.Ports.Checks;

/// <summary>Where numbers lie: PS003, PS006 to PS009.</summary>
internal static class RangeChecks
{
    public static IEnumerable<Finding> OutsideRange(SchemaIndex index)
    {
        foreach (var service in index.Schema.Services)
        {
            var reported = new HashSet<int>();
            foreach (var planned in service.Planned.Where(planned => !planned.Internal))
            {
                var named = planned.Range is null ? null : index.Ranges[planned.Range];
                var outside = named is null ? index.RangeOf(planned.Port) is null : !named.Ports.Contains(planned.Port);
                if (outside && reported.Add(planned.Port))
                {
                    yield return index.Finding(
                        PortRules.OutsideRange, service.Name, planned.Port, planned.PortAt,
                        string.Create(CultureInfo.InvariantCulture, $"{service.Name} is planned on {planned.Port}, {(named is null ? "outside of every range" : $"outside of its range {named.Name} ({named.Ports})")}"));
                }
            }

            foreach (var real in service.Real.Where(real => index.RangeOf(real.Port) is null && reported.Add(real.Port)))
            {
                yield return index.Finding(
                    PortRules.OutsideRange, service.Name, real.Port, real.PortAt,
                    string.Create(CultureInfo.InvariantCulture, $"{service.Name} listens on {real.Port}, outside of every range"));
            }
        }
    }

    public static IEnumerable<Finding> ReservedUsed(SchemaIndex index)
    {
        foreach (var service in index.Schema.Services)
        {
            var reported = new HashSet<int>();
            foreach (var claim in ClaimedPort.Of(service))
            {
                var port = claim.Port;
                var verb = claim.Status switch { ServiceStatus.Planned => "is planned", ServiceStatus.Running => "listens", _ => "stands" };
                if (index.ReservedAt(port) is not [var reserved, ..] || IsGrowth(index, service, port) || !reported.Add(port))
                {
                    continue;
                }

                yield return index.Finding(
                    PortRules.ReservedUsed, service.Name, port, claim.At,
                    string.Create(CultureInfo.InvariantCulture, $"{service.Name} {verb} on {port}, which is reserved{(reserved.Range is { } range ? $" for {range}" : "")} ({string.Join(", ", reserved.Ports)}, line {reserved.At.Line})"));
            }
        }
    }

    public static IEnumerable<Finding> Sizes(SchemaIndex index)
    {
        var policy = index.Schema.Policy;
        foreach (var range in index.Schema.Ranges)
        {
            if (range.Ports.Count < policy.RangeSize)
            {
                yield return index.Finding(
                    PortRules.RangeSmall, range.Name, null, range.At,
                    string.Create(CultureInfo.InvariantCulture, $"range {range.Name} ({range.Ports}) has {range.Ports.Count} numbers; the policy wants {policy.RangeSize}"));
            }

            // What a smaller range inside of it has is not this one's room.
            var free = 0;
            for (var port = range.Ports.First; port <= range.Ports.Last; port++)
            {
                free += index.RangeOf(port) == range && !index.IsUsed(port) && !KnownPorts.IsBlockedByBrowsers(port) ? 1 : 0;
            }

            if (free * 100L < (long)policy.RoomPercent * range.Ports.Count)
            {
                yield return index.Finding(
                    PortRules.RangeFull, range.Name, null, range.At,
                    string.Create(CultureInfo.InvariantCulture, $"range {range.Name} ({range.Ports}) has {free} free numbers of {range.Ports.Count}; the policy wants {policy.RoomPercent} % free"));
            }
        }
    }

    public static IEnumerable<Finding> Overlaps(SchemaIndex index)
    {
        var ranges = index.Schema.Ranges.OrderBy(range => range.Ports.First).ThenBy(range => range.Ports.Last).ThenBy(range => range.Name, StringComparer.Ordinal).ToList();
        var furthest = ranges.FirstOrDefault();
        foreach (var range in ranges.Skip(1))
        {
            if (furthest!.Ports.Overlaps(range.Ports))
            {
                var both = new PortSpan(Math.Max(furthest.Ports.First, range.Ports.First), Math.Min(furthest.Ports.Last, range.Ports.Last));
                yield return index.Finding(
                    PortRules.RangesOverlap, range.Name, null, range.At,
                    string.Create(CultureInfo.InvariantCulture, $"range {range.Name} ({range.Ports}) and range {furthest.Name} ({furthest.Ports}, line {furthest.At.Line}) share {both}"),
                    furthest.Name);
            }

            if (range.Ports.Last > furthest.Ports.Last)
            {
                furthest = range;
            }
        }
    }

    /// <summary>The plan puts the service into the reserve of its own range: that is what the reserve is for.</summary>
    private static bool IsGrowth(SchemaIndex index, PortService service, int port) =>
        service.Planned.Any(planned => planned.Port == port && (planned.Range ?? index.RangeOf(port)?.Name) is var own
            && index.ReservedAt(port).All(reserved => (reserved.Range ?? index.RangeOf(port)?.Name) == own));
}
