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
        var (environment, composes) = (Texts(schema, EnvFile.KindName, read), Texts(schema, ComposeFile.KindName, read));
        var mentions = new Dictionary<FollowingFile, IReadOnlyList<PortMention>>();
        return [.. schema.Files.SelectMany(file => Check(schema, services, file, read, (environment, composes), mentions)), .. Missing(schema, mentions)];
    }

    /// <summary>Every place in the files where a number stands; files that cannot be read have none.</summary>
    /// <param name="schema">The schema.</param>
    /// <param name="read">The text of a file of the schema; null where there is none.</param>
    public IReadOnlyList<PortMention> Mentions(PortSchema schema, Func<string, string?> read)
    {
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentNullException.ThrowIfNull(read);
        var (environment, composes) = (Texts(schema, EnvFile.KindName, read), Texts(schema, ComposeFile.KindName, read));
        return [.. schema.Files.SelectMany(file =>
        {
            try
            {
                return read(file.Path) is { } text && Adapter(file) is { } adapter ? Carriers.Filled(adapter, file.Path, environment, composes).Read(file.Path, text) : [];
            }
            catch (PortFileException)
            {
                return [];
            }
        })];
    }

    private List<Finding> Check(
        PortSchema schema, Dictionary<string, PortService> services, FollowingFile file, Func<string, string?> read,
        (List<(string Path, string Text)> Environment, List<(string Path, string Text)> Composes) beside, Dictionary<FollowingFile, IReadOnlyList<PortMention>> mentions)
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

        var findings = new List<Finding>();
        try
        {
            if (isRendered)
            {
                return Rendered(schema, file, text);
            }

            var filled = Carriers.Filled(adapter!, file.Path, beside.Environment, beside.Composes);
            findings.AddRange(Edited(services, file, filled, text));
            mentions[file] = filled.Read(file.Path, text);
            findings.AddRange(Differing(schema, services, file, mentions[file]));
            findings.AddRange(Outdated(services, file, filled, text, [.. findings.Select(finding => finding.Subject)]));
            return findings;
        }
        catch (PortFileException e)
        {
            return [.. findings, At(PortRules.FileUnreadable, file.Path, new SourcePlace(e.Line, e.Column), file.Path, e.Reason)];
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

    /// <summary>Blocks whose lines are not those that were written.</summary>
    private static IEnumerable<Finding> Edited(Dictionary<string, PortService> services, FollowingFile file, IPortFile adapter, string text)
    {
        foreach (var block in GeneratedBlock.Find(text).Where(block => !block.IsIntact))
        {
            yield return At(PortRules.GeneratedDiffers, file.Path, new SourcePlace(block.First + 1, 1), block.Name, CanBeRestored(block)
                ? $"the generated block {block.Name} was edited by hand; mana ports render --write restores it, and what was written by hand belongs outside of its markers"
                : $"the generated block {block.Name} was edited by hand, and nothing in the schema generates it; remove its two markers");
        }

        bool CanBeRestored(GeneratedBlock block)
        {
            try
            {
                return services.TryGetValue(block.Name, out var service) && service.Managed && Carriers.CanCarry(service, file)
                    && GeneratedBlock.Restore(adapter, text, block, SchemaChange.Fact(service, file)) is not null;
            }
            catch (PortFileException)
            {
                return false;
            }
        }
    }

    /// <summary>Blocks that are as they were written, and would be written otherwise today; wrong numbers are findings already.</summary>
    private static IEnumerable<Finding> Outdated(Dictionary<string, PortService> services, FollowingFile file, IPortFile adapter, string text, HashSet<string> reported)
    {
        // Writing a service reads the whole file: only what lacks the words that it should have is looked at in this way.
        var source = new SourceText(text);
        foreach (var block in GeneratedBlock.Find(text).Where(block => block.IsIntact && !reported.Contains(block.Name)))
        {
            if (services.TryGetValue(block.Name, out var service) && service.Managed && Carriers.CanCarry(service, file) && IsOutdated(block, service))
            {
                yield return At(PortRules.GeneratedDiffers, file.Path, new SourcePlace(block.First + 1, 1), block.Name,
                    $"the generated block {block.Name} is older than the schema; run mana ports render --write");
            }
        }

        bool IsOutdated(GeneratedBlock block, PortService service)
        {
            var fact = SchemaChange.Fact(service, file);
            var word = file.Kind switch { "prometheus" => fact.MetricsPath, "cloudflared" => fact.PublicAddress, _ => null };
            if (word is null || Enumerable.Range(block.First, block.Last - block.First).Any(line => source.Line(line).EndsWith($" {word}", StringComparison.OrdinalIgnoreCase)))
            {
                return false;
            }

            try
            {
                return !GeneratedBlock.Find(adapter.Put(text, fact)).Any(now => now.Name == block.Name && now.Actual == block.Actual);
            }
            catch (PortFileException)
            {
                // It cannot be written by itself; where its number is wrong that is a finding already.
                return false;
            }
        }
    }

    /// <summary>Managed services that stand in none of the files that could carry them.</summary>
    private List<Finding> Missing(PortSchema schema, Dictionary<FollowingFile, IReadOnlyList<PortMention>> mentions)
    {
        var findings = new List<Finding>();
        var spoken = mentions.ToDictionary(one => one.Key, one => (
            Names: one.Value.Select(mention => mention.Service).ToHashSet(StringComparer.Ordinal),
            Public: one.Value.Where(mention => mention.Role == PortRole.Ingress).Select(mention => mention.Address ?? "").ToHashSet(StringComparer.OrdinalIgnoreCase)));
        foreach (var kind in schema.Files.Where(file => Adapter(file) is not null).Select(file => file.Kind).Distinct())
        {
            foreach (var service in schema.Services.Where(service => service.Managed))
            {
                var able = schema.Files.Where(file => file.Kind == kind && Carriers.CanCarry(service, file)).ToList();
                if (able.Count > 0 && able.TrueForAll(file => spoken.TryGetValue(file, out var found)
                    && !found.Names.Contains(service.Name) && !service.Real.Any(port => port.Public is { } name && found.Public.Contains(name))))
                {
                    findings.Add(At(PortRules.FileMisses, schema.Path, service.At, service.Name, able is [var only]
                        ? $"{service.Name} is missing from {only.Path}"
                        : $"{service.Name} is missing from {string.Join(" and ", able.Select(file => file.Path))}; one of them has to have it"));
                }
            }
        }

        return findings;
    }

    private static List<Finding> Differing(PortSchema schema, Dictionary<string, PortService> services, FollowingFile file, IReadOnlyList<PortMention> mentions)
    {
        var findings = new List<Finding>();

        // A tunnel calls services by their public names.
        var reached = schema.Services.SelectMany(service => service.Real.Where(port => port.Public is not null).Select(port => (port.Public, Service: service)))
            .DistinctBy(one => one.Public).ToDictionary(one => one.Public!, one => one.Service, StringComparer.OrdinalIgnoreCase);
        foreach (var mention in mentions)
        {
            var at = new SourcePlace(mention.Line, mention.Column);
            if (!services.TryGetValue(mention.Service, out var service) && !(mention.Address is { } address && reached.TryGetValue(address, out service)))
            {
                // A variable may speak of anything, and anything can be tried out; the other kinds of entry are services.
                if (mention.Role is not (PortRole.Variable or PortRole.Probe))
                {
                    var nearest = Suggestions.Nearest(mention.Service, services.Keys);
                    findings.Add(At(PortRules.FileDiffers, file.Path, at, mention.Service, string.Create(CultureInfo.InvariantCulture,
                        $"{mention.Service} has port {mention.Port} here and is not in {schema.Path}{(nearest is null ? "" : $"; did you mean {nearest}?")}"), mention.Port) with
                    { Severity = Severity.Warning });
                }
            }
            else if (Expected(service, mention.Role, file) is { Count: > 0 } expected && !expected.Contains(mention.Port))
            {
                findings.Add(At(PortRules.FileDiffers, file.Path, at, service.Name, string.Create(CultureInfo.InvariantCulture,
                    $"{service.Name} has port {mention.Port} here, {schema.Path}:{service.At.Line} says {string.Join(" or ", expected.Order())}"), mention.Port));
            }
        }

        return findings;
    }

    private static HashSet<int> Expected(PortService service, PortRole role, FollowingFile file)
    {
        // A file of one machine may still speak of a service on another one.
        var real = Carriers.RealAt(service, file) is { Count: > 0 } here ? here : service.Real;
        var outside = (real.Count > 0 ? real.Select(port => port.Port) : service.Planned.Select(port => port.Port)).ToHashSet();
        var inside = real.Count > 0
            ? real.Select(port => port.Container ?? port.Port).Concat(service.Planned.Where(port => port.Internal).Select(port => port.Port)).ToHashSet()
            : outside;
        return role switch
        {
            PortRole.Host => outside,
            PortRole.Container => inside,
            PortRole.Documented => [.. outside, .. service.Planned.Select(port => port.Port)],
            _ => [.. outside, .. inside],
        };
    }

    private static List<(string Path, string Text)> Texts(PortSchema schema, string kind, Func<string, string?> read) =>
        [.. schema.Files.Where(file => file.Kind == kind).Select(file => (file.Path, Text: read(file.Path))).Where(file => file.Text is not null).Select(file => (file.Path, file.Text!))];

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
