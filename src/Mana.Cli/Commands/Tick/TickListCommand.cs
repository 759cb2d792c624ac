using System.CommandLine;
using System.Globalization;
using Mana.Cli.Output;
using Spectre.Console;

namespace Mana.Cli.Commands.Tick;

/// <summary><c>mana tick list</c></summary>
internal static class TickListCommand
{
    private const int DefaultLimit = 20;

    private static readonly Option<int> Limit = new("--limit")
    {
        Description = "How many, newest first",
        HelpName = "N",
        DefaultValueFactory = _ => DefaultLimit,
    };

    private static readonly Option<string?> Persona = new("--persona") { Description = "Only this persona's", HelpName = "EMAIL" };

    public static Command Create(GlobalOptions globals, CliEnvironment environment)
    {
        var command = new Verb("list", "Show the latest ticks.", "mana tick list", "mana tick list --persona persona.maya@mana.test --limit 5");
        command.Add(Limit);
        command.Add(Persona);
        Limit.Validators.Clear();
        Limit.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 1)
            {
                result.AddError("--limit must be at least 1");
            }
        });
        return command.Runs(globals, environment, RunAsync);
    }

    private static async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        using var runner = context.Runner();
        var ticks = await runner.ListTicksAsync(context.Get(Limit), context.Get(Persona), cancellationToken);
        if (context.Json)
        {
            context.WriteJson(ticks, json => json.IReadOnlyListTickSummary);
            return ExitCode.Ok;
        }

        if (ticks.Count == 0)
        {
            context.Say("No ticks yet; [bold]./mana tick run --all --wait[/] lets everybody visit now.");
            return ExitCode.Ok;
        }

        var table = Texts.Table("tick", "persona", "started", "phase", "outcome", "calls", "ratings", "brain", "delivered");
        foreach (var tick in ticks)
        {
            table.AddRow(
                Markup.Escape(tick.Id.Value),
                Markup.Escape(tick.Name),
                Texts.Time(tick.StartedAt),
                Markup.Escape(tick.Phase),
                Texts.Outcome(tick.Outcome),
                tick.ToolCalls.ToString(CultureInfo.InvariantCulture),
                tick.Ratings.ToString(CultureInfo.InvariantCulture) + (tick.MissingRatings > 0 ? $" [yellow]({tick.MissingRatings} missing)[/]" : ""),
                Markup.Escape(tick.Model ?? tick.Brain),
                tick.Delivered ? "yes" : "[yellow]not yet[/]");
        }

        context.Console.Write(table);
        return ExitCode.Ok;
    }
}
