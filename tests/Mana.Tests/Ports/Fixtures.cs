using Mana.Ports.Files;

namespace Mana.Tests.Ports;

/// <summary>Files of many shapes, and the same in other spellings.</summary>
internal static class Fixtures
{
    private static readonly string Root = Path.Combine(AppContext.BaseDirectory, "Ports", "Fixtures");

    public static IReadOnlyDictionary<string, IPortFile> Adapters { get; } = new Dictionary<string, IPortFile>(StringComparer.Ordinal)
    {
        ["compose"] = new ComposeFile(),
        ["prometheus"] = new PrometheusFile(),
        ["env"] = new EnvFile(),
        ["cloudflared"] = new CloudflaredFile(),
        ["markdown"] = new MarkdownFile(),
    };

    /// <summary>The files, relative to the fixtures.</summary>
    public static IReadOnlyList<string> Paths { get; } =
        [.. Directory.EnumerateFiles(Root, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })
            .Where(path => !path.EndsWith(".expected", StringComparison.Ordinal))
            .Select(path => Path.GetRelativePath(Root, path)).Order(StringComparer.Ordinal)];

    public static IPortFile Adapter(string path) => Adapters[path.Split(Path.DirectorySeparatorChar)[0]];

    public static string Text(string path) => File.ReadAllText(Path.Combine(Root, path)).ReplaceLineEndings("\n");

    public static string[] Expected(string path) => [.. File.ReadAllLines(Path.Combine(Root, path + ".expected")).Order(StringComparer.Ordinal)];

    /// <summary>The same file as other editors would have saved it.</summary>
    public static IReadOnlyDictionary<string, Func<string, string>> Spellings { get; } = new Dictionary<string, Func<string, string>>(StringComparer.Ordinal)
    {
        ["as it is"] = text => text,
        ["CRLF"] = text => text.ReplaceLineEndings("\r\n"),
        ["no final newline"] = text => text.TrimEnd('\n'),
        ["CRLF, no final newline"] = text => text.TrimEnd('\n').ReplaceLineEndings("\r\n"),
        ["byte order mark"] = text => "\uFEFF" + text,
        ["blank lines at the end"] = text => text + "\n\n",
        ["blanks behind the lines"] = text => text.ReplaceLineEndings(" \n"),
        ["tabs in empty lines"] = text => text.Replace("\n\n", "\n\t\n", StringComparison.Ordinal),
    };
}
