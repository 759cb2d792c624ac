using System.Text.RegularExpressions;

namespace Mana.Ports.Model;

/// <summary>Reads <c>ports.yaml</c>: all of it, or every fault with its place and what to write instead.</summary>
public static partial class SchemaReader
{
    private static readonly string[] Sections =
        ["schema", "title", "principles", "history", "policy", "hosts", "ranges", "services", "reserved", "exceptions", "files"];

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file; findings name it as it is given.</param>
    public static SchemaReadResult ReadFile(string path) => Read(File.ReadAllText(path), path);

    /// <summary>Reads a text.</summary>
    /// <param name="text">The schema.</param>
    /// <param name="path">As faults and findings name it.</param>
    public static SchemaReadResult Read(string text, string path = PortSchema.DefaultPath)
    {
        ArgumentNullException.ThrowIfNull(text);
        var faults = new FaultList(path);
        var tree = new YamlTree(path, faults.Items);
        var root = PlainYaml.TryRead(text) ?? tree.Parse(text);
        var schema = tree.IsBroken ? null : Root(root, path, faults);
        return faults.Items.Count == 0
            ? new SchemaReadResult(schema, [])
            : new SchemaReadResult(null, [.. faults.Items.OrderBy(fault => fault.Line).ThenBy(fault => fault.Column)]);
    }

    private static PortSchema? Root(YamlNode? root, string path, FaultList faults)
    {
        if (root is not YamlMap map)
        {
            faults.Add(root?.At ?? new SourcePlace(1, 1), "a schema is a mapping; begin with schema: 1");
            return null;
        }

        var reader = new MapReader(map, "the schema", null, faults, Sections);
        if (map.Find("schema") is null)
        {
            faults.Add(new SourcePlace(1, 1), "the schema does not say which version it is; begin with schema: 1");
        }
        else
        {
            reader.Number("schema", 1, 1);
        }

        var hosts = Named(map, "hosts", faults, (name, at, node) => Host(name, at, node, faults));
        var ranges = Named(map, "ranges", faults, (name, at, node) => Range(name, at, node, faults));
        var entries = new ServiceReader(faults, [.. hosts.Select(host => host.Name)], [.. ranges.Select(range => range.Name)]);
        return new PortSchema
        {
            Path = path,
            Title = reader.Text("title"),
            Principles = reader.Texts("principles"),
            History = [.. Listed(map, "history", "date, note", faults, (item, at) => History(item, faults))],
            Policy = Policy(map, faults),
            Hosts = hosts,
            Ranges = ranges,
            Services = Named(map, "services", faults, entries.Service),
            Reserved = [.. Listed(map, "reserved", "ports, range", faults, (item, at) => entries.Reserved(item, at))],
            Exceptions = [.. Listed(map, "exceptions", "rule, service, reason, until", faults, (item, at) => Exception(item, at, faults)).SelectMany(one => one)],
            Files = [.. Listed(map, "files", "kind, path", faults, (item, at) => FileOf(item, at, [.. hosts.Select(host => host.Name)], faults))],
        };
    }

    private static PortPolicy Policy(YamlMap root, FaultList faults)
    {
        switch (root.Find("policy"))
        {
            case null:
                return new PortPolicy();
            case YamlMap map:
                var reader = new MapReader(map, "policy", null, faults, "range-size", "room", "stale-after-days");
                return new PortPolicy
                {
                    RangeSize = reader.Number("range-size", 0, PortSpan.Highest) ?? 0,
                    RoomPercent = reader.Number("room", 0, 100) ?? new PortPolicy().RoomPercent,
                    StaleAfterDays = reader.Number("stale-after-days", 0, 36_500) ?? 0,
                };
            case var other:
                faults.Add(other.At, $"\"policy\" must be a mapping, this is {other.Kind}");
                return new PortPolicy();
        }
    }

    private static PortHost Host(string name, SourcePlace at, YamlMap map, FaultList faults)
    {
        var reader = new MapReader(map, "host", name, faults, "title", "address", "note", "reconciled");
        return new PortHost(name, reader.Text("title"), reader.Text("address"), reader.Text("note"), reader.Date("reconciled"), at);
    }

    private static PortRange Range(string name, SourcePlace at, YamlMap map, FaultList faults)
    {
        var reader = new MapReader(map, "range", name, faults, "title", "first", "last", "purpose", "note", "expects");
        var (first, last) = (reader.RequiredPort("first"), reader.RequiredPort("last"));
        if (first > 0 && last > 0 && last < first)
        {
            faults.Add(reader.PlaceOf("last"), $"range {name} ends before it begins; swap first and last");
        }

        return new PortRange(
            name, reader.Text("title") ?? name, new PortSpan(first, last), reader.Text("purpose"), reader.Text("note"),
            reader.Texts("expects", PortService.Health, PortService.Metrics), at);
    }

    private static HistoryNote History(YamlMap map, FaultList faults)
    {
        var reader = new MapReader(map, "a history entry", null, faults, "date", "note");
        reader.Required("date");
        return new HistoryNote(reader.Date("date") ?? default, reader.Required("note"));
    }

    private static IReadOnlyList<AllowedFinding> Exception(YamlMap map, SourcePlace at, FaultList faults)
    {
        var reader = new MapReader(map, "an exception", null, faults, "rule", "service", "port", "services", "reason", "until");
        var rule = reader.Required("rule");
        if (rule.Length > 0 && !RuleId().IsMatch(rule))
        {
            faults.Add(reader.PlaceOf("rule"), $"a rule's id is PS and three digits, such as PS004, not \"{rule}\"; mana ports explain lists them");
        }

        var reason = reader.Required("reason");
        reader.Required("until");
        var until = reader.Date("until") ?? default;
        if (map.Find("services") is { } several)
        {
            if (map.Find("service") is { } single)
            {
                faults.Add(single.At, "an exception has either service, or services with a port each");
            }

            if (several is not YamlMap { Entries: var entries })
            {
                faults.Add(several.At, "\"services\" of an exception is a mapping of services and ports: { mana-media: 3015, … }");
                return [];
            }

            return [.. entries.Select(entry => new AllowedFinding(rule, entry.Key, reader.Port(entry.Value, entry.Key), reason, until, entry.KeyAt))];
        }

        return [new AllowedFinding(rule, reader.Required("service"), reader.Port("port"), reason, until, at)];
    }

    private static FollowingFile FileOf(YamlMap map, SourcePlace at, string[] hosts, FaultList faults)
    {
        var reader = new MapReader(map, "a file", null, faults, "kind", "path", "service", "host");
        var path = reader.Required("path");
        if (Path.IsPathRooted(path) || path.Split('/', '\\').Contains(".."))
        {
            faults.Add(reader.PlaceOf("path"), $"\"{path}\" leaves the schema's directory; write a path below it");
        }

        var host = reader.Text("host");
        if (host is not null && Array.IndexOf(hosts, host) < 0)
        {
            faults.Add(reader.PlaceOf("host"), $"there is no host \"{host}\"{Suggestions.Hint(host, hosts)}");
        }

        return new FollowingFile(reader.Required("kind"), path, reader.Text("service"), at, host);
    }

    internal static List<T> Listed<T>(YamlMap root, string section, string keys, FaultList faults, Func<YamlMap, SourcePlace, T> read)
    {
        var found = new List<T>();
        switch (root.Find(section))
        {
            case null or YamlText { IsNull: true }:
                break;
            case YamlList list:
                foreach (var item in list.Items)
                {
                    if (item is YamlMap map)
                    {
                        found.Add(read(map, map.At));
                    }
                    else
                    {
                        faults.Add(item.At, $"an entry of \"{section}\" is a mapping with {keys}, this is {item.Kind}");
                    }
                }

                break;
            case var other:
                faults.Add(other.At, $"\"{section}\" must be a list, this is {other.Kind}; begin each entry with -");
                break;
        }

        return found;
    }

    private static List<T> Named<T>(YamlMap root, string section, FaultList faults, Func<string, SourcePlace, YamlMap, T> read)
    {
        var found = new List<T>();
        switch (root.Find(section))
        {
            case null or YamlText { IsNull: true }:
                break;
            case YamlMap map:
                foreach (var entry in map.Entries)
                {
                    if (!IsName(entry.Key))
                    {
                        faults.Add(entry.KeyAt, $"\"{entry.Key}\" is no name: letters, digits, dot, dash and underscore, beginning with a letter or digit");
                    }

                    if (entry.Value is YamlMap value)
                    {
                        found.Add(read(entry.Key, entry.KeyAt, value));
                    }
                    else
                    {
                        faults.Add(entry.Value.At, $"\"{entry.Key}\" in {section} must be a mapping, this is {entry.Value.Kind}");
                    }
                }

                break;
            case var other:
                faults.Add(other.At, $"\"{section}\" must be a mapping of names, this is {other.Kind}");
                break;
        }

        return found;
    }

    // No regular expression: a large schema has ten thousand names, and a command would compile it for them.
    private static bool IsName(string text)
    {
        foreach (var c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('.' or '-' or '_'))
            {
                return false;
            }
        }

        return text.Length > 0 && char.IsAsciiLetterOrDigit(text[0]);
    }

    [GeneratedRegex(@"^PS[0-9]{3}\z")]
    private static partial Regex RuleId();
}
