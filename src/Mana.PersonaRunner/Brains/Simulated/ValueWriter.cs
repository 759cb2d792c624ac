using System.Text.Json;
using System.Text.Json.Nodes;

namespace Mana.PersonaRunner.Brains.Simulated;

/// <summary>What one call's values have in common: who writes, when, and in what mood.</summary>
internal sealed record WritingContext(
    SimulatedTool Tool,
    IdChoice Ids,
    Utterance Utterance,
    Temperament Temperament,
    DateTimeOffset Today,
    Dice Dice)
{
    public double Valence => Utterance.Valence;

    /// <summary>When the event of this call begins; its end follows from it.</summary>
    public DateTimeOffset? Start { get; set; }
}

/// <summary>Writes values that are valid against a JSON schema and believable for the parameter's name.</summary>
internal sealed class ValueWriter(WritingContext context)
{
    private const int MaxDepth = 8;
    private const int OptionalDepth = 3;
    private readonly Dice _dice = context.Dice;
    private readonly StringValueWriter _strings = new(context);
    private readonly NumberValueWriter _numbers = new(context);

    /// <returns>False where no valid value can be given: an id is wanted and none is known, or the schema is beyond us.</returns>
    public bool TryWrite(string name, JsonElement schema, out JsonNode? value, int depth = 0)
    {
        value = null;
        schema = Schemas.Resolve(schema, context.Tool.Schema);
        if (depth > MaxDepth || schema.ValueKind == JsonValueKind.False)
        {
            return false;
        }

        if (schema.ValueKind == JsonValueKind.Object)
        {
            if (schema.TryGetProperty("const", out var constant))
            {
                value = JsonNode.Parse(constant.GetRawText());
                return true;
            }

            if (schema.TryGetProperty("enum", out var choices) && choices.ValueKind == JsonValueKind.Array)
            {
                return TryChoose(choices, out value);
            }
        }

        if (RecordIds.IsIdParameter(name, schema, context.Tool.Schema))
        {
            return TryId(name, schema, out value);
        }

        if (Schemas.Alternatives(schema) is { Count: > 0 } branches)
        {
            return TryBranch(name, branches, out value, depth);
        }

        var types = Schemas.Types(schema);
        var type = types.FirstOrDefault(one => one != "null") ?? "null";
        return type switch
        {
            "null" => true,
            "boolean" => Succeed(Boolean(name, schema), out value),
            "integer" or "number" => _numbers.TryWrite(name, schema, isWhole: type == "integer", out value),
            "array" => TryArray(name, schema, out value, depth),
            "object" => TryObject(schema, out value, depth),
            _ => Succeed(_strings.Write(name, schema) is { } text ? JsonValue.Create(text) : null, out value) && value is not null,
        };
    }

    private static bool Succeed(JsonNode? written, out JsonNode? value)
    {
        value = written;
        return true;
    }

    private bool TryChoose(JsonElement choices, out JsonNode? value)
    {
        var all = choices.EnumerateArray().Where(choice => choice.ValueKind != JsonValueKind.Null).ToList();
        value = null;
        if (all.Count == 0)
        {
            return choices.GetArrayLength() > 0;
        }

        var fitting = all.Where(choice => choice.ValueKind != JsonValueKind.String || Feelings.Fits(choice.GetString()!, context.Valence)).ToList();
        value = JsonNode.Parse(_dice.Pick(fitting.Count > 0 ? fitting : all).GetRawText());
        return true;
    }

    private bool TryBranch(string name, IReadOnlyList<JsonElement> branches, out JsonNode? value, int depth)
    {
        // A null says nothing: it is the last resort, and now and then a choice.
        var resolved = branches.Select(branch => Schemas.Resolve(branch, context.Tool.Schema)).ToList();
        var filled = resolved.Where(branch => !Schemas.Types(branch).SequenceEqual(["null"])).ToList();
        var hasNull = filled.Count < resolved.Count;
        value = null;
        if (hasNull && (filled.Count == 0 || _dice.Chance(0.1)))
        {
            return true;
        }

        var first = filled.Count > 0 ? (int)_dice.Between(0, filled.Count - 1) : 0;
        for (var i = 0; i < filled.Count; i++)
        {
            if (TryWrite(name, filled[(first + i) % filled.Count], out value, depth + 1))
            {
                return true;
            }
        }

        return hasNull;
    }

    private JsonValue Boolean(string name, JsonElement schema)
    {
        var usual = schema.ValueKind == JsonValueKind.Object && schema.TryGetProperty("default", out var standard) && standard.ValueKind == JsonValueKind.True;
        var isFilter = name.StartsWith("include", StringComparison.OrdinalIgnoreCase) || context.Tool.Kind == ToolKind.Look;
        return JsonValue.Create(_dice.Chance(isFilter ? 0.4 : 0.15) ? !usual : usual);
    }

    private bool TryId(string name, JsonElement schema, out JsonNode? value)
    {
        value = null;
        var candidates = context.Ids.Candidates(context.Tool, name, schema).ToList();
        var isMany = Schemas.Types(schema).Contains("array");
        var count = isMany ? Math.Max(Schemas.Count(schema, "minItems") ?? 1, (int)_dice.Between(1, Math.Min(2, Schemas.Count(schema, "maxItems") ?? 2))) : 1;
        var picked = new List<KnownRecord>();
        while (picked.Count < count && _dice.TryPick(candidates, candidate => 1 + candidates.IndexOf(candidate), out var record))
        {
            picked.Add(record);
            candidates.Remove(record);
        }

        if (isMany)
        {
            value = new JsonArray([.. picked.Select(record => JsonNode.Parse(record.Id.GetRawText()))]);
            return picked.Count >= (Schemas.Count(schema, "minItems") ?? 0);
        }

        value = picked.Count > 0 ? JsonNode.Parse(picked[0].Id.GetRawText()) : null;
        return picked.Count > 0;
    }

    private bool TryArray(string name, JsonElement schema, out JsonNode? value, int depth)
    {
        var min = Schemas.Count(schema, "minItems") ?? 0;
        var max = Math.Max(min, Schemas.Count(schema, "maxItems") ?? int.MaxValue);
        var items = schema.ValueKind == JsonValueKind.Object && schema.TryGetProperty("items", out var declared) ? declared : default;
        var isUnique = schema.ValueKind == JsonValueKind.Object && schema.TryGetProperty("uniqueItems", out var unique) && unique.ValueKind == JsonValueKind.True;
        var count = _dice.Between(Math.Max(min, Math.Min(1, max)), Math.Max(min, Math.Min(3, max)));
        var written = new JsonArray();
        var seen = new HashSet<string>();
        for (var attempt = 0; written.Count < count && attempt < 20 + (count * 5); attempt++)
        {
            if (!TryWrite(name, items, out var item, depth + 1))
            {
                break;
            }

            // A persona does not write the same tag twice, as long as there is another.
            if (seen.Add(item?.ToJsonString() ?? "null") || (!isUnique && attempt > 10 + count && written.Count < min))
            {
                written.Add(item);
            }
        }

        value = written;
        return written.Count >= min;
    }

    private bool TryObject(JsonElement schema, out JsonNode? value, int depth)
    {
        value = null;
        var required = Schemas.Required(schema);
        var written = new JsonObject();
        foreach (var (name, property) in Schemas.Properties(schema))
        {
            var isRequired = required.Contains(name);
            if (!isRequired && (depth >= OptionalDepth || !_dice.Chance(context.Temperament.Diligence)))
            {
                continue;
            }

            if (TryWrite(name, property, out var member, depth + 1))
            {
                written[name] = member;
            }
            else if (isRequired)
            {
                return false;
            }
        }

        // Required but described nowhere: any value is valid.
        foreach (var name in required.Where(name => !written.ContainsKey(name)))
        {
            written[name] = FieldText.Write(context.Utterance, context.Tool.ModuleKey, FieldText.Role(name), 0, _dice);
        }

        value = written;
        return true;
    }
}

/// <summary>Words for feelings, in the enumerations that products use.</summary>
internal static class Feelings
{
    private static readonly HashSet<string> Good = ["happy", "calm", "energized", "grateful", "excited", "loved", "hopeful", "dankbar", "glücklich", "zufrieden", "good", "great", "gut"];
    private static readonly HashSet<string> Bad = ["tired", "sad", "anxious", "angry", "stressed", "frustrated", "overwhelmed", "bored", "traurig", "gestresst", "wütend", "bad", "schlecht"];

    public static bool Fits(string word, double valence) => !(valence < 0.45 ? Good : valence > 0.55 ? Bad : []).Contains(word);
}
