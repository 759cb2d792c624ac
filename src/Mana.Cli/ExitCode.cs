namespace Mana.Cli;

/// <summary>What the process ends with. The numbers are part of the interface: README and <c>mana --help</c> list them.</summary>
public enum ExitCode
{
    /// <summary>Done, and nothing wrong was found.</summary>
    Ok = 0,

    /// <summary>The command ran and found a problem, or a part of its work failed.</summary>
    Failed = 1,

    /// <summary>Wrong arguments, settings or files: nothing was done.</summary>
    Usage = 2,

    /// <summary>A service cannot be reached.</summary>
    Unreachable = 3,

    /// <summary>A guard refused: wrong key or password, production, an address that is not this machine, no confirmation.</summary>
    Refused = 4,

    /// <summary>Interrupted by Ctrl-C or SIGTERM.</summary>
    Interrupted = 130,
}

/// <summary>A command cannot go on. The message is one plain sentence that says what to do next.</summary>
/// <param name="code">What the process ends with.</param>
/// <param name="message">For a person.</param>
public sealed class CliException(ExitCode code, string message) : Exception(message)
{
    /// <summary>What the process ends with.</summary>
    public ExitCode Code { get; } = code;
}
