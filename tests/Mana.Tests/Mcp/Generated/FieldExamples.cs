using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Mana.Tests.Mcp.Generated;

/// <summary>
/// Values made from a field's schema: one that fits, and one for each constraint that breaks it and nothing else.
/// Texts differ from call to call (a name may have to be new), and times grow from field to field (an end comes after
/// its start).
/// </summary>
internal sealed class FieldExamples
{
    // Now, for the gateway under test: neither in the future, where a birthday cannot be, nor long gone.
    private static readonly DateTimeOffset FirstDay = new(2026, 11, 22, 9, 0, 0, TimeSpan.Zero);

    private int _texts;
    private int _times;

    /// <summary>Begins a new call: its first time is the earliest.</summary>
    public void Begin() => _times = 0;

    /// <summary>A value that fits.</summary>
    /// <param name="schema">The field's schema.</param>
    /// <param name="id">Used wherever the schema wants an id.</param>
    public JsonNode? Fitting(JsonElement schema, string id)
    {
        if (schema.TryGetProperty("anyOf", out var alternatives))
        {
            return Fitting(alternatives[0], id);
        }

        if (schema.TryGetProperty("enum", out var values))
        {
            return JsonNode.Parse(values[0].GetRawText());
        }

        return TypeOf(schema) switch
        {
            "null" => null,
            "boolean" => true,
            "integer" => (int)Lowest(schema),
            "number" => JsonValue.Create(Lowest(schema)),
            "array" => new JsonArray([.. Enumerable.Range(0, Math.Max(1, Number(schema, "minItems") ?? 1))
                .Select(_ => Fitting(schema.GetProperty("items"), id))]),
            "object" => new JsonObject(schema.GetProperty("properties").EnumerateObject()
                .Select(field => KeyValuePair.Create(field.Name, Fitting(field.Value, id)))),
            _ => Text(schema, id),
        };
    }

    /// <summary>Values that break one constraint each, with its name.</summary>
    public IEnumerable<(string Constraint, JsonNode? Value)> Breaking(JsonElement schema, string id)
    {
        if (schema.TryGetProperty("anyOf", out var alternatives))
        {
            // One constraint of one alternative would still leave the others: no alternative takes an object or is blank.
            yield return ("anyOf", new JsonObject { ["no"] = "such thing" });
            if (alternatives.EnumerateArray().All(one => TypeOf(one) is "string" or "null" && (one.TryGetProperty("format", out _) || one.TryGetProperty("enum", out _))))
            {
                yield return ("anyOf", "no such thing");
            }

            yield break;
        }

        var type = TypeOf(schema);
        yield return ("type", type == "object" ? "no object" : new JsonObject { ["no"] = "such thing" });
        if (schema.TryGetProperty("enum", out _))
        {
            yield return ("enum", "no such value");
        }

        if (schema.TryGetProperty("format", out _))
        {
            yield return ("format", "no such form");
        }

        if (schema.TryGetProperty("pattern", out var pattern))
        {
            yield return ("pattern", new[] { "", "§ no §", "\n" }.First(text => !System.Text.RegularExpressions.Regex.IsMatch(text, pattern.GetString()!)));
        }

        if (Number(schema, "minLength") is > 0 and var least)
        {
            yield return ("minLength", new string('x', least - 1));
        }

        if (Number(schema, "maxLength") is { } most)
        {
            yield return ("maxLength", new string('x', most + 1));
        }

        if (Decimal(schema, "minimum") is { } minimum)
        {
            yield return ("minimum", JsonValue.Create(minimum - 1));
        }

        if (Decimal(schema, "exclusiveMinimum") is { } above)
        {
            yield return ("exclusiveMinimum", JsonValue.Create(above));
        }

        if (Decimal(schema, "maximum") is { } maximum)
        {
            yield return ("maximum", JsonValue.Create(maximum + 1));
        }

        if (Decimal(schema, "exclusiveMaximum") is { } below)
        {
            yield return ("exclusiveMaximum", JsonValue.Create(below));
        }

        if (type == "integer")
        {
            yield return ("integer", JsonValue.Create(Lowest(schema) + 0.5m));
        }

        foreach (var nested in type switch { "array" => InArray(schema, id), "object" => InObject(schema, id), _ => [] })
        {
            yield return nested;
        }
    }

    private IEnumerable<(string Constraint, JsonNode? Value)> InArray(JsonElement schema, string id)
    {
        var items = schema.GetProperty("items");
        if (Number(schema, "maxItems") is { } most)
        {
            yield return ("maxItems", new JsonArray([.. Enumerable.Range(0, most + 1).Select(_ => Fitting(items, id))]));
        }

        if (Number(schema, "minItems") is > 0 and var least)
        {
            yield return ("minItems", new JsonArray([.. Enumerable.Range(0, least - 1).Select(_ => Fitting(items, id))]));
        }

        foreach (var (constraint, value) in Breaking(items, id))
        {
            yield return ("items." + constraint, new JsonArray(value));
        }
    }

    private IEnumerable<(string Constraint, JsonNode? Value)> InObject(JsonElement schema, string id)
    {
        foreach (var name in schema.TryGetProperty("required", out var required) ? required.EnumerateArray().Select(name => name.GetString()!) : [])
        {
            var lacking = (JsonObject)Fitting(schema, id)!;
            lacking.Remove(name);
            yield return ("required." + name, lacking);
        }

        foreach (var field in schema.GetProperty("properties").EnumerateObject())
        {
            foreach (var (constraint, value) in Breaking(field.Value, id))
            {
                var broken = (JsonObject)Fitting(schema, id)!;
                broken[field.Name] = value;
                yield return ($"{field.Name}.{constraint}", broken);
            }
        }
    }

    private string Text(JsonElement schema, string id)
    {
        if (schema.TryGetProperty("format", out var format))
        {
            if (format.ValueEquals("uuid"))
            {
                return id;
            }

            var time = FirstDay.AddDays(_times).AddHours(_times++);
            return format.GetString() switch
            {
                "date" => time.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
                "date-time" => time.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture),
                var other => throw new NotSupportedException($"Teach this test the format {other}."),
            };
        }

        if (schema.TryGetProperty("pattern", out var pattern))
        {
            return PatternExample.Of(pattern.GetString()!);
        }

        var text = string.Create(CultureInfo.InvariantCulture, $"Example {++_texts}").PadRight(Number(schema, "minLength") ?? 0, 'x');
        return Number(schema, "maxLength") is { } most && text.Length > most ? text[^most..] : text;
    }

    private static decimal Lowest(JsonElement schema) =>
        Decimal(schema, "minimum") ?? Decimal(schema, "exclusiveMinimum") + 1 ?? (Decimal(schema, "maximum") < 1 ? Decimal(schema, "maximum")!.Value : 1);

    private static string TypeOf(JsonElement schema)
    {
        var type = schema.TryGetProperty("type", out var given) ? given : default;
        return type.ValueKind == JsonValueKind.Array ? type[0].GetString()! : type.ValueKind == JsonValueKind.String ? type.GetString()! : "string";
    }

    private static decimal? Decimal(JsonElement schema, string keyword) => schema.TryGetProperty(keyword, out var value) ? value.GetDecimal() : null;

    private static int? Number(JsonElement schema, string keyword) => (int?)Decimal(schema, keyword);
}
