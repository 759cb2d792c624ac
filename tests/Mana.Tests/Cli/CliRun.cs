using System.Text.Json;
using Mana.Cli;

namespace Mana.Tests.Cli;

/// <summary>What a command left behind.</summary>
internal sealed record CliRun(int Code, string Out, string Error)
{
    public ExitCode ExitCode => (ExitCode)Code;

    public string[] Lines => Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public JsonElement Json => JsonDocument.Parse(Out).RootElement;

    /// <summary>Runs a command in-process, away from this process's variables and terminal.</summary>
    public static Task<CliRun> RunAsync(string dataDirectory, params string[] args) => RunAsync(dataDirectory, [], "", null, args);

    public static Task<CliRun> RunAsync(
        string dataDirectory, Dictionary<string, string> variables, string input, ServiceFactories? services, params string[] args) =>
        RunAsync(dataDirectory, variables, input, services, null, args);

    /// <summary>As above, with a clock: one that stands still never asks for what an event brings.</summary>
    public static async Task<CliRun> RunAsync(
        string dataDirectory, Dictionary<string, string> variables, string input, ServiceFactories? services, TimeProvider? time, string[] args)
    {
        await using var output = new StringWriter();
        await using var error = new StringWriter();
        var environment = Environment(dataDirectory, variables, input, services, output, error, time);
        var code = await ManaCli.RunAsync(args, environment, TestContext.Current.CancellationToken);
        return new CliRun(code, output.ToString(), error.ToString());
    }

    public static CliEnvironment Environment(
        string dataDirectory,
        Dictionary<string, string> variables,
        string input,
        ServiceFactories? services,
        TextWriter output,
        TextWriter error,
        TimeProvider? time = null) => new()
        {
            In = new StringReader(input),
            Out = output,
            Error = error,
            Console = CliEnvironment.ConsoleOn(output, isTerminal: false),
            Variables = new Dictionary<string, string>(variables) { ["MANA_DATA"] = dataDirectory },
            Services = services ?? ServiceFactories.Product,
            Time = time ?? TimeProvider.System,
        };
}
