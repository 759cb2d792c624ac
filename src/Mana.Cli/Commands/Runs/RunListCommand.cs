using System.CommandLine;
using System.Globalization;
using Mana.Cli.Output;
using Spectre.Console;

namespace Mana.Cli.Commands.Runs;

/// <summary><c>mana runs list</c></summary>
internal static class RunListCommand
{
    private const int DefaultLimit = 20;

    private static readonly Option<int> Limit = CountOption.Of("--limit", DefaultLimit, "How many, newest first");

    public static Command Create(GlobalOptions globals, CliEnvironment environment)
    {
        var command = new Verb("list", "Show the runs: what each start of a runner opened until its end.", "mana runs list", "mana purge --run 20261123-091500-3fa2");
        command.Add(Limit);
        return command.Runs(globals, environment, RunAsync);
    }

    private static async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        using var runner = context.Runner();
        var runs = await runner.ListRunsAsync(context.Get(Limit), cancellationToken);
        if (context.Json)
        {
            context.WriteJson(runs, json => json.IReadOnlyListRunSummary);
            return ExitCode.Ok;
        }

        if (runs.Count == 0)
        {
            context.Say("No runs yet; [bold]./mana tick run --all --wait[/] lets everybody visit now.");
            return ExitCode.Ok;
        }

        var table = new FittedTable(new("run"), new("first tick", 2), new("last tick", 4), new("ticks"), new("personas", 3), new("open", 1), new("failed"));
        foreach (var run in runs)
        {
            table.AddRow(
                Markup.Escape(run.Run),
                Texts.TimeCell(run.FirstTickAt),
                Texts.TimeCell(run.LastTickAt),
                run.Ticks.ToString(CultureInfo.InvariantCulture),
                run.Personas.ToString(CultureInfo.InvariantCulture),
                run.Open.ToString(CultureInfo.InvariantCulture),
                run.Failed == 0 ? "0" : $"[red]{run.Failed.ToString(CultureInfo.InvariantCulture)}[/]");
        }

        table.Write(context.Console);
        return ExitCode.Ok;
    }
}
