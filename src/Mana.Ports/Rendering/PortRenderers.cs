using Mana.Ports.Model;

namespace Mana.Ports.Rendering;

/// <summary>Files that are rendered whole from the schema.</summary>
public static class PortRenderers
{
    /// <summary>The kinds in <c>files:</c> of the schema that are rendered.</summary>
    public const string Document = "document", Picture = "picture", Constants = "constants";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> Kinds { get; } = [Document, Picture, Constants];

    /// <summary>Whether a kind is rendered.</summary>
    /// <param name="kind">The kind.</param>
    public static bool Knows(string kind) => Kinds.Contains(kind);

    /// <summary>The text that a file of the schema should have. It depends on nothing but the schema.</summary>
    /// <param name="schema">The schema.</param>
    /// <param name="file">One of its files, of a kind that is rendered.</param>
    /// <exception cref="SchemaException">The schema does not have what the file is about.</exception>
    public static string Render(PortSchema schema, FollowingFile file)
    {
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentNullException.ThrowIfNull(file);
        return file.Kind switch
        {
            Document => MarkdownDocument.Render(schema),
            Picture => HtmlPicture.Render(schema),
            Constants => PortConstants.Render(
                schema, file.Service ?? throw new SchemaException($"{file.Path} has no service; add service: … to its entry"), file.Path),
            _ => throw new SchemaException($"files of the kind \"{file.Kind}\" are not rendered"),
        };
    }
}
