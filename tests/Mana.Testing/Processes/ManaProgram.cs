using System.Globalization;
using System.Runtime.InteropServices;

namespace Mana.Testing;

/// <summary>What a command that has ended left behind.</summary>
/// <param name="Command">The command line.</param>
/// <param name="ExitCode">Its exit code.</param>
/// <param name="Output">Standard output.</param>
/// <param name="Everything">Standard output and standard error.</param>
public sealed record CommandResult(string Command, int ExitCode, string Output, string Everything)
{
    /// <summary>Shows everything in the message of a failed assertion.</summary>
    public override string ToString() => $"{Command} ended with {ExitCode.ToString(CultureInfo.InvariantCulture)}\n{Everything}";
}

/// <summary>The programs of this repository as processes: the builds that lie beside the test assembly.</summary>
public static class ManaProgram
{
    /// <summary>How long a command may take on a busy machine.</summary>
    public static readonly TimeSpan CommandTime = TimeSpan.FromSeconds(120);

    // The runtime's directory is DOTNET_ROOT/shared/Microsoft.NETCore.App/VERSION.
    private static readonly string Dotnet = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../../dotnet"));

    /// <summary>Starts <c>mana</c> and returns at once.</summary>
    public static ProcessUnderTest Start(IReadOnlyDictionary<string, string> settings, params IReadOnlyList<string> arguments) =>
        Start("mana", settings, "", arguments);

    /// <summary>Runs <c>mana</c> to its end.</summary>
    public static Task<CommandResult> RunAsync(
        IReadOnlyDictionary<string, string> settings, CancellationToken cancellationToken, params IReadOnlyList<string> arguments) =>
        RunAsync(settings, "", cancellationToken, arguments);

    /// <summary>Runs <c>mana</c> to its end with something on its standard input.</summary>
    public static async Task<CommandResult> RunAsync(
        IReadOnlyDictionary<string, string> settings, string input, CancellationToken cancellationToken, params IReadOnlyList<string> arguments)
    {
        await using var process = Start("mana", settings, input, arguments);
        var exitCode = await process.ExitAsync(CommandTime, cancellationToken);
        return new CommandResult(process.Name, exitCode, process.Output, process.Everything);
    }

    /// <summary>Starts <c>scripted-claude</c> on a free port and waits until it listens.</summary>
    /// <returns>The process and its address.</returns>
    public static async Task<(ProcessUnderTest Process, Uri Address)> StartScriptedClaudeAsync(
        CancellationToken cancellationToken, params IReadOnlyList<string> arguments)
    {
        const string Listens = "scripted-claude listens on ";
        var process = Start("scripted-claude", new Dictionary<string, string>(), "", arguments);
        var line = await process.LineAsync(line => line.StartsWith(Listens, StringComparison.Ordinal), CommandTime, cancellationToken);
        return (process, new Uri(line[Listens.Length..]));
    }

    private static ProcessUnderTest Start(
        string program, IReadOnlyDictionary<string, string> settings, string input, IReadOnlyList<string> arguments)
    {
        var assembly = Path.Combine(AppContext.BaseDirectory, program + ".dll");
        return File.Exists(assembly)
            ? ProcessUnderTest.Start($"{program} {string.Join(' ', arguments)}", Dotnet, [assembly, .. arguments], settings, input)
            : throw new InvalidOperationException($"{assembly} is missing: the test project must reference {program}.");
    }
}
