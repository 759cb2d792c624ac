using System.CommandLine;
using Mana.Benchmarks.Due;
using Mana.Cli.Output;

namespace Mana.Cli.Commands.Bench;

/// <summary><c>mana bench due</c>: mana-auth's due list with very many personas.</summary>
internal static class DueBenchCommand
{
    private static readonly Option<int> Personas = CountOption.Of("--personas", 100_000, "Personas in mana-auth");
    private static readonly Option<int> Calls = CountOption.Of("--calls", 500, "Measured calls of each kind");
    private static readonly Option<string?> Database = BenchCommand.Database();

    public static Command Create(GlobalOptions globals, CliEnvironment environment)
    {
        var command = new Verb(
            "due",
            "Measure how long mana-auth takes to say who is due and to note the end of a tick.",
            "mana bench due",
            "mana bench due --personas 100000 --database postgresql://mana@127.0.0.1:5432/empty");
        foreach (var option in new Option[] { Personas, Calls, Database })
        {
            command.Add(option);
        }

        return command.Runs(globals, environment, RunAsync);
    }

    private static async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var options = new DueBenchOptions(BenchCommand.Mana)
        {
            Personas = context.Get(Personas),
            Calls = context.Get(Calls),
            DatabaseUrl = context.Get(Database),
        };
        return await BenchCommand.RunAsync(
            context, progress => DueBench.RunAsync(options, progress, cancellationToken),
            DueBenchJson.Default.DueBenchResult, result => result.Render());
    }
}
