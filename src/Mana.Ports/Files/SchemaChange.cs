using Mana.Ports.Model;
using Mana.Ports.Rendering;

namespace Mana.Ports.Files;

/// <summary>Changes the schema and everything that follows it, in one go. Nothing is written here.</summary>
/// <param name="adapters">Who edits which kind of file.</param>
/// <param name="text">The schema.</param>
/// <param name="path">Its name.</param>
/// <param name="read">The text of a file of the schema; null where there is none.</param>
public sealed class SchemaChange(IReadOnlyList<IPortFile> adapters, string text, string path, Func<string, string?> read)
{
    private readonly Dictionary<string, IReadOnlyList<PortMention>> _mentions = new(StringComparer.Ordinal);

    /// <summary>Adds a service, to the files as well where it is managed.</summary>
    /// <exception cref="SchemaException">The schema has faults, or knows it already.</exception>
    /// <exception cref="PortFileException">A file is not sound, or cannot be edited.</exception>
    public IReadOnlyList<FileChange> Add(PortService service)
    {
        ArgumentNullException.ThrowIfNull(service);
        return Changes(SchemaWriter.Add(text, service), (schema, adapter, file, before) =>
            service.Managed && Carries(schema, service, file) ? adapter.Put(before, Fact(service, file)) : before);
    }

    /// <summary>
    /// Gives a service another number wherever its old one stands. A number inside its container that others read, too, is
    /// not its own to change: the container keeps it then, and the schema says so.
    /// </summary>
    /// <exception cref="SchemaException">The schema has faults, or the service does not have the old number.</exception>
    /// <exception cref="PortFileException">A file is not sound, or cannot be edited.</exception>
    public IReadOnlyList<FileChange> Move(string service, int from, int to)
    {
        var moved = Read().Services.FirstOrDefault(one => one.Name == service);
        var isShared = moved is not null && IsShared(moved, from);
        var containerStays = isShared || moved?.Real.Any(port => port.Container is not null && port.Port == from) == true;
        return Changes(SchemaWriter.Move(text, service, from, to, keepInside: isShared), (_, adapter, file, before) =>
        {
            var source = new SourceText(before);
            var mentions = adapter.Read(file.Path, before).Where(mention =>
                (mention.Service == service || (moved is not null && Carriers.IsPublicNameOf(mention, moved))) && mention.Port == from
                && !(containerStays && (mention.Role == PortRole.Container || IsInside(mention, service) || (mention.Role == PortRole.Variable && adapter is ComposeFile))));

            // A number that a variable fills in changes where the variable is set.
            return GeneratedBlock.Restamp(before, source.Replace(mentions.Where(mention => !IsFilledIn(source, mention)).Select(mention => Renumbering.Edit(source, mention, to))));
        });
    }

    /// <summary>Takes a service out.</summary>
    /// <exception cref="SchemaException">The schema has faults, or there is no such service.</exception>
    /// <exception cref="PortFileException">A file is not sound, or cannot be edited.</exception>
    public IReadOnlyList<FileChange> Remove(string service)
    {
        var names = Read().Services.Where(one => one.Name == service).SelectMany(one => one.Real).Select(port => port.Public).OfType<string>().Prepend(service).ToList();
        return Changes(SchemaWriter.Remove(text, service), (_, adapter, file, before) =>
            names.Take(adapter is CloudflaredFile ? names.Count : 1).Aggregate(before, adapter.Remove));
    }

    /// <summary>Brings everything that follows the schema in step with it; generated blocks become what is generated.</summary>
    /// <exception cref="SchemaException">The schema has faults.</exception>
    /// <exception cref="PortFileException">A file is not sound, or cannot be edited.</exception>
    public IReadOnlyList<FileChange> Follow() => Changes(text, (schema, adapter, file, before) =>
    {
        var managed = schema.Services.Where(service => service.Managed).ToList();
        var sound = before;
        foreach (var name in GeneratedBlock.Find(before).Where(block => !block.IsIntact).Select(block => block.Name).Distinct())
        {
            if (managed.Find(service => service.Name == name && Carriers.CanCarry(service, file)) is { } service
                && GeneratedBlock.Find(sound).First(block => block.Name == name && !block.IsIntact) is var block)
            {
                sound = GeneratedBlock.Restore(adapter, sound, block, Fact(service, file)) ?? sound;
            }
        }

        return managed.Where(service => Carries(schema, service, file)).Aggregate(sound, (current, service) => adapter.Put(current, Fact(service, file, adapter.Read(file.Path, current))));
    });

    /// <summary>What the files of the schema should say about a service.</summary>
    public static PortFact Fact(PortService service) => Fact(service, new FollowingFile("", "", null, default));

    /// <summary>What a file of the schema should say about a service.</summary>
    /// <param name="service">The service.</param>
    /// <param name="file">The file.</param>
    /// <param name="said">What it says now.</param>
    internal static PortFact Fact(PortService service, FollowingFile file, IReadOnlyList<PortMention>? said = null)
    {
        ArgumentNullException.ThrowIfNull(service);
        var here = Carriers.RealAt(service, file);

        // Of several ports a file wants the one that has what it is about; where others publish the rest, its own one.
        var published = (said ?? []).Where(mention => mention.Role == PortRole.Host && mention.Service == service.Name).Select(mention => mention.Port).ToList();
        var own = published.TrueForAll(number => here.Any(one => one.Port == number)) ? here.FirstOrDefault(one => published.Contains(one.Port)) : null;
        var port = here.FirstOrDefault(one => (file.Kind == "prometheus" && one.Metrics is not null) || (file.Kind == "cloudflared" && one.Public is not null)) ?? own ?? (here.Count > 0 ? here[0] : null);
        return port is { } real
            ? new PortFact(service.Name, real.Port, real.Container, real.Health, real.Metrics, real.Public, real.Host, service.Description, service.Runtime)
            : new PortFact(service.Name, service.Planned.Count > 0 ? service.Planned[0].Port : service.Real[0].Port, null, null, null, null, service.Planned.Count > 0 ? service.Planned[0].Host : null, service.Description, service.Runtime);
    }

    /// <summary>Whether another service reads the number inside the container at the same place, as it does behind an anchor.</summary>
    private bool IsShared(PortService service, int port) =>
        service.Real.Any(real => real.Port == port && real.Container is null)
        && Read().Files.Where(file => file.Kind == ComposeFile.KindName).Select(Mentions).Any(mentions =>
        {
            var inside = mentions.Where(mention => mention.Port == port && mention.Role is PortRole.Container or PortRole.Variable).ToLookup(mention => (mention.Line, mention.Column));
            return inside.Any(place => place.Any(one => one.Service == service.Name) && place.Any(one => one.Service != service.Name));
        });

    private PortSchema Read() => SchemaReader.Read(text, path).Require();

    private static bool IsFilledIn(SourceText source, PortMention mention)
    {
        var rest = source.Text.AsSpan(source.OffsetOf(mention.Line, mention.Column));
        var end = rest.IndexOfAny('\r', '\n');
        return !rest.StartsWith(mention.Port.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal)
            && (end < 0 ? rest : rest[..end]).Contains('$');
    }

    // A target on the containers' network; a tunnel's public name is none.
    private static bool IsInside(PortMention mention, string service) =>
        mention.Role == PortRole.Ingress ? mention.Text.Contains($"//{service}:", StringComparison.Ordinal) : Endpoint.IsContainer(mention.Address);

    private bool Carries(PortSchema schema, PortService service, FollowingFile file) =>
        Carriers.Of(service, file.Kind, schema.Files, Mentions).Contains(file);

    private IReadOnlyList<PortMention> Mentions(FollowingFile file)
    {
        if (!_mentions.TryGetValue(file.Path, out var known))
        {
            known = [];
            if (adapters.FirstOrDefault(adapter => adapter.Kind == file.Kind) is { } adapter && read(file.Path) is { } before)
            {
                try
                {
                    known = adapter.Read(file.Path, before);
                }
                catch (PortFileException) when (GeneratedBlock.Find(before).Any(block => !block.IsIntact))
                {
                    // A block that was edited by hand can break its file, and is written anew.
                }
            }

            _mentions.Add(file.Path, known);
        }

        return known;
    }

    private List<FileChange> Changes(string after, Func<PortSchema, IPortFile, FollowingFile, string, string> edit)
    {
        var schema = SchemaReader.Read(after, path).Require();
        var changes = new Dictionary<FollowingFile, FileChange>();
        var environment = new List<(string Path, string Text)>();
        var composes = schema.Files.Where(file => file.Kind == ComposeFile.KindName).Select(file => (file.Path, Text: read(file.Path) ?? "")).ToList();

        // What fills variables in comes first: the others are read with the values that they will have.
        foreach (var file in schema.Files.OrderBy(file => file.Kind != EnvFile.KindName))
        {
            var before = read(file.Path);
            if (PortRenderers.Knows(file.Kind))
            {
                changes[file] = new FileChange(file.Path, before, PortRenderers.Render(schema, file));
            }
            else if (adapters.FirstOrDefault(adapter => adapter.Kind == file.Kind) is { } adapter)
            {
                try
                {
                    var sound = before ?? throw new PortFileException(file.Path, 1, 1, "the file does not exist; make it, or take it out of files: of the schema");
                    changes[file] = new FileChange(file.Path, sound, edit(schema, Carriers.Filled(adapter, file.Path, environment, composes), file, sound));
                    if (adapter is EnvFile)
                    {
                        environment.Add((file.Path, changes[file].After));
                    }
                }
                catch (PortFileException e)
                {
                    throw e.In(file.Path);
                }
            }
        }

        return [.. schema.Files.Where(changes.ContainsKey).Select(file => changes[file]).Prepend(new FileChange(path, text, after)).Where(change => change.IsChange)];
    }
}
