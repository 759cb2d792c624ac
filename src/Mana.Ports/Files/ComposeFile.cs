using System.Text.RegularExpressions;

namespace Mana.Ports.Files;

/// <summary>docker-compose: what services publish, expose and are told to listen on.</summary>
/// <param name="variables">What fills <c>${NAME}</c> in, as compose itself takes it from <c>.env</c>.</param>
public sealed partial class ComposeFile(IReadOnlyDictionary<string, string> variables) : IPortFile
{
    /// <summary>The name of the kind.</summary>
    internal const string KindName = "compose";

    private const string Section = "services";

    private readonly IReadOnlyDictionary<string, string> _variables = variables;

    /// <summary>What the compose files beside this one replace in it.</summary>
    internal ComposeReplaced Replaced { get; init; } = ComposeReplaced.Nothing;

    /// <summary>Where only defaults fill variables in.</summary>
    public ComposeFile()
        : this(new Dictionary<string, string>())
    {
    }

    /// <inheritdoc/>
    public string Kind => KindName;

    /// <inheritdoc/>
    public bool Claims(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return Name().IsMatch(System.IO.Path.GetFileName(path));
    }

    /// <inheritdoc/>
    public IReadOnlyList<PortMention> Read(string path, string text) => [.. Services(path, text).SelectMany(service => service.Mentions())];

    /// <summary>What a file says in a way that cannot be followed: a variable without a value, a service of another file.</summary>
    internal IReadOnlyList<LeftOutEntry> LeftOut(string path, string text)
    {
        var services = Services(path, text);
        foreach (var service in services)
        {
            service.Mentions();
        }

        var source = new SourceText(text);
        var included = YamlReader.Read(source).OfType<YamlMap>().SelectMany(map => map.Own).Where(entry => entry.Key.Value == "include")
            .Select(entry => new LeftOutEntry(path, source.Position(entry.Key.Start).Line, "", "it includes other files, which are not read here; name them, too"));
        return [.. included, .. services.SelectMany(service => service.LeftOut).DistinctBy(entry => (entry.Line, entry.Reason))];
    }

    /// <summary>The image of each service that has one.</summary>
    internal static Dictionary<string, string> Images(string text)
    {
        var known = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var entry in Entries(new SourceText(text)))
        {
            if ((entry.Value as YamlMap)?.Text("image") is { Length: > 0 } image && !image.Contains('$', StringComparison.Ordinal))
            {
                known.TryAdd(entry.Key.Value, image);
            }
        }

        return known;
    }

    /// <inheritdoc/>
    public string Put(string text, PortFact fact)
    {
        ArgumentNullException.ThrowIfNull(fact);
        var source = new SourceText(text);
        var section = YamlSection.Require(source, Section, fact.Service);
        if (section.Entries.FirstOrDefault(entry => entry.Key.Value == fact.Service) is not { } existing)
        {
            section.RequireBlockStyle();
            return Append(section, fact);
        }

        var own = Read("", text).Where(mention => mention.Service == fact.Service).ToList();
        var lines = YamlLayout.Block(source, existing);
        var changed = source.Replace(Renumbering.Edits(
            source, own.Where(mention => IsWithin(mention, lines) || mention.Address == mention.Service), mention => mention.Role == PortRole.Host ? fact.Port : fact.Inside));
        return own.Any(mention => mention.Role == PortRole.Host && IsWithin(mention, lines)) || IsOnHostNetwork(existing) || Replaced.Has(fact.Service, "ports")
            ? GeneratedBlock.Restamp(text, changed)
            : GeneratedBlock.Restamp(text, Publish(changed, fact));
    }

    /// <inheritdoc/>
    public string Remove(string text, string service)
    {
        var source = new SourceText(text);
        if (YamlSection.Find(source, Section, service) is not { } section || section.Entries.FirstOrDefault(entry => entry.Key.Value == service) is not { } existing)
        {
            return text;
        }

        section.RequireBlockStyle();
        return YamlLayout.RemoveBlock(source, YamlLayout.Block(source, existing));
    }

    internal static List<YamlEntry> Entries(SourceText source) =>
        [.. YamlReader.Read(source).OfType<YamlMap>().SelectMany(map => map.Own.Where(entry => entry.Key.Value == Section)).SelectMany(entry => (entry.Value as YamlMap)?.Own ?? [])];

    private List<ComposeService> Services(string path, string text)
    {
        var source = new SourceText(text);
        try
        {
            var entries = Entries(source);
            var services = entries.DistinctBy(entry => entry.Key.Value).ToDictionary(entry => entry.Key.Value, entry => entry.Value, StringComparer.Ordinal);
            return [.. entries.Select(entry => new ComposeService(source, path, entry, services, _variables, Replaced))];
        }
        catch (PortFileException e)
        {
            throw e.In(path);
        }
    }

    private static bool IsWithin(PortMention mention, (int First, int Last) lines) => mention.Line - 1 >= lines.First && mention.Line - 1 <= lines.Last;

    private static bool IsOnHostNetwork(YamlEntry service) => (service.Value as YamlMap)?.Text("network_mode") == "host";

    private static string Append(YamlSection section, PortFact fact)
    {
        var source = section.Source;
        var starts = section.Entries.Select(entry => source.LineAt(entry.Key.Start)).ToList();
        var indent = starts is [var first, ..] ? source.IndentOf(first) : source.IndentOf(section.KeyLine) + 2;
        var step = Step(section, indent);
        var after = section.Entries is [.., var last] ? GeneratedBlock.Around(source, YamlLayout.Block(source, last)).Last : section.KeyLine;
        return section.Insert(after, YamlLayout.IsAiry(source, starts), Lines(fact, new string(' ', indent), new string(' ', step)), IsThere);

        bool IsThere(string text) => YamlSection.Find(new SourceText(text), Section, fact.Service)?.Entries.Any(entry => entry.Key.Value == fact.Service) == true;
    }

    private static IEnumerable<string> Lines(PortFact fact, string indent, string step)
    {
        var (key, item) = (indent + step, indent + step + step);
        yield return $"{indent}{fact.Service}:";
        yield return $"{key}image: {fact.Service}:local";
        yield return $"{key}restart: unless-stopped";
        yield return $"{key}environment:";
        yield return $"{item}PORT: \"{fact.Inside}\"";
        yield return $"{key}ports:";
        yield return $"{item}- \"127.0.0.1:{fact.Port}:{fact.Inside}\"";
        if (fact.HealthPath is { } health)
        {
            yield return $"{key}healthcheck:";
            yield return $"{item}test: [\"CMD\", \"wget\", \"-q\", \"-O\", \"/dev/null\", \"http://127.0.0.1:{fact.Inside}{health}\"]";
        }
    }

    /// <summary>Gives a service that publishes nothing its port.</summary>
    private static string Publish(string text, PortFact fact)
    {
        var source = new SourceText(text);
        var service = YamlSection.Require(source, Section, fact.Service).Entries.First(entry => entry.Key.Value == fact.Service);
        var entry = $"- \"127.0.0.1:{fact.Port}:{fact.Inside}\"";
        if (service.Value is not YamlMap { Flow: false, Own: [var first, ..] } map || source.LineAt(first.Key.Start) == source.LineAt(service.Key.Start))
        {
            throw source.Fault(service.Key.Start, $"{fact.Service} is not written as a block, one key a line; add ports: [\"127.0.0.1:{fact.Port}:{fact.Inside}\"] by hand");
        }

        var indent = source.IndentOf(source.LineAt(first.Key.Start));
        if (map.Own.FirstOrDefault(one => one.Key.Value == "ports") is not { } ports)
        {
            var step = new string(' ', Math.Max(1, indent - source.IndentOf(source.LineAt(service.Key.Start))));
            return source.InsertAfter(YamlLayout.Block(source, service).Last, [$"{new string(' ', indent)}ports:", $"{new string(' ', indent)}{step}{entry}"]);
        }

        if (ports.Value is not YamlList { Flow: false, Items: [.., var last] } || ports.Value.Start < ports.Key.Start)
        {
            throw source.Fault(ports.Key.Start, $"{fact.Service} publishes no host port, and its ports are not a block list; add \"127.0.0.1:{fact.Port}:{fact.Inside}\" by hand");
        }

        var (start, end) = YamlLayout.Block(source, last);
        return source.InsertAfter(end, [new string(' ', source.IndentOf(start)) + entry]);
    }

    private static int Step(YamlSection section, int indent)
    {
        var source = section.Source;
        var child = section.Entries.Select(entry => entry.Value).OfType<YamlMap>().Where(map => !map.Flow).SelectMany(map => map.Own.Take(1))
            .Select(entry => source.IndentOf(source.LineAt(entry.Key.Start)) - indent).FirstOrDefault(step => step > 0);
        return child > 0 ? child : 2;
    }

    [GeneratedRegex(@"^(.*[._-])?compose([._-].*)?\.ya?ml\z", RegexOptions.IgnoreCase)]
    private static partial Regex Name();
}
