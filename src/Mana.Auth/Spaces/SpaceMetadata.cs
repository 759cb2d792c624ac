using System.Text.Json;
using Mana.Contracts;

namespace Mana.Auth.Spaces;

/// <summary>The stored metadata of a space: a JSON object, or a JSON string that holds one.</summary>
internal static class SpaceMetadata
{
    private const string ManagedByMember = "managedBy";
    private const string Administrators = "administrators";

    /// <summary>For the wire, in the form in which it is stored.</summary>
    public static JsonElement? Parse(string? metadata)
    {
        if (metadata is null)
        {
            return null;
        }

        using var document = JsonDocument.Parse(metadata);
        return document.RootElement.Clone();
    }

    /// <summary>The type; null when the metadata name none.</summary>
    public static string? TypeOf(string? metadata) =>
        new SpaceView(default, "", null, null, default, Parse(metadata)).SpaceType();

    /// <summary>Whether the space came from a catalog: only such a space may administrators change.</summary>
    public static bool IsManaged(string? metadata) =>
        Parse(metadata) is { ValueKind: JsonValueKind.Object } json
        && json.TryGetProperty(ManagedByMember, out var by)
        && by.ValueKind == JsonValueKind.String
        && by.ValueEquals(Administrators);

    /// <summary>Of a space of a catalog.</summary>
    public static string Managed(string type) => $$"""{"type":"{{type}}","{{ManagedByMember}}":"{{Administrators}}"}""";
}
