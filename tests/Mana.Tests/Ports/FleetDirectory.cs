using System.Diagnostics;
using Mana.Ports.Model;
using Mana.Testing;
using Mana.Tests.Cli;

namespace Mana.Tests.Ports;

/// <summary>A copy of this repository's schema and of every file that follows it.</summary>
internal sealed class FleetDirectory : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public FleetDirectory()
    {
        var schema = SchemaReader.Read(File.ReadAllText(Path.Combine(Repository, PortSchema.DefaultPath))).Require();
        foreach (var path in schema.Files.Select(file => file.Path).Append(PortSchema.DefaultPath))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(At(path))!);
            File.Copy(Path.Combine(Repository, path), At(path));
        }
    }

    /// <summary>The repository that the tests were built from.</summary>
    public static string Repository { get; } = Find();

    public string Root => _directory.Path;

    public string At(string path) => Path.Combine(Root, path);

    public string this[string path]
    {
        get => File.ReadAllText(At(path));
        set => File.WriteAllText(At(path), value);
    }

    /// <summary>Every file, for comparing.</summary>
    public Dictionary<string, string> Everything() =>
        Directory.EnumerateFiles(Root, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })
            .ToDictionary(path => Path.GetRelativePath(Root, path), File.ReadAllText);

    /// <summary><c>mana ports</c> in this directory.</summary>
    public Task<CliRun> PortsAsync(params string[] arguments) => CliRun.RunAsync(Root, ["ports", .. arguments, "--root", Root]);

    /// <summary>The lines that differ from the repository, as git sees them.</summary>
    public async Task<string[]> ChangedLinesAsync(string path)
    {
        var start = new ProcessStartInfo("git", ["diff", "--no-index", "-U0", Path.Combine(Repository, path), At(path)]) { RedirectStandardOutput = true };
        using var git = Process.Start(start)!;
        var text = await git.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await git.WaitForExitAsync(TestContext.Current.CancellationToken);
        return [.. text.Split('\n').Where(line => (line.StartsWith('+') || line.StartsWith('-')) && !line.StartsWith("+++", StringComparison.Ordinal) && !line.StartsWith("---", StringComparison.Ordinal))];
    }

    public void Dispose() => _directory.Dispose();

    private static string Find()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "Mana.slnx")))
        {
            directory = directory.Parent ?? throw new InvalidOperationException("The tests run outside the repository.");
        }

        return directory.FullName;
    }
}
