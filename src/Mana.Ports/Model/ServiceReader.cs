namespace Mana.Ports.Model;

/// <summary>Reads services and reserved numbers, which speak of hosts and ranges.</summary>
internal sealed class ServiceReader(FaultList faults, HashSet<string> hosts, HashSet<string> ranges)
{
    private static readonly string[] ServiceKeys =
        ["description", "runtime", "status", "planned", "real", "pair", "local-first", "managed", "expects", "note"];

    private static readonly string[] PlannedKeys = ["name", "port", "range", "host", "protocol", "internal"];

    private static readonly string[] RealKeys =
        ["name", "host", "port", "address", "protocol", "status", "public", "health", "metrics", "container", "since", "task", "note"];

    private static readonly string[] Declared = ["planned", "future", "reserved"], Deployed = ["running", "not-deployed"];

    private static readonly string[] Protocols = ["tcp", "udp"], Paths = [PortService.Health, PortService.Metrics];

    public PortService Service(string name, SourcePlace at, YamlMap map)
    {
        var reader = new MapReader(map, "service", name, faults, ServiceKeys);
        var service = new PortService
        {
            Name = name,
            Description = reader.Text("description"),
            Runtime = reader.Text("runtime"),
            DeclaredStatus = reader.OneOf("status", Declared) switch
            {
                "planned" => ServiceStatus.Planned,
                "future" => ServiceStatus.Future,
                "reserved" => ServiceStatus.Reserved,
                _ => null,
            },
            Planned = Ports(reader, name, "planned", PlannedKeys, Planned, port => port.Name),
            Real = Ports(reader, name, "real", RealKeys, Real, port => port.Name + "\n" + port.Host),
            Pair = reader.Text("pair"),
            LocalFirst = reader.Flag("local-first"),
            Managed = reader.Flag("managed"),
            Expects = reader.Texts("expects", Paths),
            Note = reader.Text("note"),
            At = at,
            PairAt = reader.PlaceOf("pair"),
        };
        if (service.Planned.Count == 0 && service.Real.Count == 0 && map.Find("planned") is null && map.Find("real") is null)
        {
            faults.Add(at, $"service {name} has no port; add planned: {{ port: … }} or real: {{ host: …, port: … }}");
        }

        if (service.DeclaredStatus is not null && service.Real.Count > 0)
        {
            faults.Add(reader.PlaceOf("status"), $"service {name} has a real port; write the status there");
        }

        if (service.Pair == name)
        {
            faults.Add(service.PairAt, $"service {name} cannot be its own pair");
        }

        return service;
    }

    public ReservedPorts Reserved(YamlMap map, SourcePlace at)
    {
        var reader = new MapReader(map, "a reserved entry", null, faults, "ports", "range", "note");
        var text = reader.Required("ports");
        IReadOnlyList<PortSpan> spans = [];
        if (text.Length > 0 && !PortSpan.TryParseList(text, out spans))
        {
            faults.Add(reader.PlaceOf("ports"), $"\"{text}\" names no ports; write 3017, 3006-3009, or several with commas");
        }

        return new ReservedPorts(spans, Known(reader, "range", "range", ranges), reader.Text("note"), at);
    }

    private PlannedPort Planned(MapReader reader) => new()
    {
        Name = reader.Text("name"),
        Port = reader.RequiredPort("port"),
        Range = Known(reader, "range", "range", ranges),
        Host = Known(reader, "host", "host", hosts),
        Protocol = reader.OneOf("protocol", Protocols) ?? "tcp",
        Internal = reader.Flag("internal"),
        At = reader.At,
        PortAt = reader.PlaceOf("port"),
    };

    private RealPort Real(MapReader reader)
    {
        var status = reader.OneOf("status", Deployed) == "not-deployed" ? ServiceStatus.NotDeployed : ServiceStatus.Running;
        if (reader.Node("host") is null && status == ServiceStatus.Running)
        {
            faults.Add(reader.At, $"a running port has no \"host\"; add host: …, or status: not-deployed{(hosts.Count > 0 ? $"; known hosts are {string.Join(", ", hosts)}" : "")}");
        }

        return new RealPort
        {
            Name = reader.Text("name"),
            Port = reader.RequiredPort("port"),
            Host = Known(reader, "host", "host", hosts),
            Address = reader.Text("address"),
            Protocol = reader.OneOf("protocol", Protocols) ?? "tcp",
            Status = status,
            Public = reader.Text("public"),
            Health = UrlPath(reader, "health"),
            Metrics = UrlPath(reader, "metrics"),
            Container = reader.Port("container"),
            Since = reader.Date("since"),
            Task = reader.Text("task"),
            Note = reader.Text("note"),
            At = reader.At,
            PortAt = reader.PlaceOf("port"),
        };
    }

    private List<T> Ports<T>(MapReader service, string name, string layer, string[] keys, Func<MapReader, T> read, Func<T, string?> identity)
    {
        var maps = new List<YamlMap>();
        switch (service.Node(layer))
        {
            case null:
                break;
            case YamlMap map:
                maps.Add(map);
                break;
            case YamlList list:
                foreach (var item in list.Items)
                {
                    if (item is YamlMap map)
                    {
                        maps.Add(map);
                    }
                    else
                    {
                        faults.Add(item.At, $"an entry of \"{layer}\" of service {name} is a mapping with name and port, this is {item.Kind}");
                    }
                }

                break;
            case var other:
                faults.Add(other.At, $"\"{layer}\" of service {name} must be a mapping with a port, or a list of these, this is {other.Kind}"
                    + (other is YamlText text && PortSpan.TryParsePort(text.Value, out _) ? $"; write {{ port: {text.Value} }}" : ""));
                break;
        }

        var seen = maps.Count > 1 ? new HashSet<string>(StringComparer.Ordinal) : null;
        var ports = new List<T>(maps.Count);
        foreach (var map in maps)
        {
            var port = read(new MapReader(map, $"{layer} of service", name, faults, keys));
            if (seen?.Add(identity(port) ?? "") == false)
            {
                faults.Add(map.At, $"service {name} has two {layer} ports of the same name; give each a name of its own");
            }

            ports.Add(port);
        }

        return ports;
    }

    private string? UrlPath(MapReader reader, string key)
    {
        var text = reader.Text(key);
        if (text is not null && !text.StartsWith('/'))
        {
            faults.Add(reader.PlaceOf(key), $"\"{key}\" is a path that begins with a slash, not \"{text}\"; did you mean \"/{text}\"?");
        }

        return text;
    }

    private string? Known(MapReader reader, string key, string what, HashSet<string> known)
    {
        var name = reader.Text(key);
        if (name is not null && !known.Contains(name))
        {
            faults.Add(reader.PlaceOf(key), $"there is no {what} \"{name}\"{Suggestions.Hint(name, known)}");
            return null;
        }

        return name;
    }
}
