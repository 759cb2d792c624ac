using System.Globalization;
using System.Text.RegularExpressions;

namespace Mana.PersonaRunner.Brains.Simulated;

/// <summary>What a persona makes of an error text.</summary>
internal enum ErrorKind
{
    /// <summary>The arguments were wrong: worth a corrected call.</summary>
    Arguments,

    /// <summary>The record does not exist: worth another look.</summary>
    NotFound,

    /// <summary>Refused for good: not worth another call.</summary>
    Refused,

    /// <summary>Nobody knows whether it happened: look before repeating.</summary>
    UnknownOutcome,

    /// <summary>Anything else: worth the same call once more.</summary>
    Trouble,
}

/// <summary>The hints that an error text holds, in German or English.</summary>
/// <param name="Kind">What went wrong.</param>
/// <param name="Parameters">The parameters it names.</param>
/// <param name="MaxLength">"at most 40": the limit it names, if any.</param>
/// <param name="Choices">"one of low, medium": the values it offers.</param>
/// <param name="Example">A date or date-time that it gives as an example: its form is what is wanted.</param>
internal sealed partial record ErrorReading(
    ErrorKind Kind,
    IReadOnlyList<string> Parameters,
    int? MaxLength,
    IReadOnlyList<string> Choices,
    string? Example)
{
    public static ErrorReading Of(PastCall call)
    {
        var text = call.ResultText;
        var named = (call.Tool?.Parameters ?? []).Select(parameter => parameter.Name)
            .Concat(call.Arguments.Keys)
            .Distinct()
            .Where(name => Regex.IsMatch(text, $@"(?<![\w.-]){Regex.Escape(name)}(?!\w)"))
            .ToList();

        var kind = UnknownOutcome().IsMatch(text) ? ErrorKind.UnknownOutcome
            : NotFound().IsMatch(text) && call.Ids().Any() ? ErrorKind.NotFound
            : Refused().IsMatch(text) ? ErrorKind.Refused
            : named.Count > 0 || Invalid().IsMatch(text) ? ErrorKind.Arguments
            : ErrorKind.Trouble;

        var choices = OneOf().Match(text) is { Success: true } match
            ? match.Groups[1].Value.Split([",", " or ", " oder ", "|"], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                .Select(choice => choice.Trim('"', '\'', '`', '„', '“', '.', '[', ']'))
                .Where(choice => choice.Length > 0)
                .ToList()
            : [];
        var limit = AtMost().Match(text) is { Success: true } most
            && int.TryParse(most.Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : (int?)null;
        var example = DateExample().Match(text) is { Success: true } date ? date.Value : null;
        return new(kind, named, limit, choices, example);
    }

    [GeneratedRegex("outcome (is )?unknown|unknown outcome|ausgang (ist )?unbekannt|unbekannter ausgang", RegexOptions.IgnoreCase)]
    private static partial Regex UnknownOutcome();

    [GeneratedRegex("not found|no such|does not exist|nicht gefunden|gibt es nicht|existiert nicht|unbekannte id|unknown id", RegexOptions.IgnoreCase)]
    private static partial Regex NotFound();

    [GeneratedRegex("not allowed|denied|forbidden|permission|rate.?limit|unauthori[sz]ed|nicht erlaubt|verboten|zu viele|keine berechtigung|tool \\S+ not found", RegexOptions.IgnoreCase)]
    private static partial Regex Refused();

    [GeneratedRegex("invalid|validation|must be|required|expected|unknown field|ungültig|muss |erwartet|fehlt", RegexOptions.IgnoreCase)]
    private static partial Regex Invalid();

    [GeneratedRegex("(?:one of|eine[rs]? von|erlaubt sind)[: ]+([^.;\\n]+)", RegexOptions.IgnoreCase)]
    private static partial Regex OneOf();

    [GeneratedRegex("(?:at most|no more than|max(?:imum|\\.)?|höchstens|maximal)\\D{0,12}(\\d{1,7})", RegexOptions.IgnoreCase)]
    private static partial Regex AtMost();

    [GeneratedRegex("\\d{4}-\\d{2}-\\d{2}(T\\d{2}:\\d{2}(:\\d{2}(\\.\\d+)?)?(Z|[+-]\\d{2}:\\d{2})?)?")]
    private static partial Regex DateExample();
}
