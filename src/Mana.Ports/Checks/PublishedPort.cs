using Mana.Ports.Model;

namespace Mana.Ports.Checks;

/// <summary>A number of a service that others can see: of the plan, or as it is.</summary>
/// <param name="Port">The number.</param>
/// <param name="Protocol">tcp or udp.</param>
/// <param name="At">Where the schema says so.</param>
/// <param name="Verb">What the service does there.</param>
internal sealed record PublishedPort(int Port, string Protocol, SourcePlace At, string Verb)
{
    /// <summary>The plan's first. What only containers see of each other is none.</summary>
    /// <param name="service">The service.</param>
    public static IEnumerable<PublishedPort> Of(PortService service)
    {
        foreach (var planned in service.Planned)
        {
            if (!planned.Internal)
            {
                yield return new PublishedPort(planned.Port, planned.Protocol, planned.PortAt, "is planned");
            }
        }

        foreach (var real in service.Real)
        {
            yield return new PublishedPort(real.Port, real.Protocol, real.PortAt, real.Status == ServiceStatus.Running ? "listens" : "stands");
        }
    }
}
