using Mana.Ports.Model;

namespace Mana.Ports.Files;

/// <summary>Which of the files that follow a schema speak of which service, and what fills their variables in.</summary>
internal static class Carriers
{
    /// <summary>Whether a file of this kind, for this service and host, has anything to say about a service.</summary>
    public static bool CanCarry(PortService service, FollowingFile file)
    {
        var here = RealAt(service, file);
        return (file.Service is null || file.Service == service.Name)
            && (file.Host is null || here.Count > 0 || (service.Real.Count == 0 && service.Planned.Any(port => port.Host == file.Host)))
            && file.Kind switch
            {
                "prometheus" => here.Any(port => port.Metrics is not null),
                "cloudflared" => here.Any(port => port.Public is not null),
                _ => true,
            };
    }

    /// <summary>
    /// Of several files of a kind that could carry a service those that do, or the one that it belongs into: fleets split
    /// their compose file, and no service stands in all the parts.
    /// </summary>
    public static IReadOnlyList<FollowingFile> Of(PortService service, string kind, IReadOnlyList<FollowingFile> files, Func<FollowingFile, IReadOnlyList<PortMention>> mentions)
    {
        var able = files.Where(file => file.Kind == kind && CanCarry(service, file)).ToList();
        var carrying = able.Where(file => mentions(file).Any(mention => Speaks(mention, service))).ToList();
        return carrying.Count > 0 ? carrying : [.. able.OrderBy(file => file.Host is null).Take(1)];
    }

    /// <summary>Whether a mention is the service's own: under its name, or under its public one.</summary>
    public static bool Speaks(PortMention mention, PortService service) =>
        mention.Service == service.Name || IsPublicNameOf(mention, service);

    public static bool IsPublicNameOf(PortMention mention, PortService service) =>
        mention is { Role: PortRole.Ingress, Address: { } address } && service.Real.Any(port => string.Equals(port.Public, address, StringComparison.OrdinalIgnoreCase));

    /// <summary>The real ports that a file is about.</summary>
    public static IReadOnlyList<RealPort> RealAt(PortService service, FollowingFile file) =>
        file.Host is null ? service.Real : [.. service.Real.Where(port => port.Host == file.Host)];

    /// <summary>
    /// The adapter that reads a compose file as compose itself does: with the variables of the environment files beside it,
    /// else of all, and without what the compose files beside it replace.
    /// </summary>
    /// <param name="adapter">The adapter of the file's kind.</param>
    /// <param name="path">The file.</param>
    /// <param name="environment">The environment files: path and text.</param>
    /// <param name="composes">The compose files.</param>
    public static IPortFile Filled(IPortFile adapter, string path, IReadOnlyList<(string Path, string Text)> environment, IReadOnlyList<(string Path, string Text)> composes)
    {
        if (adapter is not ComposeFile)
        {
            return adapter;
        }

        var others = composes.Where(file => file.Path != path && Directory(file.Path) == Directory(path)).Select(file => file.Text);

        var beside = environment.Where(file => Directory(file.Path) == Directory(path)).ToList();
        var known = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in (beside.Count > 0 ? beside : environment).SelectMany(Variables))
        {
            known.TryAdd(name, value);
        }

        return new ComposeFile(known) { Replaced = ComposeReplaced.By(others) };
    }

    private static IReadOnlyDictionary<string, string> Variables((string Path, string Text) file)
    {
        try
        {
            return EnvFile.Variables(file.Path, file.Text);
        }
        catch (PortFileException)
        {
            // Whoever reads that file itself says so.
            return new Dictionary<string, string>();
        }
    }

    private static string Directory(string path) => Path.GetDirectoryName(path.Replace('\\', '/'))?.TrimStart('.', '/') ?? "";
}
