using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using Mana.Mcp.Tools.Schemas;

namespace Mana.Tests.Mcp;

/// <summary>Values that fit a schema, made from the schema itself: an independent reading of the keywords that the check enforces.</summary>
internal static class SchemaExamples
{
    private static readonly Gen<string> Dates = Gen.Int[0, 3000].Select(days => new DateOnly(2024, 1, 1).AddDays(days).ToString("O", CultureInfo.InvariantCulture));

    /// <summary>One value that fits.</summary>
    public static JsonNode? Of(JsonElement schema) => Generate(schema).Single();

    public static Gen<JsonNode?> Generate(JsonElement schema)
    {
        if (schema.TryGetProperty("anyOf", out var alternatives))
        {
            return Gen.OneOf<JsonNode?>(alternatives.EnumerateArray().Select(Generate).ToArray<IGen<JsonNode?>>());
        }

        if (schema.TryGetProperty("enum", out var values))
        {
            return Gen.OneOf<string>(values.EnumerateArray().Select(value => value.GetString()!).ToArray()).Select(Node);
        }

        return schema.GetProperty("type").GetString() switch
        {
            "null" => Gen.Const((JsonNode?)null),
            "boolean" => Gen.Bool.Select(flag => (JsonNode?)JsonValue.Create(flag)),
            "integer" => Gen.Int[Minimum(schema), Number(schema, "maximum") ?? 100_000].Select(number => (JsonNode?)JsonValue.Create(number)),
            "number" => Gen.Int[Minimum(schema), Number(schema, "maximum") ?? 100_000].Select(number => (JsonNode?)JsonValue.Create(number + 0.25m > Maximum(schema) ? number : number + 0.25m)),
            "array" => Generate(schema.GetProperty("items")).List[Number(schema, "minItems") ?? 0, Math.Min(Number(schema, "maxItems") ?? 6, 6)]
                .Select(items => (JsonNode?)new JsonArray([.. items.Select(item => item?.DeepClone())])),
            "object" => GenerateObject(schema),
            _ => Text(schema).Select(Node),
        };
    }

    /// <summary>All required fields and some of the others.</summary>
    public static Gen<JsonNode?> GenerateObject(JsonElement schema)
    {
        var required = schema.TryGetProperty("required", out var names) ? names.EnumerateArray().Select(name => name.GetString()!).ToHashSet() : [];
        var properties = schema.GetProperty("properties").EnumerateObject().ToList();
        var result = Gen.Const(() => new JsonObject());
        foreach (var property in properties)
        {
            var value = Generate(property.Value);
            var isGiven = required.Contains(property.Name) ? Gen.Const(true) : Gen.Bool;
            result = result.SelectMany(_ => Gen.Select(value, isGiven), (made, next) =>
            {
                var copy = (JsonObject)made.DeepClone();
                if (next.Item2)
                {
                    copy[property.Name] = next.Item1?.DeepClone();
                }

                return copy;
            });
        }

        return result.Select(made => (JsonNode?)made);
    }

    private static Gen<string> Text(JsonElement schema)
    {
        if (schema.TryGetProperty("format", out var format))
        {
            return format.GetString() switch
            {
                "uuid" => Gen.Guid.Select(id => id.ToString()),
                "date" => Dates,
                _ => Gen.Select(Dates, Gen.OneOf("T00:00:00Z", "T23:59:59.999+01:00", "T12:30:00.5-11:30"), (date, time) => date + time),
            };
        }

        if (schema.TryGetProperty("pattern", out var pattern))
        {
            return pattern.GetString() switch
            {
                "^#[0-9a-fA-F]{6}$" => Gen.Int[0, 0xffffff].Select(color => $"#{color:x6}"),
                @"^\d{2}:\d{2}$" => Gen.Select(Gen.Int[0, 23], Gen.Int[0, 59], (hour, minute) => $"{hour:00}:{minute:00}"),
                Field.EmailPattern => Gen.OneOf("ada@example.org", "a.b+c@über.example"),
                Field.UrlPattern => Gen.OneOf("https://example.org/a?b=1#c", "HTTP://example.org"),
                var other => Gen.Const(Generated.PatternExample.Of(other!)),
            };
        }

        // Characters that count one though UTF-16 has two for them, and such that JSON escapes.
        var characters = Gen.OneOf("a", "Z", " ", "ä", "ß", "\"", "\\", "\n", "😀", "'", "%");
        return characters.Array[Number(schema, "minLength") ?? 0, Math.Min(Number(schema, "maxLength") ?? 40, 40)].Select(string.Concat);
    }

    private static int Minimum(JsonElement schema) => Number(schema, "minimum") ?? Number(schema, "exclusiveMinimum") + 1 ?? -100_000;

    private static decimal Maximum(JsonElement schema) => schema.TryGetProperty("maximum", out var value) ? value.GetDecimal() : decimal.MaxValue;

    private static int? Number(JsonElement schema, string keyword) => schema.TryGetProperty(keyword, out var value) ? (int)Math.Ceiling(value.GetDecimal()) : null;

    private static JsonNode? Node(string text) => JsonValue.Create(text);
}
