using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Mana.PersonaRunner.Brains.Simulated;

/// <summary>
/// A language's phrase material: symbols, each with alternatives for an archetype or (<c>*</c>) for anyone. A
/// <c>{symbol}</c> is replaced by one of its alternatives, <c>{3-9}</c> by a number.
/// </summary>
internal sealed class Phrasebook
{
    private static readonly Lazy<Phrasebook> German = new(() => Load("phrases-de.json"));
    private static readonly Lazy<Phrasebook> English = new(() => Load("phrases-en.json"));

    private readonly FrozenDictionary<string, FrozenDictionary<string, ImmutableArray<string>>> _symbols;

    private Phrasebook(FrozenDictionary<string, FrozenDictionary<string, ImmutableArray<string>>> symbols) => _symbols = symbols;

    public static Phrasebook For(string language) => language == "en" ? English.Value : German.Value;

    public bool Has(string symbol) => _symbols.ContainsKey(symbol);

    /// <summary>The alternatives of a symbol for an archetype; null for an unknown symbol.</summary>
    public ImmutableArray<string>? Alternatives(string symbol, string archetype) =>
        !_symbols.TryGetValue(symbol, out var byArchetype) ? null
        : byArchetype.TryGetValue(archetype, out var own) ? own
        : byArchetype["*"];

    private static Phrasebook Load(string file)
    {
        using var stream = typeof(Phrasebook).Assembly.GetManifestResourceStream($"{typeof(Phrasebook).Namespace}.Assets.{file}")
            ?? throw new InvalidOperationException($"The phrase material {file} is not embedded.");
        using var document = JsonDocument.Parse(stream);
        return new(document.RootElement.EnumerateObject().ToFrozenDictionary(
            symbol => symbol.Name,
            symbol => symbol.Value.ValueKind == JsonValueKind.Array
                ? new Dictionary<string, ImmutableArray<string>> { ["*"] = Texts(symbol.Value) }.ToFrozenDictionary()
                : symbol.Value.EnumerateObject().ToFrozenDictionary(archetype => archetype.Name, archetype => Texts(archetype.Value))));
    }

    private static ImmutableArray<string> Texts(JsonElement array) => [.. array.EnumerateArray().Select(text => text.GetString()!)];
}

/// <summary>
/// One utterance: within it a symbol keeps its value, so that a note's title and text speak of the same thing;
/// <c>{symbol*}</c> asks for another value.
/// </summary>
internal sealed class Utterance(Phrasebook phrases, string archetype, Dice dice)
{
    private const int MaxDepth = 8;
    private readonly Dictionary<string, string> _said = [];

    /// <summary>From 0 (bad) to 1 (good): the level, the emotion and the words of one entry agree.</summary>
    public double Valence { get; } = 0.15 + (0.8 * dice.Share());

    /// <summary>Fixes what a symbol means here.</summary>
    public Utterance With(string symbol, string value)
    {
        _said[symbol] = value;
        return this;
    }

    /// <summary>A text for a symbol of a module, else for the symbol of any module.</summary>
    public string Of(string moduleKey, string role)
    {
        var symbol = phrases.Has($"{moduleKey}.{role}") ? $"{moduleKey}.{role}" : $"any.{role}";
        return Say(symbol);
    }

    /// <summary>A text for a symbol, its first letter large unless the archetype writes small.</summary>
    public string Say(string symbol)
    {
        var text = Expand(symbol, 0);
        var firstWord = text.AsSpan(0, text.IndexOf(' ', StringComparison.Ordinal) is var end and > 0 ? end : text.Length);
        return archetype == "overwhelmed-newbie" || text.Length == 0 || firstWord[..^1].ContainsAny('.', '_', ':')
            ? text
            : char.ToUpper(text[0], CultureInfo.InvariantCulture) + text[1..];
    }

    /// <summary>A value that is no sentence: an icon, a colour, a tag.</summary>
    public string Word(string symbol) => Expand(symbol, 0);

    private string Expand(string symbol, int depth)
    {
        if (depth > MaxDepth || phrases.Alternatives(symbol, archetype) is not { } alternatives)
        {
            return "";
        }

        // On a bad day nobody writes of joy, as long as there is anything else to say.
        var unfitting = Valence < 0.45 ? "{joy" : Valence > 0.55 ? "{worry" : null;
        var fitting = unfitting is null ? alternatives : alternatives.RemoveAll(text => text.Contains(unfitting, StringComparison.Ordinal));
        var template = dice.Pick(fitting.IsEmpty ? alternatives : fitting);
        var text = new StringBuilder(template.Length * 2);
        for (var i = 0; i < template.Length; i++)
        {
            if (template[i] != '{' || template.IndexOf('}', i) is not (var end and > 0))
            {
                text.Append(template[i]);
                continue;
            }

            text.Append(Slot(template[(i + 1)..end], depth));
            i = end;
        }

        return text.ToString();
    }

    private string Slot(string slot, int depth)
    {
        if (slot.IndexOf('-', StringComparison.Ordinal) is var dash and > 0 && char.IsAsciiDigit(slot[0]))
        {
            var low = long.Parse(slot.AsSpan(0, dash), CultureInfo.InvariantCulture);
            return dice.Between(low, long.Parse(slot.AsSpan(dash + 1), CultureInfo.InvariantCulture)).ToString(CultureInfo.InvariantCulture);
        }

        if (slot.EndsWith('*'))
        {
            return Another(slot[..^1], depth);
        }

        if (!_said.TryGetValue(slot, out var said))
        {
            said = Expand(slot, depth + 1);
            _said[slot] = said;
        }

        return said;
    }

    private string Another(string symbol, int depth)
    {
        var before = _said.GetValueOrDefault(symbol);
        var text = Expand(symbol, depth + 1);
        for (var attempt = 0; attempt < 4 && text == before; attempt++)
        {
            text = Expand(symbol, depth + 1);
        }

        return text;
    }
}
