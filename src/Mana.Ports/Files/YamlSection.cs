namespace Mana.Ports.Files;

/// <summary>The part of a YAML file under one key of its root: <c>services</c>, <c>scrape_configs</c>, <c>ingress</c>.</summary>
internal sealed record YamlSection(SourceText Source, YamlEntry Entry)
{
    /// <summary>The section, in a file of several documents the one with an entry; null where no document has the section.</summary>
    public static YamlSection? Find(SourceText source, string key, string? entry = null)
    {
        var sections = YamlReader.Read(source).OfType<YamlMap>().SelectMany(map => map.Own).Where(one => one.Key.Value == key)
            .Select(one => new YamlSection(source, one)).ToList();
        return sections.Find(section => section.Entries.Any(one => one.Key.Value == entry)) ?? sections.FirstOrDefault();
    }

    /// <summary>The section of a file that is about to be edited.</summary>
    public static YamlSection Require(SourceText source, string key, string? entry = null) =>
        Find(source, key, entry) ?? throw source.Fault(0, $"there is no {key}: here; add the line {key}: first");

    public IReadOnlyList<YamlEntry> Entries => (Entry.Value as YamlMap)?.Own ?? [];

    public IReadOnlyList<YamlNode> Items => (Entry.Value as YamlList)?.Items ?? [];

    /// <summary>The line of the section's key.</summary>
    public int KeyLine => Source.LineAt(Entry.Key.Start);

    /// <summary>Refuses what line surgery cannot edit.</summary>
    public void RequireBlockStyle()
    {
        if (Entry.Value is YamlList { Flow: true } or YamlMap { Flow: true } or YamlScalar { Value.Length: > 0 })
        {
            throw Source.Fault(Entry.Value.Start, $"{Entry.Key.Value} is written in one line; write it as a block, one entry a line, to have it edited");
        }

        var inFlow = Entries.FirstOrDefault(entry => Source.LineAt(entry.Key.Start) == KeyLine);
        if (inFlow is not null || Entry.Value.Start < Entry.Key.Start)
        {
            throw Source.Fault(Entry.Key.Start, $"{Entry.Key.Value} cannot be edited in this form; write it as a block, one entry a line");
        }
    }

    /// <summary>Inserts an entry after the last one, set apart as the others are.</summary>
    /// <param name="after">The line after which it goes.</param>
    /// <param name="airy">Whether a blank line sets it apart.</param>
    /// <param name="lines">The entry.</param>
    /// <param name="isThere">Whether a text has the entry.</param>
    public string Insert(int after, bool airy, IEnumerable<string> lines, Func<string, bool> isThere)
    {
        var result = Source.InsertAfter(after, airy ? ["", .. lines] : [.. lines]);

        // Indentation can be sound and still lead elsewhere; a file is not changed on a guess.
        return isThere(result)
            ? result
            : throw Source.Fault(Entry.Key.Start, $"{Entry.Key.Value} cannot be edited in this form; write it as a block, one entry a line");
    }
}
