namespace Mana.Ports.Files;

/// <summary>What a file should say about one service.</summary>
/// <param name="Service">Its name in the schema.</param>
/// <param name="Port">Its port on the host.</param>
/// <param name="ContainerPort">Its port inside its container, where that differs.</param>
/// <param name="HealthPath">Where it says whether it is well.</param>
/// <param name="MetricsPath">Where it serves metrics; null: it has none.</param>
/// <param name="PublicAddress">The name under which the world reaches it; null: not at all.</param>
/// <param name="Host">The machine it runs on.</param>
/// <param name="Description">For documents.</param>
/// <param name="Runtime">For documents.</param>
public sealed record PortFact(
    string Service,
    int Port,
    int? ContainerPort = null,
    string? HealthPath = null,
    string? MetricsPath = null,
    string? PublicAddress = null,
    string? Host = null,
    string? Description = null,
    string? Runtime = null)
{
    /// <summary>The port inside the service's container.</summary>
    public int Inside => ContainerPort ?? Port;
}
