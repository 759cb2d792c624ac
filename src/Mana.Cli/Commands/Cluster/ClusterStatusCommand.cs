using System.CommandLine;
using System.Globalization;
using Mana.Cli.Output;
using Mana.Contracts;
using Spectre.Console;

namespace Mana.Cli.Commands.Cluster;

/// <summary><c>mana cluster status</c></summary>
internal static class ClusterStatusCommand
{
    public static Command Create(GlobalOptions globals, CliEnvironment environment) =>
        new Verb("status", "Show the nodes, what they run, what waits, and when personas are next asked for.", "mana cluster status", "mana cluster status --json")
            .Runs(globals, environment, RunAsync);

    private static async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        using var runner = context.Runner();
        var cluster = await runner.ClusterAsync(cancellationToken);
        if (context.Json)
        {
            context.WriteJson(cluster, json => json.ClusterResponse);
            return ExitCode.Ok;
        }

        context.Say(cluster.Shared
            ? $"Cluster [bold]{Markup.Escape(cluster.Cluster)}[/] in PostgreSQL, {Texts.Count(cluster.Nodes.Count, "node")}{(cluster.Paused ? ", [yellow]paused[/]" : "")}"
            : $"One node, alone on SQLite (with DATABASE_URL others can join){(cluster.Paused ? ", [yellow]paused[/]" : "")}");

        // A node's name begins with its address, so that this can go first where there is little room.
        var table = new FittedTable(new("node"), new("address", 2), new("status"), new("since", 1), new("running"), new(""));
        foreach (var node in cluster.Nodes)
        {
            var name = Markup.Escape(node.Name);
            var status = node.Status == "active" ? "[green]active[/]" : $"[yellow]{Markup.Escape(node.Status)}[/]";
            var running = node.Running.ToString(CultureInfo.InvariantCulture);
            var marks = string.Join(", ", Marks(cluster, node));
            table.AddRow(name, Markup.Escape(node.Address), status, node.Since is null ? "" : Texts.TimeCell(node.Since), running, marks);
        }

        table.Write(context.Console);
        context.Say($"no node runs: {Waiting(cluster)}");
        context.Say($"last asked who is due {Texts.Time(cluster.LastBeatAt)}"
            + (cluster.NextBeatAt is null ? "" : $", next {Texts.Time(cluster.NextBeatAt)}")
            + (cluster.LastBeatError is null ? "" : $"; [red]{Markup.Escape(cluster.LastBeatError)}[/]"));
        return ExitCode.Ok;
    }

    /// <summary>The open ticks that no living node runs, by what they wait for.</summary>
    private static string Waiting(ClusterResponse cluster) => string.Create(
        CultureInfo.InvariantCulture, $"{cluster.Queued} queued, {cluster.Parked} parked, {cluster.Orphaned} whose node is gone");

    private static IEnumerable<string> Marks(ClusterResponse cluster, ClusterNode node)
    {
        if (node.Name == cluster.ClockNode)
        {
            yield return "tick clock";
        }

        if (node.Name == cluster.Node)
        {
            yield return "answers here";
        }
    }
}
