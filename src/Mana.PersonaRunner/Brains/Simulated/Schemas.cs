using System.Text.Json;
using System.Text.Json.Nodes;

namespace Mana.PersonaRunner.Brains.Simulated;

/// <summary>Reading of the JSON schema keywords that tools use.</summary>
internal static class Schemas
{
    private const int MaxReferences = 16;

    /// <summary>Follows local references and folds <c>allOf</c> into the schema itself.</summary>
    public static JsonElement Resolve(JsonElement schema, JsonElement root)
    {
        for (var i = 0; i < MaxReferences && schema.ValueKind == JsonValueKind.Object; i++)
        {
            if (schema.TryGetProperty("$ref", out var reference) && Follow(root, reference.GetString()) is { } target)
            {
                schema = target;
            }
            else if (schema.TryGetProperty("allOf", out var parts) && parts.ValueKind == JsonValueKind.Array)
            {
                schema = Merge(schema, parts, root);
            }
            else
            {
                break;
            }
        }

        return schema;
    }

    public static IEnumerable<(string Name, JsonElement Schema)> Properties(JsonElement schema) =>
        schema.ValueKind == JsonValueKind.Object && schema.TryGetProperty("properties", out var properties) && properties.ValueKind == JsonValueKind.Object
            ? properties.EnumerateObject().Select(property => (property.Name, property.Value))
            : [];

    public static HashSet<string> Required(JsonElement schema) =>
        schema.ValueKind == JsonValueKind.Object && schema.TryGetProperty("required", out var required) && required.ValueKind == JsonValueKind.Array
            ? [.. required.EnumerateArray().Select(name => name.GetString() ?? "")]
            : [];

    /// <summary>The types a schema allows, inferred from its other keywords when it names none.</summary>
    public static IReadOnlyList<string> Types(JsonElement schema)
    {
        if (schema.ValueKind != JsonValueKind.Object)
        {
            return ["string"];
        }

        if (schema.TryGetProperty("type", out var type))
        {
            return type.ValueKind == JsonValueKind.Array ? [.. type.EnumerateArray().Select(one => one.GetString() ?? "")] : [type.GetString() ?? ""];
        }

        return schema.TryGetProperty("properties", out _) ? ["object"]
            : schema.TryGetProperty("items", out _) ? ["array"]
            : schema.TryGetProperty("minimum", out _) || schema.TryGetProperty("exclusiveMinimum", out _) || schema.TryGetProperty("maximum", out _) ? ["number"]
            : ["string"];
    }

    /// <summary>The alternatives of <c>anyOf</c> or <c>oneOf</c>; empty when there are none.</summary>
    public static IReadOnlyList<JsonElement> Alternatives(JsonElement schema) =>
        schema.ValueKind == JsonValueKind.Object
        && (schema.TryGetProperty("anyOf", out var branches) || schema.TryGetProperty("oneOf", out branches))
        && branches.ValueKind == JsonValueKind.Array
            ? [.. branches.EnumerateArray()]
            : [];

    public static string? Text(JsonElement schema, string keyword) =>
        schema.ValueKind == JsonValueKind.Object && schema.TryGetProperty(keyword, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    public static double? Number(JsonElement schema, string keyword) =>
        schema.ValueKind == JsonValueKind.Object && schema.TryGetProperty(keyword, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;

    public static int? Count(JsonElement schema, string keyword) =>
        Number(schema, keyword) is { } number ? (int)Math.Clamp(number, 0, int.MaxValue) : null;

    private static JsonElement? Follow(JsonElement root, string? reference)
    {
        if (reference is null || !reference.StartsWith('#'))
        {
            return null;
        }

        var place = root;
        foreach (var step in reference[1..].Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            var name = Uri.UnescapeDataString(step).Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            if (place.ValueKind != JsonValueKind.Object || !place.TryGetProperty(name, out place))
            {
                return null;
            }
        }

        return place;
    }

    private static JsonElement Merge(JsonElement schema, JsonElement parts, JsonElement root)
    {
        var merged = new JsonObject();
        foreach (var part in parts.EnumerateArray().Select(part => Resolve(part, root)).Append(schema).Where(part => part.ValueKind == JsonValueKind.Object))
        {
            foreach (var keyword in part.EnumerateObject().Where(keyword => keyword.Name != "allOf"))
            {
                switch (merged[keyword.Name])
                {
                    case JsonObject together when keyword.Name == "properties" && keyword.Value.ValueKind == JsonValueKind.Object:
                        foreach (var property in keyword.Value.EnumerateObject())
                        {
                            together[property.Name] = JsonNode.Parse(property.Value.GetRawText());
                        }

                        break;
                    case JsonArray required when keyword.Name == "required":
                        foreach (var name in keyword.Value.EnumerateArray())
                        {
                            required.Add(JsonValue.Create(name.GetString()));
                        }

                        break;
                    default:
                        merged[keyword.Name] = JsonNode.Parse(keyword.Value.GetRawText());
                        break;
                }
            }
        }

        return JsonElement.Parse(merged.ToJsonString());
    }
}
