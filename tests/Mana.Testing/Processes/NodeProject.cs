using System.Diagnostics;
using System.Security.Cryptography;

namespace Mana.Testing;

/// <summary>A Node project of the tests (<c>tests/NAME</c>): its packages are installed once per lock file, beside the build's output.</summary>
public static class NodeProject
{
    /// <summary>The directory of the sources.</summary>
    public static string Repository { get; } = FindRepository();

    /// <summary>Why nothing can be run here; null when everything is there.</summary>
    public static string? Missing(params IReadOnlyList<string> programs) => programs.FirstOrDefault(program => OnPath(program) is null) is { } program
        ? $"SKIPPED: {program} is missing; run ./mana test --install"
        : null;

    /// <summary>Where a program is; null when it is not installed.</summary>
    public static string? OnPath(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Concat(["/usr/sbin", "/sbin"])
        .Select(directory => Path.Combine(directory, program))
        .FirstOrDefault(File.Exists);

    /// <summary>Installs the project, and lays its script beside its packages.</summary>
    /// <param name="name">Its directory under <c>tests</c>.</param>
    /// <param name="script">The file that is run.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The directory in which to run it.</returns>
    public static async Task<string> InstalledAsync(string name, string script, CancellationToken cancellationToken)
    {
        var source = Path.Combine(Repository, "tests", name);
        var hash = Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(Path.Combine(source, "package-lock.json"), cancellationToken)))[..12];
        var target = Path.Combine(Repository, "artifacts", $"{name}-{hash}");
        if (!Directory.Exists(target))
        {
            // Moved into place whole, so that two runs do not meet.
            var making = Directory.CreateDirectory($"{target}.{Guid.NewGuid():N}").FullName;
            foreach (var file in (string[])["package.json", "package-lock.json"])
            {
                File.Copy(Path.Combine(source, file), Path.Combine(making, file));
            }

            var (exitCode, output) = await RunAsync(OnPath("npm")!, ["ci", "--no-audit", "--no-fund", "--ignore-scripts"], making, cancellationToken);
            if (exitCode != 0)
            {
                throw new InvalidOperationException($"npm ci of tests/{name} failed:\n{output}");
            }

            try
            {
                Directory.Move(making, target);
            }
            catch (IOException) when (Directory.Exists(target))
            {
                Directory.Delete(making, recursive: true);
            }
        }

        File.Copy(Path.Combine(source, script), Path.Combine(target, script), overwrite: true);
        return target;
    }

    /// <summary>Runs a program to its end.</summary>
    /// <returns>Its exit code and all that it printed.</returns>
    public static async Task<(int ExitCode, string Output)> RunAsync(
        string program, IReadOnlyList<string> arguments, string directory, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = directory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        // A key or a base URL of the developer's own must not reach a check.
        foreach (var name in start.Environment.Keys.Where(key => key.StartsWith("ANTHROPIC_", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name);
        }

        using var process = Process.Start(start)!;
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
            var error = process.StandardError.ReadToEndAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            return (process.ExitCode, await output + await error);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    private static string FindRepository()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "Mana.slnx")))
        {
            directory = directory.Parent ?? throw new InvalidOperationException("The tests run outside the repository.");
        }

        return directory.FullName;
    }
}
