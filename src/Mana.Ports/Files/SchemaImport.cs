using System.Globalization;
using System.Text;
using Mana.Ports.Model;

namespace Mana.Ports.Files;

/// <summary>A file that a schema is made from.</summary>
/// <param name="Adapter">Who reads it.</param>
/// <param name="Path">Relative to the schema's directory.</param>
/// <param name="Text">Its text.</param>
public sealed record ImportedFile(IPortFile Adapter, string Path, string Text);

/// <summary>Makes a schema from the files that a fleet has.</summary>
/// <param name="host">The name of the machine that the files speak of.</param>
public sealed class SchemaImport(string host)
{
    private readonly Dictionary<string, Draft> _drafts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _images = new(StringComparer.Ordinal);
    private readonly List<LeftOutEntry> _leftOut = [];
    private readonly SortedDictionary<string, string> _addresses = new(StringComparer.Ordinal);

    /// <summary>What the files say and the schema lacks, because nobody could follow it.</summary>
    public IReadOnlyList<LeftOutEntry> LeftOut => _leftOut;

    /// <summary>The text of a schema.</summary>
    /// <exception cref="PortFileException">A file is not sound.</exception>
    public string Make(IReadOnlyList<ImportedFile> files)
    {
        ArgumentNullException.ThrowIfNull(files);
        var environment = files.Where(file => file.Adapter is EnvFile).Select(file => (file.Path, file.Text)).ToList();
        var composes = files.Where(file => file.Adapter is ComposeFile).Select(file => (file.Path, file.Text)).ToList();
        var read = files.Select(file => (File: file, Mentions: Carriers.Filled(file.Adapter, file.Path, environment, composes).Read(file.Path, file.Text))).ToList();

        // Compose says what there is; the others only add to it.
        Draw<ComposeFile>(read, (file, mentions) =>
        {
            Published(mentions);
            _leftOut.AddRange(((ComposeFile)Carriers.Filled(file.Adapter, file.Path, environment, composes)).LeftOut(file.Path, file.Text));
            foreach (var (service, image) in ComposeFile.Images(file.Text))
            {
                _images.TryAdd(service, image);
            }
        });
        Draw<PrometheusFile>(read, (file, mentions) =>
        {
            Scraped(file, mentions);
            _leftOut.AddRange(PrometheusFile.LeftOut(file.Path, file.Text));
        });
        Draw<MarkdownFile>(read, (_, mentions) => Documented(mentions));
        Draw<EnvFile>(read, (_, mentions) => Told(mentions));
        Draw<CloudflaredFile>(read, (_, mentions) => Reached(mentions));
        var services = _drafts.Values.Where(draft => draft.Real.Count + draft.Planned.Count > 0)
            .Select(draft => Service(draft, IsEverywhere(draft, read), _images.GetValueOrDefault(draft.Name)))
            .OrderBy(service => service.Planned.Select(port => port.Port).Concat(service.Real.Select(port => port.Port)).Min()).ThenBy(service => service.Name, StringComparer.Ordinal).ToList();
        return Text(services, files);
    }

    private static void Draw<T>(List<(ImportedFile File, IReadOnlyList<PortMention> Mentions)> read, Action<ImportedFile, IReadOnlyList<PortMention>> draw)
    {
        foreach (var (file, mentions) in read.Where(one => one.File.Adapter is T))
        {
            draw(file, mentions);
        }
    }

    private Draft Of(string service)
    {
        var name = Name(service);
        if (!_drafts.TryGetValue(name, out var draft))
        {
            _drafts.Add(name, draft = new Draft(name));
        }

        return draft;
    }

    /// <summary>Names of the schema begin with a letter or digit; files are not so strict.</summary>
    private static string Name(string service)
    {
        var name = string.Concat(service.Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' ? c : '-')).TrimStart('.', '-', '_').TrimEnd('-');
        return name.Length == 0 ? "service" : name;
    }

    private void Published(IReadOnlyList<PortMention> mentions)
    {
        foreach (var service in mentions.GroupBy(mention => mention.Service))
        {
            var draft = Of(service.Key);
            var containers = service.Where(mention => mention.Role == PortRole.Container).ToList();

            // Who is told its port can be given another one; the container of anybody else keeps its own.
            var told = service.Where(mention => mention.Role == PortRole.Variable).Select(mention => mention.Port).ToHashSet();
            foreach (var entry in service.Where(mention => mention.Role == PortRole.Host).GroupBy(mention => mention.Entry))
            {
                var inside = containers.Where(mention => mention.Entry == entry.Key && mention.Entry > 0).ToList();
                foreach (var (mention, index) in entry.Select((mention, index) => (mention, index)))
                {
                    var container = inside.Count == 0 ? null : (int?)inside[Math.Min(index, inside.Count - 1)].Port;
                    draft.Add(new RealPort
                    {
                        Port = mention.Port,
                        Host = host,
                        Address = mention.Address,
                        Protocol = mention.Protocol == "udp" ? "udp" : "tcp",
                        Container = container == mention.Port && told.Contains(mention.Port) ? null : container,
                    });
                }
            }

            // What no host publishes is still somebody's port on the containers' network.
            foreach (var mention in containers.Concat(service.Where(one => one.Role == PortRole.Variable)).Where(one => !draft.Real.Exists(port => (port.Container ?? port.Port) == one.Port)))
            {
                draft.AddInternal(mention.Port);
            }
        }
    }

    private void Scraped(ImportedFile file, IReadOnlyList<PortMention> mentions)
    {
        var paths = PrometheusFile.MetricsPaths(file.Text);
        foreach (var mention in mentions)
        {
            // What is only tried out may be anything anywhere; its job is the exporter's.
            if (mention.Role == PortRole.Probe)
            {
                continue;
            }

            var draft = Of(mention.Service);
            if (!Endpoint.IsContainer(mention.Address))
            {
                draft.Add(new RealPort { Port = mention.Port, Host = Machine(mention.Address) });
            }
            else if (!draft.Real.Exists(port => (port.Container ?? port.Port) == mention.Port))
            {
                draft.AddInternal(mention.Port);
                continue;
            }

            var at = draft.Real.FindIndex(port => ((port.Container ?? port.Port) == mention.Port && Endpoint.IsContainer(mention.Address))
                || (port.Port == mention.Port && port.Host == Machine(mention.Address)));
            if (at >= 0)
            {
                draft.Real[at] = draft.Real[at] with { Metrics = paths.GetValueOrDefault(mention.Service, "/metrics") };
            }
        }
    }

    private void Documented(IReadOnlyList<PortMention> mentions)
    {
        foreach (var service in mentions.GroupBy(mention => mention.Service))
        {
            var draft = Of(service.Key);
            draft.Planned.RemoveAll(port => port.Internal);
            draft.Planned.AddRange(service.Select(mention => mention.Port).Distinct().Select(port => new PlannedPort { Port = port }));
        }
    }

    private void Told(IReadOnlyList<PortMention> mentions)
    {
        // A variable may speak of anything under any name: only what nobody else knows is new.
        foreach (var mention in mentions.Where(mention => !Endpoint.IsContainer(mention.Address)))
        {
            if (!_drafts.ContainsKey(Name(mention.Service)) && !_drafts.Values.Any(draft => draft.Real.Exists(port => port.Port == mention.Port)))
            {
                Of(mention.Service).Add(new RealPort { Port = mention.Port, Host = Machine(mention.Address) });
            }
        }
    }

    private void Reached(IReadOnlyList<PortMention> mentions)
    {
        foreach (var mention in mentions)
        {
            var draft = _drafts.GetValueOrDefault(Name(mention.Service)) ?? _drafts.Values.FirstOrDefault(one => one.Real.Exists(port => port.Port == mention.Port)) ?? Of(mention.Service);
            if (draft.Real.Count == 0)
            {
                draft.Add(new RealPort { Port = mention.Port, Host = host });
            }

            var at = draft.Real.FindIndex(port => port.Port == mention.Port || port.Container == mention.Port);
            if (at >= 0 && draft.Real[at].Public is null)
            {
                draft.Real[at] = draft.Real[at] with { Public = mention.Address };
            }
        }
    }

    private string Machine(string? address)
    {
        if (Endpoint.IsThisMachine(address) || Endpoint.IsContainer(address))
        {
            return host;
        }

        var name = string.Concat(address!.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-')).Trim('-');
        name = name.Length == 0 ? "other" : name;
        _addresses[name] = address!;
        return name;
    }

    private static PortService Service(Draft draft, bool managed, string? runtime)
    {
        // One port on each of several hosts needs no name.
        var real = draft.Real.Select((port, index) => port with { Name = draft.Real.FindIndex(one => one.Host == port.Host) == index ? null : string.Create(CultureInfo.InvariantCulture, $"port-{port.Port}{(port.Protocol == "udp" ? "-udp" : "")}") });
        var planned = draft.Planned.Select((port, index) => port with { Name = index == 0 ? null : string.Create(CultureInfo.InvariantCulture, $"port-{port.Port}") });
        return new PortService { Name = draft.Name, Runtime = runtime, Managed = managed, Planned = [.. planned], Real = [.. real] };
    }

    /// <summary>Whether a file of every kind that would carry the service does so already; then the schema can insist on it.</summary>
    private static bool IsEverywhere(Draft draft, List<(ImportedFile File, IReadOnlyList<PortMention> Mentions)> read) =>
        draft.Real.Count > 0 && read.Where(one => one.File.Adapter switch
        {
            PrometheusFile => draft.Real.Exists(port => port.Metrics is not null),
            CloudflaredFile => draft.Real.Exists(port => port.Public is not null),
            _ => true,
        }).GroupBy(one => one.File.Adapter.Kind).All(kind => kind.Any(one => one.Mentions.Any(mention => mention.Service == draft.Name)));

    private string Text(List<PortService> services, IReadOnlyList<ImportedFile> files)
    {
        var text = new StringBuilder();
        text.Append("# Where every service listens. Made by `mana ports import`; `mana ports check` says what does not fit.\n");
        text.Append("schema: 1\n\nhosts:\n");
        text.Append(CultureInfo.InvariantCulture, $"  {host}: {{}}\n");
        foreach (var (name, address) in _addresses)
        {
            text.Append(CultureInfo.InvariantCulture, $"  {name}: {{ address: \"{address}\" }}\n");
        }

        text.Append("\n# A guess: the hundreds that are in use. Give them names and purposes.\nranges:\n");
        foreach (var hundred in services.SelectMany(service => service.Planned.Where(port => !port.Internal).Select(port => port.Port).Concat(service.Real.Select(port => port.Port))).Select(port => port / 100 * 100).Distinct().Order())
        {
            var (first, last) = (Math.Max(1, hundred), Math.Min(hundred + 99, PortSpan.Highest));
            text.Append(CultureInfo.InvariantCulture, $"  p{first}: {{ title: \"{first}-{last}\", first: {first}, last: {last} }}\n");
        }

        text.Append("\nservices:\n");
        foreach (var line in services.SelectMany(service => ServiceText.Render(service, "  ", "  ")))
        {
            text.Append(line).Append('\n');
        }

        text.Append("\n# What follows the schema.\nfiles:\n");
        foreach (var file in files)
        {
            text.Append(CultureInfo.InvariantCulture, $"  - {{ kind: {file.Adapter.Kind}, path: \"{file.Path.Replace("\\", "/", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\" }}\n");
        }

        return text.ToString();
    }

    private sealed class Draft(string name)
    {
        public string Name { get; } = name;

        public List<RealPort> Real { get; } = [];

        public List<PlannedPort> Planned { get; } = [];

        public void AddInternal(int port)
        {
            if (!Planned.Exists(one => one.Port == port))
            {
                Planned.Add(new PlannedPort { Port = port, Internal = true });
            }
        }

        public void Add(RealPort port)
        {
            if (!Real.Exists(one => one.Port == port.Port && one.Protocol == port.Protocol && one.Host == port.Host))
            {
                Real.Add(port);
            }
        }
    }
}
