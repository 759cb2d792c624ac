namespace Mana.Ports.Files;

/// <summary>What a file says, and what it should say.</summary>
/// <param name="Path">As people see it.</param>
/// <param name="Before">Null: it does not exist.</param>
/// <param name="After">The new text.</param>
public sealed record FileChange(string Path, string? Before, string After)
{
    /// <summary>Whether there is anything to write.</summary>
    public bool IsChange => Before != After;
}
