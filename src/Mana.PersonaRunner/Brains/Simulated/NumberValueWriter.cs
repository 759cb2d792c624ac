using System.Text.Json;
using System.Text.Json.Nodes;

namespace Mana.PersonaRunner.Brains.Simulated;

/// <summary>Numbers within a schema's bounds.</summary>
internal sealed class NumberValueWriter(WritingContext context)
{
    // The largest whole number that every JSON reader keeps; schemas use it for "any", and it is safe to add to.
    private const decimal Far = 9007199254740991;

    private static readonly decimal[] Limits = [10, 20, 25, 50];

    public bool TryWrite(string name, JsonElement schema, bool isWhole, out JsonNode? value)
    {
        value = null;
        var key = SimulatedTool.Key(name);
        var (min, max) = (Bound(schema, "minimum", -Far), Bound(schema, "maximum", Far));
        var (above, below) = (Bound(schema, "exclusiveMinimum", -Far), Bound(schema, "exclusiveMaximum", Far));
        var multiple = Bound(schema, "multipleOf", 0);
        var step = multiple > 0 && (!isWhole || multiple == decimal.Truncate(multiple)) ? multiple : isWhole ? 1 : 0.01m;
        var floor = Math.Max(min, above == -Far ? above : above + step);
        var ceiling = Math.Min(max, below == Far ? below : below - step);

        // The usual values of such a field, or else those nearest to them that the bounds allow.
        var (low, high) = Usual(key);
        (low, high) = (Math.Max(low, floor), Math.Min(high, ceiling));
        var (first, last) = (decimal.Ceiling(low / step), decimal.Floor(high / step));
        if (first > last)
        {
            low = low > ceiling ? Math.Max(floor, ceiling - (9 * step)) : low;
            (first, last) = (decimal.Ceiling(low / step), decimal.Floor(Math.Min(low + (9 * step), ceiling) / step));
        }

        if (first > last)
        {
            first = decimal.Ceiling(Math.Max(floor, ceiling - (9 * step)) / step);
            last = decimal.Floor(ceiling / step);
        }

        decimal number;
        if (first > last)
        {
            // A sliver between two bounds: its middle, as far as whole numbers and multiples are not asked for.
            number = (Math.Max(min, above) + Math.Min(max, below)) / 2;
            if (isWhole || multiple > 0 || number < min || number > max || number <= above || number >= below)
            {
                return false;
            }
        }
        else if (IsScale(key) && min != -Far && max != Far)
        {
            number = Math.Clamp(decimal.Round((min + ((max - min) * (decimal)context.Valence)) / step), first, decimal.Floor(ceiling / step)) * step;
        }
        else if (key.EndsWith("limit", StringComparison.Ordinal) && Limits.Where(limit => limit >= floor && limit <= ceiling && limit % step == 0).ToList() is { Count: > 0 } limits)
        {
            number = context.Dice.Pick(limits);
        }
        else
        {
            number = context.Dice.Between((long)first, (long)last) * step;
        }

        value = isWhole ? JsonValue.Create((long)number) : JsonValue.Create(number);
        return true;
    }

    private static bool IsScale(string key) => key is "level" or "rating" or "score" or "energy" or "intensity" or "mood";

    private static decimal Bound(JsonElement schema, string keyword, decimal none) =>
        schema.ValueKind == JsonValueKind.Object && schema.TryGetProperty(keyword, out var bound) && bound.ValueKind == JsonValueKind.Number
            ? bound.TryGetDecimal(out var exact) ? Math.Clamp(exact, -Far, Far) : none
            : none;

    private (decimal Low, decimal High) Usual(string key) => key switch
    {
        "year" => (context.Today.Year, context.Today.Year),
        "month" => (context.Today.Month, context.Today.Month),
        "days" => (3, 14),
        _ when key.Contains("perday", StringComparison.Ordinal) => (1, 3),
        _ when key.Contains("duration", StringComparison.Ordinal) || key.Contains("minutes", StringComparison.Ordinal) => (10, 90),
        _ when key.Contains("amount", StringComparison.Ordinal) || key.Contains("price", StringComparison.Ordinal) || key.Contains("total", StringComparison.Ordinal) => (45, 2400),
        _ when key.Contains("probability", StringComparison.Ordinal) => (0.1m, 0.9m),
        _ => (1, 10),
    };
}
