using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Mana.Testing;

/// <summary>Makes arguments that fit a tool's schema: the required fields only, ids from what earlier results named.</summary>
internal sealed class SchemaSampler(SeenConversation seen, DateOnly today)
{
    private static readonly string[] Wordings =
    [
        "2026-01-15", "2026-01-15T09:30:00Z", "09:30", "#4f46e5", "de-DE", "EUR", "a-small-step", "a_small_step", "someone@example.com",
        "https://example.com/", "7d444840-9dc0-11d1-b245-5ffdce74fad2", "A", "a", "1", "12345", "Small step",
    ];

    /// <summary>Whether a required field names something that exists.</summary>
    public static bool NeedsId(JsonElement schema) => Required(schema).Any(IsId);

    /// <summary>Arguments for the tool; null when it needs an id that nobody has named, or a pattern that is beyond this sampler.</summary>
    public JsonObject? Sample(SeenTool tool)
    {
        try
        {
            return (JsonObject?)Value(tool.Schema, "", tool, tool.Schema, 0);
        }
        catch (NoSampleException)
        {
            return null;
        }
    }

    private JsonNode? Value(JsonElement schema, string name, SeenTool tool, JsonElement root, int depth)
    {
        if (schema.ValueKind == JsonValueKind.True)
        {
            return "yes";
        }

        if (schema.ValueKind != JsonValueKind.Object || depth > 12)
        {
            throw new NoSampleException();
        }

        if (schema.TryGetProperty("$ref", out var reference))
        {
            return Value(Resolve(reference.GetString()!, root), name, tool, root, depth + 1);
        }

        if (schema.TryGetProperty("const", out var constant))
        {
            return JsonNode.Parse(constant.GetRawText());
        }

        if (schema.TryGetProperty("enum", out var values) && values.GetArrayLength() > 0)
        {
            var pick = (int)(Dice(tool, name) % (uint)values.GetArrayLength());
            return JsonNode.Parse(values[pick].GetRawText());
        }

        foreach (var union in (string[])["anyOf", "oneOf"])
        {
            if (schema.TryGetProperty(union, out var options))
            {
                return FirstThatFits(options.EnumerateArray(), option => Value(option, name, tool, root, depth + 1));
            }
        }

        return Type(schema) switch
        {
            "object" => Object(schema, tool, root, depth),
            "array" => Array(schema, name, tool, root, depth),
            "integer" => JsonValue.Create((long)Number(schema, tool, name)),
            "number" => JsonValue.Create(Number(schema, tool, name)),
            "boolean" => JsonValue.Create(Dice(tool, name) % 2 == 0),
            "null" => null,
            _ => JsonValue.Create(Text(schema, name, tool)),
        };
    }

    private JsonObject Object(JsonElement schema, SeenTool tool, JsonElement root, int depth)
    {
        var made = new JsonObject();
        foreach (var field in Required(schema))
        {
            made[field] = schema.TryGetProperty("properties", out var properties) && properties.TryGetProperty(field, out var inner)
                ? Value(inner, field, tool, root, depth + 1)
                : "yes";
        }

        return made;
    }

    private JsonArray Array(JsonElement schema, string name, SeenTool tool, JsonElement root, int depth)
    {
        var count = schema.TryGetProperty("minItems", out var minimum) ? minimum.GetInt32() : 0;
        var items = schema.TryGetProperty("items", out var inner) ? inner : JsonDocument.Parse("true").RootElement;
        return [.. Enumerable.Range(0, count).Select(i => Value(items, $"{name}{i}", tool, root, depth + 1))];
    }

    private double Number(JsonElement schema, SeenTool tool, string name)
    {
        var step = Limit("multipleOf") ?? 1;
        var low = Limit("minimum") ?? (Limit("exclusiveMinimum") is { } above ? above + step : null);
        var high = Limit("maximum") ?? (Limit("exclusiveMaximum") is { } below ? below - step : null);
        var from = low ?? Math.Min(1, high ?? 1);
        var first = Math.Ceiling(from / step);
        var steps = Math.Floor((high ?? (from + (9 * step))) / step) - first;
        return steps < 0 ? throw new NoSampleException() : (first + (Dice(tool, name) % (uint)Math.Min(steps + 1, 1000))) * step;

        double? Limit(string keyword) => schema.TryGetProperty(keyword, out var limit) ? limit.GetDouble() : null;
    }

    private string Text(JsonElement schema, string name, SeenTool tool)
    {
        if (IsId(name))
        {
            return KnownId(name, tool);
        }

        var shortest = schema.TryGetProperty("minLength", out var minimum) ? minimum.GetInt32() : 0;
        var longest = schema.TryGetProperty("maxLength", out var maximum) ? maximum.GetInt32() : int.MaxValue;
        if (schema.TryGetProperty("pattern", out var pattern))
        {
            var regex = new Regex(pattern.GetString()!, RegexOptions.ECMAScript, TimeSpan.FromSeconds(5));
            return Wordings.Prepend(IsoDate).FirstOrDefault(w => w.Length >= shortest && w.Length <= longest && regex.IsMatch(w)) ?? throw new NoSampleException();
        }

        var format = schema.TryGetProperty("format", out var f) ? f.GetString() : null;
        var text = format switch
        {
            "date" => IsoDate,
            "date-time" => $"{IsoDate}T09:30:00Z",
            "time" => "09:30:00Z",
            "uuid" => KnownId(name, tool),
            "email" => "someone@example.com",
            "uri" or "url" => "https://example.com/",
            _ => Words(name, tool),
        };
        text = text.Length > longest ? text[..longest] : text;
        return text.Length < shortest ? text.PadRight(shortest, '.') : text;
    }

    private string IsoDate => today.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    // What a field such as habitId means lives in the module that its name begins with, else in the tool's own.
    private string KnownId(string name, SeenTool tool)
    {
        var stem = name.Length > 2 ? name[..^2].TrimEnd('_') : tool.Module;
        return Latest(call => call.Module.StartsWith(stem, StringComparison.OrdinalIgnoreCase)) ?? Latest(call => call.Module == tool.Module) ?? throw new NoSampleException();

        string? Latest(Func<SeenCall, bool> owner) => seen.Calls.LastOrDefault(call => owner(call) && call.Ids.Count > 0)?.Ids[^1];
    }

    private string Words(string name, SeenTool tool)
    {
        string[] pool = (seen.IsGerman, name.Contains("content", StringComparison.OrdinalIgnoreCase) || name.Contains("text", StringComparison.OrdinalIgnoreCase)) switch
        {
            (true, false) => ["Zehn Minuten lesen", "Einkauf für morgen", "Anruf bei Mira", "Spaziergang am Fluss", "Unterlagen sortieren"],
            (true, true) => ["Heute lief es ruhiger als gedacht; ich habe zwei Dinge geschafft.", "Kurz notiert, damit ich es nicht vergesse."],
            (false, false) => ["Read for ten minutes", "Groceries for tomorrow", "Call Mira", "A walk by the river", "Sort the papers"],
            (false, true) => ["A calmer day than expected; I got two things done.", "Noted so that I do not forget it."],
        };
        return pool[Dice(tool, name) % (uint)pool.Length];
    }

    private uint Dice(SeenTool tool, string name) =>
        ScriptedPlayer.Hash(seen.Opening, tool.Name, name, seen.Calls.Count.ToString(CultureInfo.InvariantCulture));

    private static bool IsId(string name) =>
        name.Equals("id", StringComparison.OrdinalIgnoreCase) || name.EndsWith("Id", StringComparison.Ordinal) || name.EndsWith("_id", StringComparison.Ordinal);

    private static IEnumerable<string> Required(JsonElement schema) =>
        schema.TryGetProperty("required", out var required) ? required.EnumerateArray().Select(name => name.GetString()!) : [];

    private static string? Type(JsonElement schema)
    {
        if (!schema.TryGetProperty("type", out var type))
        {
            return schema.TryGetProperty("properties", out _) ? "object" : null;
        }

        return type.ValueKind == JsonValueKind.Array
            ? type.EnumerateArray().Select(t => t.GetString()).FirstOrDefault(t => t != "null") ?? "null"
            : type.GetString();
    }

    private static JsonNode? FirstThatFits(IEnumerable<JsonElement> options, Func<JsonElement, JsonNode?> make)
    {
        foreach (var option in options)
        {
            try
            {
                return make(option);
            }
            catch (NoSampleException)
            {
                // The next branch may be within reach.
            }
        }

        throw new NoSampleException();
    }

    private static JsonElement Resolve(string reference, JsonElement root)
    {
        var place = root;
        foreach (var part in reference.TrimStart('#').Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (place.ValueKind != JsonValueKind.Object || !place.TryGetProperty(part, out place))
            {
                throw new NoSampleException();
            }
        }

        return place;
    }

    private sealed class NoSampleException : Exception;
}
