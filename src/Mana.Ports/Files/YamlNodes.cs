namespace Mana.Ports.Files;

/// <summary>A node of a YAML document, with the offsets at which it begins and ends.</summary>
internal abstract class YamlNode(int start, int end)
{
    public int Start { get; } = start;

    public int End { get; } = end;

    /// <summary>Its own tag, such as <c>!override</c>; null where it has none.</summary>
    public string? Tag { get; init; }
}

/// <summary>A value.</summary>
internal sealed class YamlScalar(string value, int start, int end) : YamlNode(start, end)
{
    public string Value { get; } = value;

    /// <summary>The offset of the value's first character; -1 where the file spells the value in another way.</summary>
    public int ContentStart(string text)
    {
        var at = Value.Length == 0 ? -1 : text.AsSpan(Start, End - Start).LastIndexOf(Value, StringComparison.Ordinal);
        return at < 0 ? -1 : Start + at;
    }
}

/// <summary>A sequence.</summary>
internal sealed class YamlList(IReadOnlyList<YamlNode> items, bool flow, int start, int end) : YamlNode(start, end)
{
    public IReadOnlyList<YamlNode> Items { get; } = items;

    /// <summary>Whether it is written in brackets.</summary>
    public bool Flow { get; } = flow;
}

/// <summary>A key and its value.</summary>
internal sealed record YamlEntry(YamlScalar Key, YamlNode Value);

/// <summary>A mapping.</summary>
internal sealed class YamlMap(IReadOnlyList<YamlEntry> own, bool flow, int start, int end) : YamlNode(start, end)
{
    /// <summary>The entries written here.</summary>
    public IReadOnlyList<YamlEntry> Own { get; } = own;

    /// <summary>Whether it is written in braces.</summary>
    public bool Flow { get; } = flow;

    /// <summary>The value of a key, written here or merged in with <c>&lt;&lt;</c>.</summary>
    public YamlNode? this[string key] => Find(key, new HashSet<YamlMap>(ReferenceEqualityComparer.Instance));

    public string? Text(string key) => (this[key] as YamlScalar)?.Value;

    // Each merged mapping is looked at once: documents can merge the same one a billion times.
    private YamlNode? Find(string key, HashSet<YamlMap> seen)
    {
        if (!seen.Add(this))
        {
            return null;
        }

        return Own.FirstOrDefault(entry => entry.Key.Value == key)?.Value
            ?? Own.Where(entry => entry.Key.Value == "<<")
                .SelectMany(entry => entry.Value is YamlList list ? list.Items : [entry.Value])
                .OfType<YamlMap>()
                .Select(merged => merged.Find(key, seen))
                .FirstOrDefault(found => found is not null);
    }
}
