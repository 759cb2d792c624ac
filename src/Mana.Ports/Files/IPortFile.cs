namespace Mana.Ports.Files;

/// <summary>
/// Reads and writes the ports in one kind of file. Writing is surgery: whatever is not about the service stays as it is,
/// byte for byte, comments, order and line endings included.
/// </summary>
public interface IPortFile
{
    /// <summary>The name of the kind in <c>files:</c> of the schema.</summary>
    string Kind { get; }

    /// <summary>Whether a file of this name is usually of this kind.</summary>
    bool Claims(string path);

    /// <summary>Every port in the file.</summary>
    /// <exception cref="PortFileException">The file is not sound.</exception>
    IReadOnlyList<PortMention> Read(string path, string text);

    /// <summary>The text that says what the fact says. A service that is there keeps everything but its wrong numbers.</summary>
    /// <exception cref="PortFileException">The file is not sound, or cannot be edited without touching more than this service.</exception>
    string Put(string text, PortFact fact);

    /// <summary>The text without the service; the same text where it does not have it.</summary>
    /// <exception cref="PortFileException">The file is not sound, or cannot be edited without touching more than this service.</exception>
    string Remove(string text, string service);
}
