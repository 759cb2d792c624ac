using System.Text.Json;
using System.Text.Json.Nodes;

namespace Mana.PersonaRunner.Brains.Simulated;

/// <summary>What a corrected call takes over from the one that failed.</summary>
internal sealed record Correction(IReadOnlyDictionary<string, JsonElement> Before, ErrorReading Reading);

/// <summary>Writes the arguments of one call.</summary>
internal sealed class ArgumentWriter(WritingContext context)
{
    private readonly ValueWriter _values = new(context);
    private readonly Dice _dice = context.Dice;

    /// <returns>Null where no valid arguments can be given: an id is wanted and none is known.</returns>
    public Dictionary<string, object?>? Write(IEnumerable<KnownRecord> known, Correction? correction = null)
    {
        var tool = context.Tool;
        var written = new Dictionary<string, JsonNode?>();

        // The ids first: what is changed decides what is written.
        foreach (var parameter in tool.Parameters.OrderBy(parameter => parameter.IsId ? 0 : 1))
        {
            if (correction is not null && TryCorrect(parameter, correction, out var corrected, out var isLeftOut))
            {
                if (!isLeftOut)
                {
                    written[parameter.Name] = corrected;
                }

                continue;
            }

            if (!parameter.IsRequired && (correction is not null || !Wants(parameter)))
            {
                continue;
            }

            if (!TryWrite(parameter, known, written, out var value))
            {
                if (parameter.IsRequired)
                {
                    return null;
                }

                continue;
            }

            written[parameter.Name] = value;
        }

        EnsureChange(known, written);
        return tool.Parameters.Where(parameter => written.ContainsKey(parameter.Name)).ToDictionary(
            parameter => parameter.Name,
            parameter => (object?)JsonElement.Parse(written[parameter.Name]?.ToJsonString() ?? "null"));
    }

    /// <summary>An update that changes nothing is no update.</summary>
    private void EnsureChange(IEnumerable<KnownRecord> known, Dictionary<string, JsonNode?> written)
    {
        var content = context.Tool.Parameters.Where(parameter => !parameter.IsId).ToList();
        if (context.Tool.Kind == ToolKind.Change && content.Count > 0 && !content.Exists(parameter => written.ContainsKey(parameter.Name)))
        {
            var parameter = _dice.Pick(content);
            if (TryWrite(parameter, known, written, out var value))
            {
                written[parameter.Name] = value;
            }
        }
    }

    private bool TryWrite(ToolParameter parameter, IEnumerable<KnownRecord> known, Dictionary<string, JsonNode?> written, out JsonNode? value)
    {
        if (!_values.TryWrite(parameter.Name, parameter.Schema, out value))
        {
            return false;
        }

        var role = FieldText.Role(parameter.Name);
        if (context.Tool.Kind == ToolKind.Change && role == "title" && value is JsonValue text && text.GetValueKind() == JsonValueKind.String
            && Target(known, written)?.Text(parameter.Name) is { Length: > 0 } before)
        {
            // A title is amended, not replaced by that of another matter.
            var plain = before.IndexOf(" (", StringComparison.Ordinal) is var amended and > 0 ? before[..amended] : before;
            value = Valid(parameter, plain + context.Utterance.Word("amend")) ?? value;
        }
        else if (role == "query" && _dice.Chance(0.4)
            && known.Where(record => record.ModuleKey == context.Tool.ModuleKey).Select(record => record.Text("title")).OfType<string>().ToList() is { Count: > 0 } titles
            && _dice.Pick(titles).Split(' ', ',', '.', ':', '(', ')').Where(word => word.Length > 3).ToList() is { Count: > 0 } words)
        {
            value = Valid(parameter, _dice.Pick(words)) ?? value;
        }

        return true;
    }

    private static KnownRecord? Target(IEnumerable<KnownRecord> known, Dictionary<string, JsonNode?> written) =>
        written.TryGetValue("id", out var id) ? known.LastOrDefault(record => record.Key == id?.ToString()) : null;

    private bool Wants(ToolParameter parameter)
    {
        var role = FieldText.Role(parameter.Name);
        var diligence = context.Temperament.Diligence;
        return _dice.Chance((context.Tool.Kind, role, parameter.IsId) switch
        {
            // A place in a list is given by the list, never made up.
            (_, "cursor", _) => 0,
            (_, _, true) => 0.15,
            (ToolKind.Look, "query", _) => 0.8,
            (ToolKind.Look or ToolKind.Open, _, _) => diligence * 0.4,
            (_, "text", _) => 0.5 + (diligence / 2),
            (ToolKind.Change, _, _) => 0.35,
            _ => diligence,
        });
    }

    private bool TryCorrect(ToolParameter parameter, Correction correction, out JsonNode? value, out bool isLeftOut)
    {
        value = null;
        isLeftOut = false;
        var had = correction.Before.TryGetValue(parameter.Name, out var before);
        var isBlamed = correction.Reading.Parameters.Contains(parameter.Name);
        if (!isBlamed)
        {
            // What nobody complained of stays. Where the text names nothing, what could be left out is.
            isLeftOut = !had || (correction.Reading is { Kind: ErrorKind.Arguments, Parameters.Count: 0 } && !parameter.IsRequired);
            value = had ? JsonNode.Parse(before.GetRawText()) : null;
            return had || !parameter.IsRequired;
        }

        foreach (var hint in Hints(correction.Reading, had ? before : default))
        {
            if (Valid(parameter, hint) is { } valid)
            {
                value = valid;
                return true;
            }
        }

        isLeftOut = !parameter.IsRequired;
        return isLeftOut;
    }

    private IEnumerable<string> Hints(ErrorReading reading, JsonElement before)
    {
        if (reading.Choices.Count > 0)
        {
            yield return _dice.Pick(reading.Choices);
        }

        if (reading.Example is { } example)
        {
            // The form of the example with a day of our own.
            var moment = context.Today.AddDays(1).ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm':00'", System.Globalization.CultureInfo.InvariantCulture);
            yield return example.Length <= 10 ? moment[..10] : moment + (example.EndsWith('Z') ? "Z" : example.Length > 19 ? "+00:00" : "");
        }

        if (reading.MaxLength is { } limit && before.ValueKind == JsonValueKind.String && before.GetString()!.Length > limit)
        {
            yield return FieldText.Fit(before.GetString()!, 0, limit);
        }
    }

    /// <summary>The text as a value, if the parameter's own schema does not already say no.</summary>
    private JsonValue? Valid(ToolParameter parameter, string text)
    {
        var schema = Schemas.Resolve(parameter.Schema, context.Tool.Schema);
        if (Schemas.Alternatives(schema) is { Count: > 0 } branches)
        {
            schema = branches.Select(branch => Schemas.Resolve(branch, context.Tool.Schema)).FirstOrDefault(branch => Schemas.Types(branch).Contains("string"));
        }

        if (schema.ValueKind != JsonValueKind.Object || !Schemas.Types(schema).Contains("string"))
        {
            return null;
        }

        text = FieldText.Fit(text, 0, Schemas.Count(schema, "maxLength") ?? int.MaxValue);
        return text.Length >= (Schemas.Count(schema, "minLength") ?? 0)
            && (Schemas.Text(schema, "pattern") is not { } pattern || PatternText.Matches(pattern, text))
            && (!schema.TryGetProperty("enum", out var choices) || choices.EnumerateArray().Any(choice => choice.ValueKind == JsonValueKind.String && choice.GetString() == text))
                ? JsonValue.Create(text)
                : null;
    }
}
