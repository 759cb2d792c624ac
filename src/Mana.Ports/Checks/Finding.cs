using Mana.Ports.Model;

namespace Mana.Ports.Checks;

/// <summary>How much a finding matters.</summary>
public enum Severity
{
    /// <summary>Worth knowing.</summary>
    Info,

    /// <summary>Somebody should look.</summary>
    Warning,

    /// <summary>Stops continuous integration.</summary>
    Error,
}

/// <summary>Something that a rule found.</summary>
public sealed record Finding
{
    /// <summary>Its rule.</summary>
    public required string Rule { get; init; }

    /// <summary>How much it matters.</summary>
    public required Severity Severity { get; init; }

    /// <summary>The service, range or host that it is about.</summary>
    public required string Subject { get; init; }

    /// <summary>The number that it is about.</summary>
    public int? Port { get; init; }

    /// <summary>The other service that is concerned.</summary>
    public string? Other { get; init; }

    /// <summary>What is wrong and what to do, in one sentence.</summary>
    public required string Message { get; init; }

    /// <summary>The file.</summary>
    public required string Path { get; init; }

    /// <summary>Where in the file.</summary>
    public required SourcePlace At { get; init; }

    /// <summary>The exception that allows it today; null where nothing does.</summary>
    public AllowedFinding? Allowed { get; init; }
}

/// <summary>A rule: what findings of it mean and what to do about them.</summary>
/// <param name="Id">PS and three digits.</param>
/// <param name="Name">In words with dashes.</param>
/// <param name="Severity">Of its findings, as a rule.</param>
/// <param name="Summary">One sentence.</param>
/// <param name="Explanation">Why it matters, how to get rid of it.</param>
public sealed record PortRule(string Id, string Name, Severity Severity, string Summary, string Explanation);
