using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using Mana.Testing;

namespace Mana.Tests.Brains;

/// <summary>ScriptedClaude before a client that is not ours: what the official TypeScript SDK accepts is no mirror of our own code.</summary>
public sealed class TypeScriptSdkTests
{
    [Fact]
    public async Task The_official_typescript_sdk_passes_against_ScriptedClaude()
    {
        if (OnPath("node") is not { } node || OnPath("npm") is not { } npm)
        {
            Assert.Skip("SKIPPED: node is missing; run ./mana test --install");
            return;
        }

        var cancellationToken = TestContext.Current.CancellationToken;
        var project = await InstalledProjectAsync(npm, cancellationToken);
        var overloaded = 0;
        await using var claude = await ScriptedClaude.StartAsync(new ScriptedClaudeOptions
        {
            ApiKey = "test-key",
            Respond = request => LastText(request) switch
            {
                "answer 429" => ScriptedReply.RateLimited(TimeSpan.FromSeconds(7)),
                "overloaded once" when Interlocked.Increment(ref overloaded) == 1 => ScriptedReply.Overloaded(),
                ['a', 'n', 's', 'w', 'e', 'r', ' ', .. var status] => new ScriptedReply.Failure(int.Parse(status, null)),
                _ => null,
            },
        });

        var (exitCode, output) = await RunAsync(node, ["check.mjs", claude.Address.ToString().TrimEnd('/')], project, cancellationToken);

        output.Should().Contain("11 checks passed");
        exitCode.Should().Be(0);
        overloaded.Should().Be(2);
    }

    private static string? LastText(JsonElement request)
    {
        var content = request.GetProperty("messages").EnumerateArray().Last().GetProperty("content");
        return content.ValueKind == JsonValueKind.String ? content.GetString() : null;
    }

    // Installed once per lock file, beside the build's output; moved into place whole, so that two runs do not meet.
    private static async Task<string> InstalledProjectAsync(string npm, CancellationToken cancellationToken)
    {
        var repository = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(repository.FullName, "Mana.slnx")))
        {
            repository = repository.Parent ?? throw new InvalidOperationException("The tests run outside the repository.");
        }

        var source = Path.Combine(repository.FullName, "tests", "typescript-sdk");
        var hash = Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(Path.Combine(source, "package-lock.json"), cancellationToken)))[..12];
        var target = Path.Combine(repository.FullName, "artifacts", $"typescript-sdk-{hash}");
        if (!Directory.Exists(target))
        {
            var making = Directory.CreateDirectory($"{target}.{Guid.NewGuid():N}").FullName;
            foreach (var name in (string[])["package.json", "package-lock.json"])
            {
                File.Copy(Path.Combine(source, name), Path.Combine(making, name));
            }

            var (exitCode, output) = await RunAsync(npm, ["ci", "--no-audit", "--no-fund", "--ignore-scripts"], making, cancellationToken);
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

        File.Copy(Path.Combine(source, "check.mjs"), Path.Combine(target, "check.mjs"), overwrite: true);
        return target;
    }

    private static async Task<(int ExitCode, string Output)> RunAsync(string program, string[] arguments, string directory, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = directory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        // A key or a base URL of the developer's own must not reach the check.
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

    private static string? OnPath(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Select(directory => Path.Combine(directory, program))
        .FirstOrDefault(File.Exists);
}
