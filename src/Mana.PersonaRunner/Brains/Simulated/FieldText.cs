using System.Collections.Frozen;
using System.Text;

namespace Mana.PersonaRunner.Brains.Simulated;

/// <summary>What a parameter's name says about the words it wants.</summary>
internal static class FieldText
{
    /// <summary>A name that says nothing: a short text of the module.</summary>
    private const string Other = "other";

    private static readonly FrozenDictionary<string, string> Roles = new Dictionary<string, string>
    {
        ["cursor"] = "cursor",
        ["pagetoken"] = "cursor",
        ["title"] = "title",
        ["name"] = "title",
        ["subject"] = "title",
        ["headline"] = "title",
        ["heading"] = "title",
        ["label"] = "title",
        ["content"] = "text",
        ["text"] = "text",
        ["body"] = "text",
        ["description"] = "text",
        ["notes"] = "text",
        ["note"] = "text",
        ["message"] = "text",
        ["summary"] = "text",
        ["comment"] = "text",
        ["prompt"] = "text",
        ["reflection"] = "text",
        ["reason"] = "text",
        ["details"] = "text",
        ["excerpt"] = "text",
        ["claim"] = "text",
        ["markdown"] = "text",
        ["quote"] = "text",
        ["query"] = "query",
        ["search"] = "query",
        ["q"] = "query",
        ["term"] = "query",
        ["keyword"] = "query",
        ["tag"] = "tag",
        ["tags"] = "tag",
        ["labels"] = "tag",
        ["keywords"] = "tag",
        ["topics"] = "tag",
        ["whom"] = "person",
        ["person"] = "person",
        ["people"] = "person",
        ["attendees"] = "person",
        ["participants"] = "person",
        ["author"] = "lastname",
        ["lastname"] = "lastname",
        ["surname"] = "lastname",
        ["firstname"] = "firstname",
        ["client"] = "company",
        ["customer"] = "company",
        ["company"] = "company",
        ["organisation"] = "company",
        ["organization"] = "company",
        ["icon"] = "icon",
        ["color"] = "color",
        ["colour"] = "color",
        ["url"] = "url",
        ["link"] = "url",
        ["website"] = "url",
        ["email"] = "email",
        ["mail"] = "email",
        ["phone"] = "phone",
        ["mobile"] = "phone",
        ["location"] = "place",
        ["place"] = "place",
        ["city"] = "city",
        ["currency"] = "currency",
        ["slug"] = "slug",
        ["timezone"] = "timezone",
        ["zone"] = "timezone",
        ["recurrencerule"] = "recurrence",
        ["rrule"] = "recurrence",
        ["language"] = "language",
        ["locale"] = "language",
    }.ToFrozenDictionary();

    /// <summary>The role of a parameter: a symbol of the phrase material.</summary>
    public static string Role(string parameter)
    {
        var key = SimulatedTool.Key(parameter);
        if (Roles.TryGetValue(key, out var whole))
        {
            return whole;
        }

        var words = SimulatedTool.Words(parameter);
        for (var i = words.Count - 1; i >= 0; i--)
        {
            if (Roles.TryGetValue(words[i], out var role))
            {
                return role;
            }
        }

        return Other;
    }

    public static string Write(Utterance utterance, string moduleKey, string role, double haste, Dice dice)
    {
        var text = role switch
        {
            Other => utterance.Of(moduleKey, "title"),
            "title" or "text" or "query" or "tag" => utterance.Of(moduleKey, role),
            _ => utterance.Word(role),
        };
        return role switch
        {
            "title" or "text" => Hurry(text, haste, dice),
            "tag" => text.ToLowerInvariant().Replace(' ', '-'),
            _ => text,
        };
    }

    /// <summary>Swaps two letters now and then: some personas type in a hurry.</summary>
    private static string Hurry(string text, double haste, Dice dice)
    {
        if (haste <= 0)
        {
            return text;
        }

        var written = new StringBuilder(text);
        for (var i = 1; i + 2 < written.Length; i++)
        {
            if (char.IsLetter(written[i - 1]) && char.IsLower(written[i]) && char.IsLower(written[i + 1]) && dice.Chance(haste / 3))
            {
                (written[i], written[i + 1]) = (written[i + 1], written[i]);
                i += 4;
            }
        }

        return written.ToString();
    }

    /// <summary>Cuts at a word's end where there is one; never in the middle of a surrogate pair.</summary>
    public static string Fit(string text, int minLength, int maxLength)
    {
        while (text.Length < minLength)
        {
            text = text.Length == 0 ? "…" : $"{text} {text}";
        }

        if (text.Length <= maxLength)
        {
            return text;
        }

        var cut = text.LastIndexOf(' ', Math.Max(0, maxLength - 1));
        cut = cut > Math.Max(minLength, maxLength / 2) ? cut : maxLength;
        return text[..(cut > 0 && char.IsHighSurrogate(text[cut - 1]) ? cut - 1 : cut)];
    }
}
