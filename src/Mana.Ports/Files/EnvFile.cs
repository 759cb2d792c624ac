using System.Text.RegularExpressions;

namespace Mana.Ports.Files;

/// <summary>Variables of processes: <c>MANA_AUTH_PORT=3001</c>, <c>MANA_AUTH_URL=http://localhost:3001</c>.</summary>
public sealed partial class EnvFile : IPortFile
{
    private static readonly string[] AddressSuffixes = ["_BASE_URL", "_URL", "_URI", "_ADDRESS", "_ADDR", "_ENDPOINT"];

    // What frameworks put in front of variables that browsers may see.
    private static readonly string[] Prefixes = ["NEXT_PUBLIC_", "EXPO_PUBLIC_", "PUBLIC_", "VITE_"];

    internal const string KindName = "env";

    /// <inheritdoc/>
    public string Kind => KindName;

    /// <inheritdoc/>
    public bool Claims(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        var name = System.IO.Path.GetFileName(path);
        return name.StartsWith(".env", StringComparison.Ordinal) || name.EndsWith(".env", StringComparison.Ordinal) || name.EndsWith(".env.example", StringComparison.Ordinal);
    }

    /// <inheritdoc/>
    public IReadOnlyList<PortMention> Read(string path, string text)
    {
        ArgumentNullException.ThrowIfNull(path);
        var source = new SourceText(text);
        try
        {
            return [.. Mentions(source, path).Select(found => found.Mention)];
        }
        catch (PortFileException e)
        {
            throw e.In(path);
        }
    }

    /// <summary>The variables of a file, for whoever fills them in elsewhere.</summary>
    /// <exception cref="PortFileException">The file is not sound.</exception>
    public static IReadOnlyDictionary<string, string> Variables(string path, string text)
    {
        try
        {
            var known = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var variable in EnvVariable.All(new SourceText(text)))
            {
                if (variable.Expand(known) is { } value)
                {
                    known[variable.Name] = value.Text;
                }
            }

            return known;
        }
        catch (PortFileException e)
        {
            throw e.In(path);
        }
    }

    /// <inheritdoc/>
    public string Put(string text, PortFact fact)
    {
        ArgumentNullException.ThrowIfNull(fact);
        var source = new SourceText(text);
        var own = Mentions(source, "").Select(found => found.Mention).Where(mention => mention.Service == fact.Service).ToList();
        if (own.Count > 0)
        {
            return GeneratedBlock.Restamp(text, source.Replace(
                Renumbering.Edits(source, own, mention => Endpoint.IsContainer(mention.Address) ? fact.Inside : fact.Port)));
        }

        var name = fact.Service.ToUpperInvariant().Replace('-', '_').Replace('.', '_');
        var lines = GeneratedBlock.Wrap(fact.Service, [$"{name}_PORT={fact.Port}", $"{name}_URL=http://localhost:{fact.Port}"]);
        return source.InsertAfter(source.LineCount - 1, source.LineCount > 0 ? ["", .. lines] : lines);
    }

    /// <inheritdoc/>
    public string Remove(string text, string service)
    {
        var source = new SourceText(text);
        if (GeneratedBlock.Find(source).FirstOrDefault(block => block.Name == service) is { } block)
        {
            var first = block.First > 0 && source.IsBlank(block.First - 1) ? block.First - 1 : block.First;
            return Remove(source.RemoveLines(first, block.Last), service);
        }

        return Mentions(source, "").Where(found => found.Mention.Service == service).Select(found => found.Variable).FirstOrDefault() is { } variable
            ? Remove(source.RemoveLines(variable.FirstLine, variable.LastLine), service)
            : text;
    }

    private static IEnumerable<(PortMention Mention, EnvVariable Variable)> Mentions(SourceText source, string path)
    {
        var known = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var variable in EnvVariable.All(source))
        {
            if (variable.Expand(known) is not { } value)
            {
                continue;
            }

            known[variable.Name] = value.Text;
            if (Owner(variable.Name, path) is not { } owner)
            {
                continue;
            }

            var (port, index, host) = owner.IsPort
                ? (Endpoint.Number(value.Text), 0, null)
                : Endpoint.Parse(value.Text) is { } endpoint ? (endpoint.Port, endpoint.Index, endpoint.Host) : (default(int?), 0, default(string));
            if (port is { } number)
            {
                var (line, column) = source.Position(value.OffsetAt(index));
                var shown = $"{variable.Name}={Credentials().Replace(value.Text, "://…@")}";
                yield return (new PortMention(owner.Service, number, PortRole.Variable, path, line, column, shown, null, host), variable);
            }
        }
    }

    /// <summary>Whose port a variable tells of; PORT alone is the service's whose directory the file lies in.</summary>
    private static (string Service, bool IsPort)? Owner(string name, string path)
    {
        if (name == "PORT")
        {
            return System.IO.Path.GetFileName(System.IO.Path.GetDirectoryName(path)) is { Length: > 0 } directory ? (directory, true) : null;
        }

        var prefix = Prefixes.FirstOrDefault(one => name.StartsWith(one, StringComparison.Ordinal)) ?? "";
        var suffix = name.EndsWith("_PORT", StringComparison.Ordinal) ? "_PORT" : AddressSuffixes.FirstOrDefault(one => name.EndsWith(one, StringComparison.Ordinal));
        return suffix is not null && name.Length > prefix.Length + suffix.Length
            ? (name[prefix.Length..^suffix.Length].ToLowerInvariant().Replace('_', '-'), suffix == "_PORT")
            : null;
    }

    [GeneratedRegex(@"://[^/@\s]*@")]
    private static partial Regex Credentials();
}
