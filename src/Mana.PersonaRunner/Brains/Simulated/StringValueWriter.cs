using System.Globalization;
using System.Text.Json;

namespace Mana.PersonaRunner.Brains.Simulated;

/// <summary>Strings: dates, times, addresses and words, of the form and length that a schema asks for.</summary>
internal sealed class StringValueWriter(WritingContext context)
{
    // Each begins on whatever day it is given.
    private static readonly string[] Rules = ["FREQ=DAILY;COUNT=5", "FREQ=WEEKLY", "FREQ=WEEKLY;INTERVAL=2", "FREQ=MONTHLY;COUNT=12"];

    private readonly Dice _dice = context.Dice;

    public string? Write(string name, JsonElement schema)
    {
        var min = Schemas.Count(schema, "minLength") ?? 0;
        var max = Schemas.Count(schema, "maxLength") ?? int.MaxValue;
        var pattern = Schemas.Text(schema, "pattern");
        var role = FieldText.Role(name);
        var text = Schemas.Text(schema, "format") switch
        {
            "date" => Date(name),
            "date-time" => DateTime(name),
            "time" => Time() + ":00Z",
            "email" => context.Utterance.Word("email"),
            "uri" or "url" or "uri-reference" or "iri" => context.Utterance.Word("url"),
            _ when pattern is null && IsDate(name) => Date(name),
            _ when pattern is null && IsTime(name) => Time(),
            _ when pattern is null && IsRule(name) => _dice.Pick(Rules),
            _ => null,
        };
        if (text is null || (pattern is null && Schemas.Text(schema, "format") is null && (text.Length < min || text.Length > max)))
        {
            text = FieldText.Fit(FieldText.Write(context.Utterance, context.Tool.ModuleKey, role, context.Temperament.Haste, _dice), min, max);
        }

        if (pattern is null || (PatternText.Matches(pattern, text) && text.Length >= min && text.Length <= max))
        {
            return text.Length >= min && text.Length <= max ? text : null;
        }

        string[] candidates = [Date(name), Time(), DateTime(name), context.Utterance.Word("color"), context.Utterance.Word("slug"), context.Utterance.Word("url"), context.Utterance.Word("email")];
        return candidates.FirstOrDefault(candidate => candidate.Length >= min && candidate.Length <= max && PatternText.Matches(pattern, candidate))
            ?? PatternText.Write(pattern, min, max, _dice);
    }

    private static bool IsDate(string name) => SimulatedTool.Words(name) is { Count: > 0 } words && (words[^1] is "date" or "day" || (words[^1] is "at" or "by" or "on" or "until" && words.Count > 1));

    private static bool IsTime(string name) => SimulatedTool.Words(name) is { Count: > 0 } words && words[^1] is "time";

    private static bool IsRule(string name) => SimulatedTool.Words(name) is [.., "recurrence" or "repeat", "rule"];

    private static string Format(DateTimeOffset moment, string format) => moment.ToString(format, CultureInfo.InvariantCulture);

    private string Date(string name) => Format(Moment(name), "yyyy-MM-dd");

    private string DateTime(string name) => Format(Moment(name).ToUniversalTime(), "yyyy-MM-dd'T'HH:mm':00Z'");

    private string Time() => Format(context.Today, "HH:mm");

    private DateTimeOffset Moment(string name)
    {
        var words = SimulatedTool.Words(name);
        bool Says(params string[] any) => words.Exists(word => any.Contains(word));
        if (context.Tool.Kind == ToolKind.Look)
        {
            return context.Today.AddDays(-_dice.Between(0, 14));
        }

        if (Says("end", "ends", "to") && context.Start is { } start)
        {
            return start.AddMinutes(30 * _dice.Between(1, 4));
        }

        if (Says("start", "starts", "begin", "from", "due", "deadline", "by", "until", "expected", "end", "scheduled", "remind", "reminder", "target"))
        {
            // Round hours, by day: nobody is due at 03:17.
            var day = context.Today.AddDays(_dice.Between(0, 20));
            var moment = new DateTimeOffset(day.Date, day.Offset).AddHours(_dice.Between(8, 19)).AddMinutes(_dice.Chance(0.3) ? 30 : 0);
            if (moment <= context.Today)
            {
                moment = moment.AddDays(1);
            }

            context.Start ??= Says("end", "due") ? null : moment;
            return moment;
        }

        return _dice.Chance(0.15) ? context.Today.AddDays(-1) : context.Today;
    }
}
