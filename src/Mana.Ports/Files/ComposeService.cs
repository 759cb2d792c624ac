using System.Text.RegularExpressions;

namespace Mana.Ports.Files;

/// <summary>An entry that a file has and that cannot be followed.</summary>
/// <param name="Path">The file.</param>
/// <param name="Line">From 1.</param>
/// <param name="Service">Whose it is.</param>
/// <param name="Reason">Why, and what to do.</param>
public sealed record LeftOutEntry(string Path, int Line, string Service, string Reason);

/// <summary>The ports of one service of a docker-compose file.</summary>
internal sealed partial class ComposeService(
    SourceText source, string path, YamlEntry entry, IReadOnlyDictionary<string, YamlNode> services, IReadOnlyDictionary<string, string> variables, ComposeReplaced replaced)
{
    private readonly string _name = entry.Key.Value;
    private readonly List<LeftOutEntry> _leftOut = [];

    /// <summary>What the last reading could not follow.</summary>
    public IReadOnlyList<LeftOutEntry> LeftOut => _leftOut;

    /// <exception cref="PortFileException">An entry is no port.</exception>
    public IReadOnlyList<PortMention> Mentions()
    {
        if (entry.Value is not YamlMap service || replaced.Has(entry))
        {
            return [];
        }

        _leftOut.Clear();
        try
        {
            return Mentions(service);
        }
        catch (PortFileException e)
        {
            throw e.In(path);
        }
    }

    private List<PortMention> Mentions(YamlMap service)
    {
        var inherited = Extended(service);
        return
        [
            .. Own(service, inherited, "ports").SelectMany(Items).SelectMany(Published),
            .. Own(service, inherited, "expose").SelectMany(Items).SelectMany(Exposed),
            .. Told(service, inherited),
            .. Items((service["healthcheck"] as YamlMap)?["test"]).OfType<YamlScalar>().SelectMany(Asked),
            .. Pairs(service["labels"]).SelectMany(pair => Routed(pair.Key, pair.Value)),
        ];
    }

    /// <summary>The services of this file that the service extends, nearest first: their lists are its own, too.</summary>
    private List<YamlMap> Extended(YamlMap service)
    {
        var found = new List<YamlMap>();
        for (var at = service; at["extends"] is { } extends;)
        {
            var (name, file) = extends is YamlMap map ? (map.Text("service"), map.Text("file")) : ((extends as YamlScalar)?.Value, null);
            if (file is { Length: > 0 } && System.IO.Path.GetFileName(file) != System.IO.Path.GetFileName(path))
            {
                Leave(extends.Start, $"it extends {name} of {file}, whose ports are not read here; give {_name} its ports in this file if it takes them from there");
                break;
            }

            if (name is null || !services.TryGetValue(name, out var other) || other is not YamlMap next || next == service || found.Contains(next))
            {
                break;
            }

            found.Add(next);
            at = next;
        }

        return found;
    }

    /// <summary>What a service says under a key, and those that it extends, as far as nothing replaces it.</summary>
    private IEnumerable<YamlNode> Own(YamlMap service, List<YamlMap> inherited, string key)
    {
        foreach (var node in inherited.Prepend(service).Select(one => one[key]).OfType<YamlNode>())
        {
            if (replaced.Has(entry, key, node))
            {
                yield break;
            }

            yield return node;
            if (node.Tag == ComposeReplaced.Override)
            {
                yield break;
            }
        }
    }

    private LocatedText? Filled(YamlScalar scalar)
    {
        var located = LocatedText.Expand(source, scalar, variables);
        if (located is null)
        {
            Leave(scalar.Start, $"a variable in \"{scalar.Value}\" has no value; name the .env file that sets it, too");
        }

        return located;
    }

    private void Leave(int offset, string reason) => _leftOut.Add(new LeftOutEntry(path, source.Position(offset).Line, _name, reason));

    private static IEnumerable<YamlNode> Items(YamlNode? node) => node switch { YamlList list => list.Items, YamlScalar scalar => [scalar], _ => [] };

    private IEnumerable<PortMention> Published(YamlNode node) => node switch
    {
        YamlScalar scalar => Short(scalar),
        YamlMap map => Long(map),
        _ => [],
    };

    private IEnumerable<PortMention> Short(YamlScalar scalar)
    {
        if (scalar.Value.Length == 0 || Filled(scalar) is not { } located)
        {
            return [];
        }

        var port = ComposePort.Parse(located.Text)
            ?? throw source.Fault(scalar.Start, $"\"{scalar.Value}\" is no port of docker-compose; write [ADDRESS:]HOST:CONTAINER[/PROTOCOL]");
        return
        [
            .. port.Host is { } host ? All(PortRole.Host, host, located, port, scalar) : [],
            .. All(PortRole.Container, port.Container, located, port, scalar),
        ];
    }

    private IEnumerable<PortMention> All(PortRole role, LocatedSpan span, LocatedText located, ComposePort port, YamlScalar scalar) =>
        span.Ports().Select(number => Mention(role, number, located.OffsetAt(span.Index), scalar.Value, port.Protocol, role == PortRole.Host ? port.Address : null) with { Entry = scalar.Start });

    private IEnumerable<PortMention> Long(YamlMap map)
    {
        var protocol = map.Text("protocol");
        var address = map["host_ip"] is YamlScalar bound ? LocatedText.Expand(source, bound, variables)?.Text : null;
        return [.. Part("published", PortRole.Host, address), .. Part("target", PortRole.Container, null)];

        IEnumerable<PortMention> Part(string key, PortRole role, string? at)
        {
            if (map[key] is not YamlScalar { Value.Length: > 0 } scalar || Filled(scalar) is not { } located)
            {
                return [];
            }

            var span = LocatedSpan.Parse(located.Text, 0) ?? throw source.Fault(scalar.Start, $"{key}: \"{scalar.Value}\" is no port; write a number between 1 and 65535");
            return span.Ports().Select(number => Mention(role, number, located.OffsetAt(0), scalar.Value, protocol, at) with { Entry = map.Start });
        }
    }

    private IEnumerable<PortMention> Exposed(YamlNode node)
    {
        if (node is not YamlScalar { Value.Length: > 0 } scalar || LocatedText.Expand(source, scalar, variables) is not { } located)
        {
            return [];
        }

        var port = ComposePort.Parse(located.Text) is { Host: null, Address: null } exposed
            ? exposed
            : throw source.Fault(scalar.Start, $"expose: \"{scalar.Value}\" is no port; write CONTAINER[/PROTOCOL]");
        return All(PortRole.Container, port.Container, located, port, scalar);
    }

    /// <summary>The service's own PORT, and the addresses of its neighbours.</summary>
    private IEnumerable<PortMention> Told(YamlMap service, List<YamlMap> inherited)
    {
        // On the host's network the process takes the machine's port itself.
        var role = inherited.Prepend(service).Select(one => one.Text("network_mode")).FirstOrDefault(mode => mode is not null) == "host" ? PortRole.Host : PortRole.Variable;
        var environments = Own(service, inherited, "environment").ToList();
        var own = service["environment"] is { } mine && environments.Contains(mine) ? Pairs(mine).ToList() : [];
        var told = own.Concat(environments.Where(one => one != service["environment"]).SelectMany(Pairs)).Where(pair => pair.Key == "PORT").Take(1);
        foreach (var (_, value) in told)
        {
            if (Endpoint.Number(value.Text) is { } port)
            {
                yield return Mention(role, port, value.OffsetAt(0), $"PORT={value.Text}");
            }
        }

        foreach (var (key, value) in own)
        {
            foreach (var endpoint in Endpoint.In(value.Text).Where(endpoint => services.ContainsKey(endpoint.Host)))
            {
                yield return Mention(PortRole.Container, endpoint.Port, value.OffsetAt(endpoint.Index), $"{key}={Hidden(value.Text)}", address: endpoint.Host) with { Service = endpoint.Host };
            }
        }
    }

    private IEnumerable<PortMention> Asked(YamlScalar scalar) =>
        LocatedText.Expand(source, scalar, variables) is not { } located
            ? []
            : Endpoint.In(located.Text).Where(endpoint => Endpoint.IsThisMachine(endpoint.Host))
                .Select(endpoint => Mention(PortRole.Container, endpoint.Port, located.OffsetAt(endpoint.Index), scalar.Value));

    private IEnumerable<PortMention> Routed(string key, LocatedText value) =>
        key.EndsWith("loadbalancer.server.port", StringComparison.Ordinal) && Endpoint.Number(value.Text) is { } port
            ? [Mention(PortRole.Container, port, value.OffsetAt(0), $"{key}={value.Text}")]
            : [];

    /// <summary>The pairs of a mapping, or of a list of <c>NAME=VALUE</c>.</summary>
    private IEnumerable<(string Key, LocatedText Value)> Pairs(YamlNode? node)
    {
        if (node is YamlMap map)
        {
            foreach (var pair in map.Own)
            {
                if (pair.Key.Value == "<<")
                {
                    // Merged variables stand elsewhere, and are read there unless the elsewhere is no service.
                    foreach (var merged in Items(pair.Value is YamlMap one ? new YamlList([one], false, 0, 0) : pair.Value).OfType<YamlMap>().SelectMany(one => one.Own))
                    {
                        if (merged.Value is YamlScalar common && LocatedText.Expand(source, common, variables) is { } located)
                        {
                            yield return (merged.Key.Value, located);
                        }
                    }
                }
                else if (pair.Value is YamlScalar scalar && LocatedText.Expand(source, scalar, variables) is { } located)
                {
                    yield return (pair.Key.Value, located);
                }
            }
        }

        foreach (var scalar in (node as YamlList)?.Items.OfType<YamlScalar>() ?? [])
        {
            var equals = scalar.Value.IndexOf('=', StringComparison.Ordinal);
            var content = scalar.ContentStart(source.Text);
            if (equals > 0 && LocatedText.Expand(scalar.Value[(equals + 1)..], content < 0 ? -1 : content + equals + 1, scalar.Start, variables) is { } located)
            {
                yield return (scalar.Value[..equals], located);
            }
        }
    }

    private PortMention Mention(PortRole role, int port, int offset, string text, string? protocol = null, string? address = null)
    {
        var (line, column) = source.Position(offset);
        return new PortMention(_name, port, role, path, line, column, text, protocol, address);
    }

    // Connection strings carry passwords, and mentions are printed.
    private static string Hidden(string text) => Credentials().Replace(text, "://…@");

    [GeneratedRegex("://[^/@\\s]*@")]
    private static partial Regex Credentials();
}
