namespace Mana.Ports.Model;

/// <summary>A mapping under construction, in which no key may stand twice.</summary>
internal sealed class YamlMapBuilder(SourcePlace at, bool isFlow)
{
    // Up to here looking at all keys is quicker than a set.
    private const int Few = 16;

    private readonly List<YamlEntry> _entries = [];
    private HashSet<string>? _keys;

    /// <summary>False where there is no value, or the key has one already.</summary>
    public bool TryAdd(string key, SourcePlace keyAt, YamlNode? value)
    {
        if (value is null || !IsNew(key))
        {
            return false;
        }

        _entries.Add(new YamlEntry(key, keyAt, value));
        return true;
    }

    public YamlMap Build() => new(_entries, isFlow, at);

    private bool IsNew(string key)
    {
        if (_entries.Count >= Few)
        {
            _keys ??= [.. _entries.Select(entry => entry.Key)];
            return _keys.Add(key);
        }

        foreach (var entry in _entries)
        {
            if (entry.Key == key)
            {
                return false;
            }
        }

        return true;
    }
}
