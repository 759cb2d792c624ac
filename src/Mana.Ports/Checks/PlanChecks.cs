using System.Globalization;
using Mana.Ports.Model;

namespace Mana.Ports.Checks;

/// <summary>What belongs together: the plan and reality (PS004), the halves of a pair (PS005, PS012).</summary>
internal static class PlanChecks
{
    public static IEnumerable<Finding> RealDiffers(SchemaIndex index)
    {
        foreach (var service in index.Schema.Services)
        {
            var reported = new List<RealPort>();
            foreach (var real in service.Real)
            {
                var planned = service.Planned.Where(planned => planned.Name == real.Name && !planned.Internal && (planned.Host is null || planned.Host == real.Host)).ToList();
                if (planned.Count > 0 && !planned.Exists(one => one.Port == real.Port) && !reported.Exists(one => one.Name == real.Name && one.Port == real.Port))
                {
                    reported.Add(real);
                    yield return index.Finding(
                        PortRules.RealDiffers, service.Name, real.Port, real.PortAt,
                        string.Create(CultureInfo.InvariantCulture, $"{Label(service, real.Name)} listens on {real.Port}, the plan says {planned[0].Port}"));
                }
            }
        }
    }

    public static IEnumerable<Finding> PairDigits(SchemaIndex index)
    {
        foreach (var service in index.Schema.Services)
        {
            if (service.Pair is not { } name || !index.Services.TryGetValue(name, out var pair) || IsSaidByBoth(service, pair))
            {
                continue;
            }

            // The plan is compared with the plan, reality with reality.
            int port, other;
            SourcePlace at;
            if (service.Planned.Count > 0 && pair.Planned.Count > 0)
            {
                (port, at, other) = (service.Planned[0].Port, service.Planned[0].PortAt, pair.Planned[0].Port);
            }
            else if (service.Real.Count > 0 && pair.Real.Count > 0)
            {
                (port, at, other) = (service.Real[0].Port, service.Real[0].PortAt, pair.Real[0].Port);
            }
            else
            {
                continue;
            }

            if (port % 10 == other % 10)
            {
                continue;
            }

            var wanted = (port / 10 * 10) + (other % 10);
            var holder = wanted is 0 or > PortSpan.Highest ? null : index.PlannedAt(wanted).Select(one => one.Service.Name).Concat(index.RealAt(wanted).Select(one => one.Service.Name)).Min(StringComparer.Ordinal);
            yield return index.Finding(
                PortRules.PairDigits, service.Name, port, at,
                string.Create(CultureInfo.InvariantCulture, $"{service.Name} {port} and {pair.Name} {other} are a pair with different last digits; {wanted} would match{(holder is null ? "" : $" ({holder} has it)")}"),
                pair.Name);
        }
    }

    public static IEnumerable<Finding> PairMissing(SchemaIndex index)
    {
        foreach (var service in index.Schema.Services)
        {
            if (service.Pair is not { } name)
            {
                continue;
            }

            if (!index.Services.TryGetValue(name, out var pair))
            {
                var nearest = Suggestions.Nearest(name, index.Services.Keys.Order(StringComparer.Ordinal));
                yield return index.Finding(
                    PortRules.PairMissing, service.Name, null, service.PairAt,
                    $"{service.Name} is paired with {name}, which the schema does not have{(nearest is null ? "" : $"; did you mean {nearest}?")}", name);
            }
            else if (pair.Pair is { } back && back != service.Name)
            {
                yield return index.Finding(
                    PortRules.PairMissing, service.Name, null, service.PairAt,
                    $"{service.Name} is paired with {name}, which is paired with {back}", name, Severity.Warning);
            }
            else if ((service.Status == ServiceStatus.Running) != (pair.Status == ServiceStatus.Running) && !IsSaidByBoth(service, pair))
            {
                var (runs, rests) = service.Status == ServiceStatus.Running ? (service, pair) : (pair, service);
                yield return index.Finding(
                    PortRules.PairMissing, service.Name, null, service.PairAt, $"{runs.Name} runs without its pair {rests.Name}", name, Severity.Warning);
            }
        }
    }

    /// <summary>Both halves name each other: the one that comes first by name speaks for the pair.</summary>
    private static bool IsSaidByBoth(PortService service, PortService pair) =>
        pair.Pair == service.Name && string.CompareOrdinal(service.Name, pair.Name) > 0;

    private static string Label(PortService service, string? port) => port is null ? service.Name : $"{service.Name} ({port})";
}
