using System.Globalization;

namespace Mana.Ports.Model;

/// <summary>Why a schema cannot be read.</summary>
/// <param name="Path">The file.</param>
/// <param name="Line">Starts at 1.</param>
/// <param name="Column">Starts at 1.</param>
/// <param name="Message">What is wrong, and what to write instead.</param>
public sealed record SchemaFault(string Path, int Line, int Column, string Message)
{
    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Path}:{Line}:{Column}: {Message}");
}

/// <summary>What came of reading a schema: all of it, or every fault of the text.</summary>
/// <param name="Schema">Null where there is a fault.</param>
/// <param name="Faults">In the order of the text.</param>
public sealed record SchemaReadResult(PortSchema? Schema, IReadOnlyList<SchemaFault> Faults)
{
    /// <summary>The schema.</summary>
    /// <exception cref="SchemaException">The text has faults.</exception>
    public PortSchema Require() => Schema ?? throw new SchemaException(Faults);
}

/// <summary>A schema cannot be read, or cannot be changed as asked.</summary>
public sealed class SchemaException : Exception
{
    /// <summary>The text has faults.</summary>
    /// <param name="faults">All of them.</param>
    public SchemaException(IReadOnlyList<SchemaFault> faults)
        : base(string.Join('\n', faults)) => Faults = faults;

    /// <summary>The text is sound, and what was asked is not possible.</summary>
    /// <param name="message">Why not.</param>
    public SchemaException(string message)
        : base(message)
    {
    }

    /// <summary>The faults of the text.</summary>
    public IReadOnlyList<SchemaFault> Faults { get; } = [];
}
