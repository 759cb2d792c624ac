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
    /// <summary>Adds a service, to the files as well where it is managed.</summary>
    /// <exception cref="SchemaException">The schema has faults, or knows it already.</exception>
    /// <exception cref="PortFileException">A file is not sound, or cannot be edited.</exception>
    public IReadOnlyList<FileChange> Add(PortService service)
    {
        ArgumentNullException.ThrowIfNull(service);
        var fact = Fact(service);
        return Changes(SchemaWriter.Add(text, service), (adapter, file, before) =>
            service.Managed && (file.Service ?? service.Name) == service.Name ? adapter.Put(before, fact) : before);
    }

    /// <summary>Gives a service another number wherever its old one stands.</summary>
    /// <exception cref="SchemaException">The schema has faults, or the service does not have the old number.</exception>
    /// <exception cref="PortFileException">A file is not sound, or cannot be edited.</exception>
    public IReadOnlyList<FileChange> Move(string service, int from, int to)
    {
        var containerStays = Read().Services.Where(one => one.Name == service).SelectMany(one => one.Real).Any(port => port.Container is not null && port.Port == from);
        return Changes(SchemaWriter.Move(text, service, from, to), (adapter, file, before) =>
        {
            var source = new SourceText(before);
            var mentions = adapter.Read(file.Path, before).Where(mention =>
                mention.Service == service && mention.Port == from
                && !(containerStays && (mention.Role == PortRole.Container || Endpoint.IsContainer(mention.Address) || (mention.Role == PortRole.Variable && adapter is ComposeFile))));

            // A number that a variable fills in changes where the variable is set.
            return GeneratedBlock.Restamp(before, source.Replace(mentions.Where(mention => !IsFilledIn(source, mention)).Select(mention => Renumbering.Edit(source, mention, to))));
        });
    }

    /// <summary>Takes a service out.</summary>
    /// <exception cref="SchemaException">The schema has faults, or there is no such service.</exception>
    /// <exception cref="PortFileException">A file is not sound, or cannot be edited.</exception>
    public IReadOnlyList<FileChange> Remove(string service) =>
        Changes(SchemaWriter.Remove(text, service), (adapter, _, before) => adapter.Remove(before, service));

    /// <summary>Brings everything that follows the schema in step with it.</summary>
    /// <exception cref="SchemaException">The schema has faults.</exception>
    /// <exception cref="PortFileException">A file is not sound, or cannot be edited.</exception>
    public IReadOnlyList<FileChange> Follow()
    {
        var managed = Read().Services.Where(service => service.Managed).ToList();
        return Changes(text, (adapter, file, before) => managed.Where(service => (file.Service ?? service.Name) == service.Name)
            .Aggregate(before, (current, service) => adapter.Put(current, Fact(service))));
    }

    /// <summary>What the files of the schema should say about a service.</summary>
    public static PortFact Fact(PortService service)
    {
        ArgumentNullException.ThrowIfNull(service);
        return service.Real is [var real, ..]
            ? new PortFact(service.Name, real.Port, real.Container, real.Health, real.Metrics, real.Public, real.Host, service.Description, service.Runtime)
            : new PortFact(service.Name, service.Planned[0].Port, null, null, null, null, service.Planned[0].Host, service.Description, service.Runtime);
    }

    private PortSchema Read() => SchemaReader.Read(text, path).Require();

    private static bool IsFilledIn(SourceText source, PortMention mention)
    {
        var rest = source.Text.AsSpan(source.OffsetOf(mention.Line, mention.Column));
        var end = rest.IndexOfAny('\r', '\n');
        return !rest.StartsWith(mention.Port.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal)
            && (end < 0 ? rest : rest[..end]).Contains('$');
    }

    private List<FileChange> Changes(string after, Func<IPortFile, FollowingFile, string, string> edit)
    {
        var schema = SchemaReader.Read(after, path).Require();
        var changes = new List<FileChange> { new(path, text, after) };
        foreach (var file in schema.Files)
        {
            var before = read(file.Path);
            if (PortRenderers.Knows(file.Kind))
            {
                changes.Add(new FileChange(file.Path, before, PortRenderers.Render(schema, file)));
            }
            else if (adapters.FirstOrDefault(adapter => adapter.Kind == file.Kind) is { } adapter)
            {
                try
                {
                    var sound = before ?? throw new PortFileException(file.Path, 1, 1, "the file does not exist; make it, or take it out of files: of the schema");
                    changes.Add(new FileChange(file.Path, sound, edit(adapter, file, sound)));
                }
                catch (PortFileException e)
                {
                    throw e.In(file.Path);
                }
            }
        }

        return [.. changes.Where(change => change.IsChange)];
    }
}
