using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Mana.Tests.Brains.Simulated;

/// <summary>A strict validator of its own, sharing no code with the product: it refuses keywords that it does not know.</summary>
internal static class SchemaValidator
{
    private static readonly HashSet<string> Known =
    [
        "type", "enum", "const", "properties", "required", "additionalProperties", "items", "minItems", "maxItems", "uniqueItems", "minLength", "maxLength",
        "pattern", "format", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "anyOf", "oneOf", "allOf", "$ref", "$defs",
        "default", "description", "title", "$schema",
    ];

    public static List<string> Errors(JsonElement schema, JsonElement value) => [.. Check(schema, value, schema, "$")];

    private static IEnumerable<string> Check(JsonElement schema, JsonElement value, JsonElement root, string path)
    {
        if (schema.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return schema.ValueKind == JsonValueKind.True ? [] : [$"{path}: nothing is allowed here"];
        }

        return schema.EnumerateObject().SelectMany(keyword =>
            Known.Contains(keyword.Name) ? Keyword(keyword, schema, value, root, path) : throw new InvalidOperationException($"unknown keyword {keyword.Name}"));
    }

    private static IEnumerable<string> Keyword(JsonProperty keyword, JsonElement schema, JsonElement value, JsonElement root, string path)
    {
        var operand = keyword.Value;
        string[] Fail(bool isBroken) => isBroken ? [$"{path}: {keyword.Name} {operand.GetRawText()} is broken by {value.GetRawText()}"] : [];
        var isNumber = value.ValueKind == JsonValueKind.Number;
        var isString = value.ValueKind == JsonValueKind.String;
        var isArray = value.ValueKind == JsonValueKind.Array;
        var isObject = value.ValueKind == JsonValueKind.Object;
        switch (keyword.Name)
        {
            case "type":
                return Fail(!(operand.ValueKind == JsonValueKind.Array ? operand.EnumerateArray().Any(type => IsOf(type.GetString()!, value)) : IsOf(operand.GetString()!, value)));
            case "enum":
                return Fail(!operand.EnumerateArray().Any(choice => JsonElement.DeepEquals(choice, value)));
            case "const":
                return Fail(!JsonElement.DeepEquals(operand, value));
            case "minLength":
                return Fail(isString && value.GetString()!.EnumerateRunes().Count() < operand.GetInt32());
            case "maxLength":
                return Fail(isString && value.GetString()!.EnumerateRunes().Count() > operand.GetInt32());
            case "pattern":
                return Fail(isString && !Regex.IsMatch(value.GetString()!, operand.GetString()!, RegexOptions.ECMAScript));
            case "format":
                return Fail(isString && !HasFormat(operand.GetString()!, value.GetString()!));
            case "minimum":
                return Fail(isNumber && value.GetDecimal() < operand.GetDecimal());
            case "maximum":
                return Fail(isNumber && value.GetDecimal() > operand.GetDecimal());
            case "exclusiveMinimum":
                return Fail(isNumber && value.GetDecimal() <= operand.GetDecimal());
            case "exclusiveMaximum":
                return Fail(isNumber && value.GetDecimal() >= operand.GetDecimal());
            case "multipleOf":
                return Fail(isNumber && value.GetDecimal() % operand.GetDecimal() != 0);
            case "minItems":
                return Fail(isArray && value.GetArrayLength() < operand.GetInt32());
            case "maxItems":
                return Fail(isArray && value.GetArrayLength() > operand.GetInt32());
            case "uniqueItems":
                return Fail(isArray && operand.GetBoolean() && value.EnumerateArray().Select(item => item.GetRawText()).Distinct().Count() < value.GetArrayLength());
            case "items":
                return isArray ? value.EnumerateArray().Index().SelectMany(item => Check(operand, item.Item, root, $"{path}[{item.Index}]")) : [];
            case "required":
                return Fail(isObject && operand.EnumerateArray().Any(name => !value.TryGetProperty(name.GetString()!, out _)));
            case "properties":
                return isObject
                    ? operand.EnumerateObject().SelectMany(property => value.TryGetProperty(property.Name, out var member) ? Check(property.Value, member, root, $"{path}.{property.Name}") : [])
                    : [];
            case "additionalProperties":
                return Fail(isObject && operand.ValueKind == JsonValueKind.False
                    && value.EnumerateObject().Any(member => !(schema.TryGetProperty("properties", out var properties) && properties.TryGetProperty(member.Name, out _))));
            case "anyOf":
                return Fail(!operand.EnumerateArray().Any(branch => !Check(branch, value, root, path).Any()));
            case "oneOf":
                return Fail(operand.EnumerateArray().Count(branch => !Check(branch, value, root, path).Any()) != 1);
            case "allOf":
                return operand.EnumerateArray().SelectMany(part => Check(part, value, root, path));
            case "$ref":
                return Check(root.GetProperty("$defs").GetProperty(operand.GetString()!["#/$defs/".Length..]), value, root, path);
            default:
                return [];
        }
    }

    private static bool IsOf(string type, JsonElement value) => type switch
    {
        "null" => value.ValueKind == JsonValueKind.Null,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "integer" => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out _),
        "number" => value.ValueKind == JsonValueKind.Number,
        "string" => value.ValueKind == JsonValueKind.String,
        "array" => value.ValueKind == JsonValueKind.Array,
        "object" => value.ValueKind == JsonValueKind.Object,
        _ => throw new InvalidOperationException(type),
    };

    private static bool HasFormat(string format, string text) => format switch
    {
        "uuid" => Guid.TryParseExact(text, "D", out _),
        "date" => DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
        "date-time" => DateTime.TryParseExact(text, "yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
        "time" => Regex.IsMatch(text, "^([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z$"),
        "email" => Regex.IsMatch(text, "^[^@ ]+@[^@ ]+\\.[a-z]+$"),
        "uri" => Uri.TryCreate(text, UriKind.Absolute, out _),
        _ => throw new InvalidOperationException(format),
    };
}
