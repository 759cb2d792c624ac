namespace Mana.Ports.Files;

/// <summary>A file cannot be read or edited. The only exception of the adapters.</summary>
/// <param name="path">The file; empty where only its text is known.</param>
/// <param name="line">From 1.</param>
/// <param name="column">From 1.</param>
/// <param name="reason">One plain sentence that says what to do.</param>
public sealed class PortFileException(string path, int line, int column, string reason)
    : Exception($"{(path.Length == 0 ? "" : path + ":")}{line}:{column}: {reason}")
{
    /// <summary>The file; empty where only its text is known.</summary>
    public string Path { get; } = path;

    /// <summary>From 1.</summary>
    public int Line { get; } = line;

    /// <summary>From 1.</summary>
    public int Column { get; } = column;

    /// <summary>The message without the place.</summary>
    public string Reason { get; } = reason;

    /// <summary>The same fault, in a file whose name is known.</summary>
    public PortFileException In(string file) => Path.Length > 0 ? this : new PortFileException(file, Line, Column, Reason);
}
