using System.Globalization;

namespace Mana.Ports.Model;

/// <summary>Reads one mapping strictly: what is unknown, missing or of another type becomes a fault and the rest is read on.</summary>
internal sealed class MapReader
{
    private readonly YamlMap _map;
    private readonly string _kind;
    private readonly string? _name;
    private readonly FaultList _faults;

    /// <param name="map">The mapping.</param>
    /// <param name="kind">How faults call it.</param>
    /// <param name="name">Whose it is, where it has a name.</param>
    /// <param name="faults">Where they go.</param>
    /// <param name="known">The keys it may have.</param>
    public MapReader(YamlMap map, string kind, string? name, FaultList faults, params string[] known)
    {
        (_map, _kind, _name, _faults) = (map, kind, name, faults);
        foreach (var entry in map.Entries)
        {
            if (Array.IndexOf(known, entry.Key) < 0)
            {
                faults.Add(entry.KeyAt, $"unknown key \"{entry.Key}\" in {What}{Suggestions.Hint(entry.Key, known)}");
            }
        }
    }

    public SourcePlace At => _map.At;

    // Put together only when there is a fault to tell.
    private string What => _name is null ? _kind : $"{_kind} {_name}";

    public SourcePlace PlaceOf(string key) => _map.Find(key)?.At ?? _map.At;

    public YamlNode? Node(string key) => _map.Find(key);

    public string? Text(string key)
    {
        switch (_map.Find(key))
        {
            case null or YamlText { IsNull: true }:
                return null;
            case YamlText text:
                return text.Value;
            case var other:
                _faults.Add(other.At, $"\"{key}\" of {What} must be a text, this is {other.Kind}");
                return null;
        }
    }

    public string Required(string key)
    {
        if (Text(key) is { Length: > 0 } text)
        {
            return text;
        }

        if (_map.Find(key) is null or YamlText)
        {
            _faults.Add(PlaceOf(key), $"{What} has no \"{key}\"; add {key}: …");
        }

        return "";
    }

    /// <summary>A word from a list; null where the key is absent.</summary>
    public string? OneOf(string key, params string[] allowed)
    {
        if (Text(key) is not { } word)
        {
            return null;
        }

        if (Array.IndexOf(allowed, word) < 0)
        {
            _faults.Add(PlaceOf(key), $"\"{key}\" of {What} cannot be \"{word}\"{Suggestions.Hint(word, allowed)}");
            return null;
        }

        return word;
    }

    public IReadOnlyList<string> Texts(string key, params string[] allowed)
    {
        switch (_map.Find(key))
        {
            case null:
                return [];
            case YamlList list:
                var words = new List<string>();
                foreach (var item in list.Items)
                {
                    if (item is not YamlText word)
                    {
                        _faults.Add(item.At, $"\"{key}\" of {What} is a list of texts, this is {item.Kind}");
                    }
                    else if (allowed.Length > 0 && Array.IndexOf(allowed, word.Value) < 0)
                    {
                        _faults.Add(item.At, $"\"{key}\" of {What} cannot have \"{word.Value}\"{Suggestions.Hint(word.Value, allowed)}");
                    }
                    else
                    {
                        words.Add(word.Value);
                    }
                }

                return words;
            case var other:
                _faults.Add(other.At, $"\"{key}\" of {What} must be a list, this is {other.Kind}; write [{string.Join(", ", allowed is [] ? ["…"] : allowed)}]");
                return [];
        }
    }

    public bool Flag(string key)
    {
        switch (_map.Find(key))
        {
            case null:
                return false;
            case YamlText { IsPlain: true, Value: "true" }:
                return true;
            case YamlText { IsPlain: true, Value: "false" }:
                return false;
            case var other:
                _faults.Add(other.At, $"\"{key}\" of {What} must be true or false");
                return false;
        }
    }

    public int? Number(string key, int least, int most)
    {
        if (_map.Find(key) is not { } node)
        {
            return null;
        }

        if (node is YamlText { IsPlain: true, Value: var text } && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number >= least && number <= most)
        {
            return number;
        }

        _faults.Add(node.At, string.Create(CultureInfo.InvariantCulture, $"\"{key}\" of {What} must be a whole number from {least} to {most}"));
        return null;
    }

    public int? Port(string key) => _map.Find(key) is { } node ? Port(node, key) : null;

    public int RequiredPort(string key)
    {
        if (_map.Find(key) is null)
        {
            _faults.Add(_map.At, $"{What} has no \"{key}\"; add {key}: …");
        }

        return Port(key) ?? 0;
    }

    public DateOnly? Date(string key)
    {
        if (Text(key) is not { } text)
        {
            return null;
        }

        if (DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date))
        {
            return date;
        }

        _faults.Add(PlaceOf(key), $"\"{key}\" of {What} must be a date such as 2027-03-31, not \"{text}\"");
        return null;
    }

    /// <summary>A port is a plain whole number, so that nobody has to wonder what 030, 0x1f or "3001" mean.</summary>
    public int? Port(YamlNode node, string key)
    {
        if (node is not YamlText text)
        {
            _faults.Add(node.At, $"\"{key}\" of {What} must be a port number, this is {node.Kind}; a service with several ports is a list of entries with name and port each");
            return null;
        }

        if (PortSpan.TryParsePort(text.Value, out var port))
        {
            if (text.IsPlain)
            {
                return port;
            }

            _faults.Add(node.At, $"\"{key}\" of {What} is a text; write {text.Value} without quotes");
            return null;
        }

        var digits = new string([.. text.Value.Where(char.IsAsciiDigit)]).TrimStart('0');
        var hint = text.Value.Contains('-', StringComparison.Ordinal) ? "; a service's port is one number, a range stands under reserved"
            : PortSpan.TryParsePort(digits, out var meant) && !text.Value.StartsWith("0x", StringComparison.OrdinalIgnoreCase) && !text.Value.Contains('.', StringComparison.Ordinal)
                ? string.Create(CultureInfo.InvariantCulture, $"; did you mean {meant}?")
                : "";
        _faults.Add(node.At, $"\"{key}\" of {What} must be a whole number from 1 to 65535, not \"{text.Value}\"{hint}");
        return null;
    }
}

/// <summary>The faults of one text.</summary>
internal sealed class FaultList(string path)
{
    public List<SchemaFault> Items { get; } = [];

    public void Add(SourcePlace at, string message) => Items.Add(new SchemaFault(path, at.Line, at.Column, message));
}
