using System.CommandLine;
using Mana.Benchmarks.Gateway;
using Mana.Cli.Output;

namespace Mana.Cli.Commands.Bench;

/// <summary><c>mana bench gateway</c>: tool calls, memory and search of mana-mcp, with the policy gate off and on.</summary>
internal static class GatewayBenchCommand
{
    private static readonly Option<int> Calls = CountOption.Of("--calls", 20_000, "Measured calls of each kind, for 1, 32 and 256 clients");
    private static readonly Option<int> Clients = CountOption.Of("--clients", 10_000, "Clients with a connection each, whose memory is measured");
    private static readonly Option<int> Records = CountOption.Of("--records", 1_000_000, "Records that are searched");
    private static readonly Option<string?> Database = BenchCommand.Database();

    public static Command Create(GlobalOptions globals, CliEnvironment environment)
    {
        var command = new Verb(
            "gateway",
            "Measure mana-mcp: tool calls with 1, 32 and 256 clients, memory with very many, search over very many records; policy off and on.",
            "mana bench gateway",
            "mana bench gateway --calls 2000 --clients 1000 --records 100000 --json");
        foreach (var option in new Option[] { Calls, Clients, Records, Database })
        {
            command.Add(option);
        }

        return command.Runs(globals, environment, RunAsync);
    }

    private static async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var options = new GatewayBenchOptions(BenchCommand.Mana)
        {
            Calls = context.Get(Calls),
            Clients = context.Get(Clients),
            Records = context.Get(Records),
            DatabaseUrl = context.Get(Database),
        };
        return await BenchCommand.RunAsync(
            context, progress => GatewayBench.RunAsync(options, progress, cancellationToken),
            GatewayBenchJson.Default.GatewayBenchResult, result => result.Render());
    }
}
