using Mana.Ports.Model;

namespace Mana.Ports.Checks;

/// <summary>A number that a service lays claim to: by the plan, by listening there, or by having stood there.</summary>
/// <param name="Port">The number.</param>
/// <param name="Protocol">tcp or udp.</param>
/// <param name="At">Where the schema says so.</param>
/// <param name="Status">Planned for a number of the plan.</param>
internal sealed record ClaimedPort(int Port, string Protocol, SourcePlace At, ServiceStatus Status)
{
    /// <summary>The plan's first. What only containers see of each other is none.</summary>
    /// <param name="service">The service.</param>
    public static IEnumerable<ClaimedPort> Of(PortService service)
    {
        foreach (var planned in service.Planned)
        {
            if (!planned.Internal)
            {
                yield return new ClaimedPort(planned.Port, planned.Protocol, planned.PortAt, ServiceStatus.Planned);
            }
        }

        foreach (var real in service.Real)
        {
            yield return new ClaimedPort(real.Port, real.Protocol, real.PortAt, real.Status);
        }
    }
}
