using System.Globalization;
using Mana.Ports.Files;
using Mana.Ports.Model;
using Mana.Ports.Rendering;

namespace Mana.Ports.Checks;

/// <summary>Compares the files that follow a schema with it: PS015 to PS018.</summary>
/// <param name="adapters">Who reads which kind of file.</param>
public sealed class FileCheck(IReadOnlyList<IPortFile> adapters)
{
    /// <summary>The adapters of the library.</summary>
    public static IReadOnlyList<IPortFile> Adapters { get; } = [new ComposeFile(), new PrometheusFile(), new EnvFile(), new CloudflaredFile(), new MarkdownFile()];

    /// <summary>All findings in the files, in the order of the schema.</summary>
    /// <param name="schema">The schema.</param>
    /// <param name="read">The text of a file of the schema; null where there is none.</param>
    public IReadOnlyList<Finding> Run(PortSchema schema, Func<string, string?> read)
    {
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentNullException.ThrowIfNull(read);
        var services = schema.Services.ToDictionary(service => service.Name, StringComparer.Ordinal);
        return [.. schema.Files.SelectMany(file => Check(schema, services, file, read))];
    }

    /// <summary>Every place in the files where a number stands; files that cannot be read have none.</summary>
    /// <param name="schema">The schema.</param>
    /// <param name="read">The text of a file of the schema; null where there is none.</param>
    public IReadOnlyList<PortMention> Mentions(PortSchema schema, Func<string, string?> read)
    {
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentNullException.ThrowIfNull(read);
        return [.. schema.Files.SelectMany(file =>
        {
            try
            {
                return read(file.Path) is { } text && Adapter(file) is { } adapter ? adapter.Read(file.Path, text) : [];
            }
            catch (PortFileException)
            {
                return [];
            }
        })];
    }

    private List<Finding> Check(PortSchema schema, Dictionary<string, PortService> services, FollowingFile file, Func<string, string?> read)
    {
        var (isRendered, adapter) = (PortRenderers.Knows(file.Kind), Adapter(file));
        if (!isRendered && adapter is null)
        {
            var kinds = PortRenderers.Kinds.Concat(adapters.Select(one => one.Kind)).ToList();
            return [At(PortRules.FileUnreadable, schema.Path, file.At, file.Path, $"nobody knows files of the kind \"{file.Kind}\"{Suggestions.Hint(file.Kind, kinds)}")];
        }

        if (read(file.Path) is not { } text)
        {
            return [At(PortRules.FileUnreadable, schema.Path, file.At, file.Path, $"{file.Path} does not exist{(isRendered ? "; mana ports render --write makes it" : "")}")];
        }

        try
        {
            return isRendered ? Rendered(schema, file, text) : Followed(schema, services, file, adapter!, text);
        }
        catch (PortFileException e)
        {
            return [At(PortRules.FileUnreadable, file.Path, new SourcePlace(e.Line, e.Column), file.Path, e.Reason)];
        }
        catch (SchemaException e)
        {
            return [At(PortRules.FileUnreadable, schema.Path, file.At, file.Path, e.Message)];
        }
    }

    private static List<Finding> Rendered(PortSchema schema, FollowingFile file, string text)
    {
        var expected = PortRenderers.Render(schema, file).ReplaceLineEndings("\n").Split('\n');
        var actual = text.ReplaceLineEndings("\n").Split('\n');
        var line = 0;
        while (line < expected.Length && line < actual.Length && expected[line] == actual[line])
        {
            line++;
        }

        return line == expected.Length && line == actual.Length
            ? []
            : [At(PortRules.GeneratedDiffers, file.Path, new SourcePlace(Math.Min(line, actual.Length - 1) + 1, 1), file.Service ?? file.Path,
                $"{file.Path} is not what the schema renders, from this line on; run mana ports render --write")];
    }

    private static List<Finding> Followed(PortSchema schema, Dictionary<string, PortService> services, FollowingFile file, IPortFile adapter, string text)
    {
        var findings = GeneratedBlock.Find(text).Where(block => !block.IsIntact)
            .Select(block => At(PortRules.GeneratedDiffers, file.Path, new SourcePlace(block.First + 1, 1), block.Name, $"the generated block {block.Name} was edited by hand; restore it, or remove its markers"))
            .ToList();
        var mentions = adapter.Read(file.Path, text);

        // A tunnel calls services by their public names.
        var reached = schema.Services.SelectMany(service => service.Real.Where(port => port.Public is not null).Select(port => (port.Public, Service: service)))
            .DistinctBy(one => one.Public).ToDictionary(one => one.Public!, one => one.Service, StringComparer.OrdinalIgnoreCase);
        foreach (var mention in mentions)
        {
            var at = new SourcePlace(mention.Line, mention.Column);
            if (!services.TryGetValue(mention.Service, out var service) && !(mention.Address is { } address && reached.TryGetValue(address, out service)))
            {
                // A variable may speak of anything; the other kinds of entry are services.
                if (mention.Role != PortRole.Variable)
                {
                    var nearest = Suggestions.Nearest(mention.Service, services.Keys);
                    findings.Add(At(PortRules.FileDiffers, file.Path, at, mention.Service, string.Create(CultureInfo.InvariantCulture,
                        $"{mention.Service} has port {mention.Port} here and is not in {schema.Path}{(nearest is null ? "" : $"; did you mean {nearest}?")}"), mention.Port) with
                    { Severity = Severity.Warning });
                }
            }
            else if (Expected(service, mention.Role) is { Count: > 0 } expected && !expected.Contains(mention.Port))
            {
                findings.Add(At(PortRules.FileDiffers, file.Path, at, service.Name, string.Create(CultureInfo.InvariantCulture,
                    $"{service.Name} has port {mention.Port} here, {schema.Path}:{service.At.Line} says {string.Join(" or ", expected.Order())}"), mention.Port));
            }
        }

        var present = mentions.Select(mention => mention.Address is { } address && reached.TryGetValue(address, out var service) ? service.Name : mention.Service).ToHashSet(StringComparer.Ordinal);
        foreach (var service in schema.Services.Where(service => service.Managed && Belongs(service, file) && !present.Contains(service.Name)))
        {
            findings.Add(At(PortRules.FileMisses, schema.Path, service.At, service.Name, $"{service.Name} is missing from {file.Path}"));
        }

        return findings;
    }

    /// <summary>Whether a file of this kind has to speak of the service.</summary>
    private static bool Belongs(PortService service, FollowingFile file) =>
        (file.Service is null || file.Service == service.Name) && file.Kind switch
        {
            "prometheus" => service.Real.Any(port => port.Metrics is not null),
            "cloudflared" => service.Real.Any(port => port.Public is not null),
            _ => true,
        };

    private static HashSet<int> Expected(PortService service, PortRole role)
    {
        var outside = (service.Real.Count > 0 ? service.Real.Select(port => port.Port) : service.Planned.Select(port => port.Port)).ToHashSet();
        var inside = service.Real.Count > 0
            ? service.Real.Select(port => port.Container ?? port.Port).Concat(service.Planned.Where(port => port.Internal).Select(port => port.Port)).ToHashSet()
            : outside;
        return role switch
        {
            PortRole.Host => outside,
            PortRole.Container => inside,
            PortRole.Documented => [.. outside, .. service.Planned.Select(port => port.Port)],
            _ => [.. outside, .. inside],
        };
    }

    private IPortFile? Adapter(FollowingFile file) => adapters.FirstOrDefault(adapter => adapter.Kind == file.Kind);

    private static Finding At(PortRule rule, string path, SourcePlace at, string subject, string message, int? port = null) => new()
    {
        Rule = rule.Id,
        Severity = rule.Severity,
        Subject = subject,
        Port = port,
        Message = message,
        Path = path,
        At = at,
    };
}
