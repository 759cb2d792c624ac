using System.Text.Json;
using System.Text.RegularExpressions;

namespace Mana.Mcp.Tools.Schemas;

/// <summary>
/// Turns a JSON Schema into a rule. It knows the keywords that our tools use and refuses any other: a keyword that is
/// shown to clients but not checked would be a promise that nobody keeps.
/// </summary>
internal static class SchemaCompiler
{
    /// <exception cref="InvalidOperationException">The schema uses something that the check does not know.</exception>
    public static SchemaRule Compile(JsonElement schema)
    {
        var rule = new SchemaRule();
        foreach (var keyword in schema.EnumerateObject())
        {
            Read(rule, keyword.Name, keyword.Value);
        }

        return rule;
    }

    private static void Read(SchemaRule rule, string keyword, JsonElement value)
    {
        switch (keyword)
        {
            case "$schema" or "description" or "title":
                break;
            case "type":
                rule.Types = value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray().Select(Type)] : [Type(value)];
                break;
            case "properties":
                rule.Properties = value.EnumerateObject().ToDictionary(property => property.Name, property => Compile(property.Value), StringComparer.Ordinal);
                break;
            case "required":
                rule.Required = [.. value.EnumerateArray().Select(name => name.GetString()!)];
                break;
            case "additionalProperties" when value.ValueKind == JsonValueKind.False:
                rule.IsClosed = true;
                break;
            case "enum":
                rule.Values = [.. value.EnumerateArray().Select(entry => entry.GetString()!)];
                break;
            case "pattern":
                rule.Pattern = (value.GetString()!, Regex(value.GetString()!));
                break;
            case "format" when value.GetString() is "uuid" or "date" or "date-time":
                rule.Format = value.GetString();
                break;
            case "minLength":
                rule.MinLength = value.GetInt32();
                break;
            case "maxLength":
                rule.MaxLength = value.GetInt32();
                break;
            case "minimum":
                rule.Minimum = value.GetDecimal();
                break;
            case "maximum":
                rule.Maximum = value.GetDecimal();
                break;
            case "exclusiveMinimum":
                rule.ExclusiveMinimum = value.GetDecimal();
                break;
            case "exclusiveMaximum":
                rule.ExclusiveMaximum = value.GetDecimal();
                break;
            case "items":
                rule.Items = Compile(value);
                break;
            case "minItems":
                rule.MinItems = value.GetInt32();
                break;
            case "maxItems":
                rule.MaxItems = value.GetInt32();
                break;
            case "anyOf":
                rule.AnyOf = [.. value.EnumerateArray().Select(Compile)];
                break;
            case "default":
                rule.Default = value.Clone();
                break;
            default:
                throw new InvalidOperationException($"The schema keyword {keyword}: {value.GetRawText()} is not checked by {nameof(SchemaCompiler)}.");
        }
    }

    private static string Type(JsonElement value) =>
        value.GetString() is ("object" or "array" or "string" or "integer" or "number" or "boolean" or "null")
            ? value.GetString()!
            : throw new InvalidOperationException($"The schema type {value.GetRawText()} is unknown.");

    // JSON Schema means JavaScript's regular expressions: there \d is 0-9 only and $ is the very end.
    private static Regex Regex(string pattern)
    {
        var adapted = pattern.Replace(@"\d", "[0-9]", StringComparison.Ordinal);
        if (adapted.EndsWith('$'))
        {
            adapted = adapted[..^1] + @"\z";
        }

        return new Regex(adapted, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
    }
}
