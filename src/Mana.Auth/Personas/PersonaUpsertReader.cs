using System.Text.Json;
using System.Text.RegularExpressions;
using Mana.Auth.Http;
using Mana.Auth.SignIn;
using Mana.Auth.ToolPolicies;
using Mana.Contracts;

namespace Mana.Auth.Personas;

/// <summary>Reads the body of a persona upsert and names every fault.</summary>
internal static partial class PersonaUpsertReader
{
    public const int BodyLimit = 256 * 1024;
    public const string DefaultCadence = "daily";

    private const int MaxName = 200;
    private const int MaxArchetype = 100;
    private const int MaxSystemPrompt = 50_000;
    private const int MaxModules = 100;
    private const int MaxModuleName = 64;
    private const int MaxSetting = 100;
    private const string CadenceError = "tickCadence must be one of daily, weekdays, hourly";

    /// <summary>The request, its e-mail in lower case; null when <paramref name="faults"/> has entries.</summary>
    public static PersonaUpsert? Read(JsonElement body, out IReadOnlyList<string> faults)
    {
        var found = new List<string>();
        faults = found;
        var email = body.Member("email").TryGetText(out var given) ? EmailAddress.Normalise(given) : null;
        Require(email is not null, "email required", found);
        Require(body.Member("name").TryGetOptionalText(MaxName, out var name), $"name must be a string of at most {MaxName} characters", found);
        var password = Password(body, found);
        var archetype = Text(body, "archetype", MaxArchetype, found);
        var systemPrompt = Text(body, "systemPrompt", MaxSystemPrompt, found);
        var mix = ModuleMix(body, found);
        var soFar = found.Count;
        var cadence = Cadence(body, found);
        var timeZone = Setting(body, "timeZone", found);
        var activeHours = Setting(body, "activeHours", found);
        CheckSchedule(DefaultCadence, timeZone, null, found);
        CheckSchedule(DefaultCadence, null, activeHours, found);
        if (found.Count == soFar && ScheduleSettings.Fault(cadence ?? DefaultCadence, timeZone, activeHours) is { } fault)
        {
            found.Add(fault);
        }

        var language = Setting(body, "language", found);
        Require(language is null || LanguageTag().IsMatch(language), "language must be a language tag such as de or en-GB", found);
        var allowDestructive = body.Member(ToolPolicyReader.Member) is null ? null : ToolPolicyReader.Read(body, found);
        return found.Count > 0
            ? null
            : new PersonaUpsert(
                email!, string.IsNullOrWhiteSpace(name) ? null : name, password!, archetype!, systemPrompt!, mix!, cadence, timeZone, language, activeHours,
                allowDestructive);
    }

    private static string? Password(JsonElement body, List<string> faults)
    {
        if (!body.Member("password").TryGetText(out var password))
        {
            faults.Add("password ≥ 8 chars required");
            return null;
        }

        switch (PasswordRules.Check(password))
        {
            case PasswordRules.Fault.TooShort:
                faults.Add("password ≥ 8 chars required");
                break;
            case PasswordRules.Fault.TooLong:
                faults.Add($"password must have at most {PasswordRules.MaxLength} characters");
                break;
        }

        return password;
    }

    private static string? Text(JsonElement body, string member, int maxLength, List<string> faults)
    {
        if (!body.Member(member).TryGetText(out var text) || string.IsNullOrWhiteSpace(text))
        {
            faults.Add($"{member} required");
            return null;
        }

        Require(text.Length <= maxLength, $"{member} must have at most {maxLength} characters", faults);
        return text;
    }

    private static Dictionary<string, double>? ModuleMix(JsonElement body, List<string> faults)
    {
        if (body.Member("moduleMix") is not { ValueKind: JsonValueKind.Object } element)
        {
            faults.Add("moduleMix object required");
            return null;
        }

        var mix = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var property in element.EnumerateObject())
        {
            if (!TryName(property, out var module) || module.Length > MaxModuleName || string.IsNullOrWhiteSpace(module) || module.Contains('\0', StringComparison.Ordinal))
            {
                faults.Add($"moduleMix keys must be module names of at most {MaxModuleName} characters");
                return null;
            }

            if (property.Value.ValueKind != JsonValueKind.Number || !property.Value.TryGetDouble(out var weight) || !double.IsFinite(weight) || weight < 0)
            {
                faults.Add($"moduleMix.{module} must be a number ≥ 0");
                continue;
            }

            mix[module] = weight;
        }

        Require(mix.Count > 0 || faults.Count > 0, "moduleMix object required", faults);
        Require(mix.Count <= MaxModules, $"moduleMix must have at most {MaxModules} modules", faults);
        return mix;
    }

    private static bool TryName(JsonProperty property, out string name)
    {
        try
        {
            name = property.Name;
            return true;
        }
        catch (InvalidOperationException)
        {
            name = "";
            return false;
        }
    }

    private static string? Cadence(JsonElement body, List<string> faults)
    {
        if (body.Member("tickCadence") is not { } member)
        {
            return null;
        }

        if (!((JsonElement?)member).TryGetText(MaxSetting, out var cadence))
        {
            faults.Add(CadenceError);
            return null;
        }

        CheckSchedule(cadence, null, null, faults);
        return cadence;
    }

    private static string? Setting(JsonElement body, string member, List<string> faults)
    {
        Require(body.Member(member).TryGetOptionalText(MaxSetting, out var text), $"{member} must be a string of at most {MaxSetting} characters", faults);
        return string.IsNullOrEmpty(text) ? null : text;
    }

    private static void CheckSchedule(string cadence, string? timeZone, string? activeHours, List<string> faults)
    {
        if (!Schedule.TryParse(cadence, timeZone, activeHours, out _, out var error))
        {
            faults.Add(error!);
        }
    }

    private static void Require(bool condition, string fault, List<string> faults)
    {
        if (!condition)
        {
            faults.Add(fault);
        }
    }

    [GeneratedRegex(@"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*\z", RegexOptions.CultureInvariant)]
    private static partial Regex LanguageTag();
}
