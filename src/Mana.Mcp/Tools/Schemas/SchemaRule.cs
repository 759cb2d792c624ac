using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Mana.Mcp.Tools.Schemas;

/// <summary>A compiled JSON Schema. It names each fault in a sentence that tells a model what to change.</summary>
internal sealed class SchemaRule
{
    // Beyond this a JSON number is no longer exact in most clients.
    private const decimal LargestInteger = 9007199254740991;

    public IReadOnlyList<string>? Types { get; set; }

    public IReadOnlyDictionary<string, SchemaRule>? Properties { get; set; }

    public IReadOnlyList<string> Required { get; set; } = [];

    public bool IsClosed { get; set; }

    public IReadOnlyList<string>? Values { get; set; }

    public (string Text, Regex Regex)? Pattern { get; set; }

    public string? Format { get; set; }

    public int? MinLength { get; set; }

    public int? MaxLength { get; set; }

    public decimal? Minimum { get; set; }

    public decimal? Maximum { get; set; }

    public decimal? ExclusiveMinimum { get; set; }

    public decimal? ExclusiveMaximum { get; set; }

    public SchemaRule? Items { get; set; }

    public int? MinItems { get; set; }

    public int? MaxItems { get; set; }

    public IReadOnlyList<SchemaRule>? AnyOf { get; set; }

    public JsonElement? Default { get; set; }

    /// <summary>Checks an object and copies what is good, with defaults, into <paramref name="result"/>.</summary>
    public void CheckObject(IEnumerable<KeyValuePair<string, JsonElement>> given, string path, List<string> faults, JsonObject result)
    {
        var properties = Properties ?? new Dictionary<string, SchemaRule>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (name, value) in given)
        {
            if (properties.TryGetValue(name, out var rule))
            {
                if (seen.Add(name))
                {
                    result[name] = rule.Check(value, Sentences.Join(path, name), faults);
                }
            }
            else if (IsClosed)
            {
                faults.Add(Sentences.UnknownField(Sentences.Join(path, name), name, properties.Keys));
            }
        }

        foreach (var name in Required.Where(name => !seen.Contains(name)))
        {
            faults.Add(Sentences.Missing(Sentences.Join(path, name), properties[name]));
        }

        foreach (var (name, rule) in properties)
        {
            if (!seen.Contains(name) && rule.Default is { } value)
            {
                result[name] = ToNode(value);
            }
        }
    }

    /// <summary>Checks a value; null is returned for a JSON null and for a fault.</summary>
    public JsonNode? Check(JsonElement value, string path, List<string> faults)
    {
        if (AnyOf is not null)
        {
            return CheckAlternatives(AnyOf, value, path, faults);
        }

        if (Types is not null && !Types.Any(type => HasType(value, type)))
        {
            faults.Add(Sentences.Wrong(path, this, value));
            return null;
        }

        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                return CheckText(value, path, faults);
            case JsonValueKind.Number:
                return CheckNumber(value, path, faults);
            case JsonValueKind.Array:
                return CheckArray(value, path, faults);
            case JsonValueKind.Object:
                var result = new JsonObject();
                CheckObject(value.EnumerateObject().Select(property => KeyValuePair.Create(property.Name, property.Value)), path, faults, result);
                return result;
            default:
                return ToNode(value);
        }
    }

    private JsonNode? CheckAlternatives(IReadOnlyList<SchemaRule> alternatives, JsonElement value, string path, List<string> faults)
    {
        List<string>? only = null;
        var sameType = 0;
        foreach (var alternative in alternatives)
        {
            var own = new List<string>();
            var result = alternative.Check(value, path, own);
            if (own.Count == 0)
            {
                return result;
            }

            if (alternative.Types is null || alternative.Types.Any(type => HasType(value, type)))
            {
                sameType++;
                only = own;
            }
        }

        // The value was meant for one alternative: its own faults say more than the list of all.
        if (sameType == 1)
        {
            faults.AddRange(only!);
        }
        else
        {
            faults.Add(Sentences.Wrong(path, this, value));
        }

        return null;
    }

    private JsonValue? CheckText(JsonElement value, string path, List<string> faults)
    {
        if (TextOf(value) is not { } text)
        {
            faults.Add($"\"{path}\" holds characters that are no valid Unicode text (half a surrogate pair or a NUL); leave them out.");
            return null;
        }

        var length = Length(text);
        if (length < MinLength || length > MaxLength
            || (Values is not null && !Values.Contains(text))
            || (Pattern is var (_, regex) && !regex.IsMatch(text))
            || (Format is not null && !HasFormat(text, Format)))
        {
            faults.Add(Sentences.Wrong(path, this, value));
            return null;
        }

        return JsonValue.Create(text);
    }

    private JsonValue? CheckNumber(JsonElement value, string path, List<string> faults)
    {
        // Outside of decimal's range no limit of ours can hold either.
        if (!value.TryGetDecimal(out var number)
            || Math.Abs(number) > LargestInteger
            || number < Minimum || number > Maximum || number <= ExclusiveMinimum || number >= ExclusiveMaximum)
        {
            faults.Add(Sentences.Wrong(path, this, value));
            return null;
        }

        // 5.0 is a whole number, but no .NET integer would read it.
        return decimal.IsInteger(number) ? JsonValue.Create((long)number) : JsonValue.Create(number);
    }

    private JsonArray? CheckArray(JsonElement value, string path, List<string> faults)
    {
        var count = value.GetArrayLength();
        if (count < MinItems || count > MaxItems)
        {
            faults.Add(Sentences.Wrong(path, this, value));
            return null;
        }

        var result = new JsonArray();
        var index = 0;
        foreach (var item in value.EnumerateArray())
        {
            result.Add(Items is null ? ToNode(item) : Items.Check(item, string.Create(CultureInfo.InvariantCulture, $"{path}[{index}]"), faults));
            index++;
        }

        return result;
    }

    private static bool HasType(JsonElement value, string type) => type switch
    {
        "null" => value.ValueKind == JsonValueKind.Null,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "string" => value.ValueKind == JsonValueKind.String,
        "array" => value.ValueKind == JsonValueKind.Array,
        "object" => value.ValueKind == JsonValueKind.Object,
        "integer" => value.ValueKind == JsonValueKind.Number && (!value.TryGetDecimal(out var number) || decimal.IsInteger(number)),
        _ => value.ValueKind == JsonValueKind.Number,
    };

    private static bool HasFormat(string text, string format) => format switch
    {
        "uuid" => Guid.TryParseExact(text, "D", out _),
        "date" => DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
        _ => Formats.IsDateTime(text),
    };

    internal static string? TextOf(JsonElement value)
    {
        try
        {
            var text = value.GetString()!;
            return text.Contains('\0', StringComparison.Ordinal) ? null : text;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    // JSON Schema counts characters, not UTF-16 units: an emoji is one.
    private static int Length(string text) => text.Length - text.Count(char.IsLowSurrogate);

    private static JsonNode? ToNode(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.Object => JsonObject.Create(value),
        JsonValueKind.Array => JsonArray.Create(value),
        _ => JsonValue.Create(value),
    };
}
