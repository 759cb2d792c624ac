namespace Mana.Ports.Files;

/// <summary>What the number at a place means.</summary>
public enum PortRole
{
    /// <summary>A port of the machine, for everybody.</summary>
    Host,

    /// <summary>A port inside a container.</summary>
    Container,

    /// <summary>Where a monitoring system fetches metrics.</summary>
    Scrape,

    /// <summary>Where a monitoring system looks whether something answers.</summary>
    Probe,

    /// <summary>The value of a variable.</summary>
    Variable,

    /// <summary>Where a tunnel or proxy sends what comes from outside.</summary>
    Ingress,

    /// <summary>A row of a document.</summary>
    Documented,
}

/// <summary>One place in a foreign file where a port stands.</summary>
/// <param name="Service">As the file calls it.</param>
/// <param name="Port">The number.</param>
/// <param name="Role">What the number means.</param>
/// <param name="Path">The file.</param>
/// <param name="Line">From 1.</param>
/// <param name="Column">From 1; of the number itself wherever it stands in the file literally.</param>
/// <param name="Text">The entry it stands in.</param>
/// <param name="Protocol"><c>tcp</c> or <c>udp</c>, where the file says so.</param>
/// <param name="Address">The host, bind address or public name that stands with it.</param>
public sealed record PortMention(
    string Service, int Port, PortRole Role, string Path, int Line, int Column, string Text, string? Protocol = null, string? Address = null)
{
    /// <summary>Where the entry begins that the number stands in: a machine's port and the container's port behind it share one.</summary>
    public int Entry { get; init; }
}
