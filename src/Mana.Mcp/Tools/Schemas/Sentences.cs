using System.Globalization;
using System.Text.Json;

namespace Mana.Mcp.Tools.Schemas;

/// <summary>Says what is wrong with an argument so that a model can put it right: the field, what was sent, what is allowed.</summary>
internal static class Sentences
{
    private const int ShownCharacters = 60;

    public static string Join(string path, string name) => path.Length == 0 ? Shorten(name) : $"{path}.{Shorten(name)}";

    public static string UnknownField(string path, string name, IEnumerable<string> allowed)
    {
        var names = allowed.ToList();
        if (names.Count == 0)
        {
            return $"\"{path}\" is no field of this tool, which takes no arguments; leave it out.";
        }

        return $"\"{path}\" is no field of this tool; it takes {List(names)}.{DidYouMean(name, names)}";
    }

    public static string Missing(string path, SchemaRule rule) => $"\"{path}\" is missing; give {Describe(rule)}.";

    public static string Wrong(string path, SchemaRule rule, JsonElement sent)
    {
        var hint = "";
        if (sent.ValueKind == JsonValueKind.Null)
        {
            hint = " Leave the field out instead of sending null.";
        }
        else if (sent.ValueKind == JsonValueKind.String && rule.Values is { } values && SchemaRule.TextOf(sent) is { } text)
        {
            hint = DidYouMean(text, values);
        }
        else if (sent.ValueKind == JsonValueKind.String && IsQuoted(rule, sent))
        {
            hint = " Send it without quotes.";
        }

        return $"\"{path}\" must be {Describe(rule)}; you sent {Shown(sent)}.{hint}";
    }

    /// <summary>What the rule allows, as the end of "give …" or "must be …".</summary>
    public static string Describe(SchemaRule rule)
    {
        if (rule.AnyOf is { } alternatives)
        {
            return string.Join(" or ", alternatives.Select(Describe));
        }

        if (rule.Values is { } values)
        {
            return $"one of {List(values)}";
        }

        return string.Join(" or ", (rule.Types ?? ["string"]).Select(type => Describe(rule, type)));
    }

    private static string Describe(SchemaRule rule, string type) => type switch
    {
        "null" => "null",
        "boolean" => "true or false",
        "integer" => "a whole number" + Range(rule),
        "number" => "a number" + Range(rule),
        "object" => "an object",
        "array" => "a list" + Counted(rule.MinItems, rule.MaxItems, "items") + (rule.Items is null ? "" : $", each {Describe(rule.Items)}"),
        _ => DescribeText(rule),
    };

    private static string DescribeText(SchemaRule rule) => (rule.Format, rule.Pattern?.Text) switch
    {
        ("uuid", _) => "an id (a UUID as another tool returned it, such as 3f2b8c1e-5d47-4a69-9c0e-7b1f2a6d8e90)",
        ("date", _) => "a date such as 2026-11-22",
        ("date-time", _) => "a date-time with zone such as 2026-11-22T18:00:00Z",
        (_, Field.ColorPattern) => "a color such as #6366f1",
        (_, Field.TimePattern) => "a time of day such as 07:30 (HH:mm)",
        (_, Field.YearlessPattern) => "a day without its year such as --05-03",
        (_, Field.EmailPattern) => "an e-mail address such as ada@example.org",
        (_, Field.UrlPattern) => "a web address such as https://example.org/page",
        (_, { } pattern) => $"text of the form {pattern}",
        _ => "text" + Counted(rule.MinLength, rule.MaxLength, "characters"),
    };

    private static string Counted(int? min, int? max, string what) => (min, max) switch
    {
        (null or 0, null) => "",
        (null or 0, _) => Invariant($" of at most {max} {what}"),
        (_, null) => Invariant($" of at least {min} {what}"),
        _ => Invariant($" of {min} to {max} {what}"),
    };

    private static string Range(SchemaRule rule)
    {
        var low = rule.Minimum is { } minimum ? Invariant($"from {minimum}") : rule.ExclusiveMinimum is { } above ? Invariant($"above {above}") : "";
        var high = rule.Maximum is { } maximum ? Invariant($"to {maximum}") : rule.ExclusiveMaximum is { } below ? Invariant($"below {below}") : "";
        return (low, high) switch
        {
            ("", "") => "",
            ("", _) => $" {(rule.Maximum is null ? high : $"up {high}")}",
            (_, "") => $" {low}" + (rule.Minimum is null ? "" : " upwards"),
            _ when rule.Minimum is null => Invariant($" {low} and at most {rule.Maximum ?? rule.ExclusiveMaximum}"),
            _ => $" {low} {high}",
        };
    }

    // Only where it helps: "5" for a number is nearly right, "no" for a flag is not.
    private static bool IsQuoted(SchemaRule rule, JsonElement sent) =>
        SchemaRule.TextOf(sent) is { } text
        && (rule.Types?.Any(type => type switch
        {
            "boolean" => text is "true" or "false",
            "integer" or "number" => decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out _),
            _ => false,
        }) ?? rule.AnyOf?.Any(alternative => IsQuoted(alternative, sent)) ?? false);

    private static string DidYouMean(string sent, IEnumerable<string> allowed)
    {
        var nearest = allowed
            .Select(name => (Name: name, Distance: Distance(sent, name)))
            .MinBy(candidate => candidate.Distance);
        return nearest.Distance <= Math.Max(1, nearest.Name.Length / 3) ? $" Did you mean \"{nearest.Name}\"?" : "";
    }

    // Edits and swaps of neighbours: "titel" is one slip away from "title".
    private static int Distance(string a, string b)
    {
        if (a.Length > 2 * b.Length + 2)
        {
            return int.MaxValue;
        }

        var beforePrevious = new int[b.Length + 1];
        var previous = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var current = new int[b.Length + 1];
            current[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                current[j] = Math.Min(
                    Math.Min(current[j - 1], previous[j]) + 1,
                    previous[j - 1] + (IsSame(a[i - 1], b[j - 1]) ? 0 : 1));
                if (i > 1 && j > 1 && IsSame(a[i - 1], b[j - 2]) && IsSame(a[i - 2], b[j - 1]))
                {
                    current[j] = Math.Min(current[j], beforePrevious[j - 2] + 1);
                }
            }

            (beforePrevious, previous) = (previous, current);
        }

        return previous[b.Length];
    }

    private static bool IsSame(char a, char b) => char.ToLowerInvariant(a) == char.ToLowerInvariant(b);

    private static string Shown(JsonElement sent)
    {
        if (sent.ValueKind != JsonValueKind.String)
        {
            return Shorten(sent.GetRawText());
        }

        if (SchemaRule.TextOf(sent) is not { } text)
        {
            return "text that is not readable";
        }

        var length = text.Length > ShownCharacters ? Invariant($" ({text.Length} characters)") : "";
        return $"\"{Shorten(text)}\"{length}";
    }

    private static string Shorten(string text)
    {
        if (text.Length <= ShownCharacters)
        {
            return text;
        }

        var end = char.IsHighSurrogate(text[ShownCharacters - 1]) ? ShownCharacters - 1 : ShownCharacters;
        return text[..end] + "…";
    }

    private static string List(IEnumerable<string> names) => string.Join(", ", names);

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
