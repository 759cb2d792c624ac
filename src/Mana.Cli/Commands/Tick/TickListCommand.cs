using System.CommandLine;
using System.Globalization;
using Mana.Cli.Output;
using Mana.Contracts;
using Spectre.Console;

namespace Mana.Cli.Commands.Tick;

/// <summary><c>mana tick list</c></summary>
internal static class TickListCommand
{
    private const int DefaultLimit = 20;
    private const int ReasonLength = 100;

    private const int ShortName = 10;

    private static readonly Option<int> Limit = CountOption.Of("--limit", DefaultLimit, "How many, newest first");

    private static readonly Option<string?> Persona = new("--persona") { Description = "Only this persona's, by e-mail or name", HelpName = "PERSONA" };

    private static readonly Option<bool> Undelivered = new("--undelivered") { Description = "Only those that mana-auth has not acknowledged all of, the oldest first, with the reason" };

    public static Command Create(GlobalOptions globals, CliEnvironment environment)
    {
        var command = new Verb("list", "Show the latest ticks.", "mana tick list", "mana tick list --persona persona.maya@mana.test --limit 5", "mana tick list --undelivered");
        command.Add(Limit);
        command.Add(Persona);
        command.Add(Undelivered);
        return command.Runs(globals, environment, RunAsync);
    }

    private static async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        using var runner = context.Runner();
        var ticks = await runner.ListTicksAsync(context.Get(Limit), context.Get(Persona), cancellationToken, context.Get(Undelivered));
        if (context.Json)
        {
            context.WriteJson(ticks, json => json.IReadOnlyListTickSummary);
            return ExitCode.Ok;
        }

        if (ticks.Count == 0)
        {
            context.Say((context.Get(Undelivered), context.Get(Persona)) switch
            {
                (true, null) => "mana-auth has acknowledged everything.",
                (true, { } persona) => $"mana-auth has acknowledged everything of {Markup.Escape(persona)}.",
                (false, { } persona) => $"No ticks of {Markup.Escape(persona)}; [bold]./mana personas list[/] shows who there is.",
                _ => "No ticks yet; [bold]./mana tick run --all --wait[/] lets everybody visit now.",
            });
            return ExitCode.Ok;
        }

        if (!context.Get(Undelivered))
        {
            Table(ticks).Write(context.Console);
        }
        else
        {
            PrintUndelivered(context, ticks);
            context.Say("A persona visits again when nothing of it waits. [bold]./mana tick retry ID[/] sends now, [bold]./mana tick set-aside ID[/] lets the persona go on without.");
        }

        return ExitCode.Ok;
    }

    private static FittedTable Table(IReadOnlyList<TickSummary> ticks)
    {
        var table = new FittedTable(
            new("tick"), new("persona"), new("started"), new("phase", 5), new("outcome"), new("calls", 1), new("ratings", 2), new("brain", 4), new("delivered", 3));
        foreach (var tick in ticks)
        {
            table.AddRow(
                Markup.Escape(tick.Id.Value),
                new FittedCell(Markup.Escape(tick.Name), Markup.Escape(Texts.Short(tick.Name, ShortName))),
                Texts.TimeCell(tick.StartedAt),
                Markup.Escape(tick.Phase),
                Texts.State(tick),
                tick.ToolCalls.ToString(CultureInfo.InvariantCulture),
                tick.Ratings.ToString(CultureInfo.InvariantCulture) + (tick.MissingRatings > 0 ? $" [yellow]({tick.MissingRatings} missing)[/]" : ""),
                Markup.Escape(tick.Model ?? tick.Brain),
                tick.Delivered ? "yes" : tick.SetAside > 0 ? "[red]refused[/]" : "[yellow]not yet[/]");
        }

        return table;
    }

    private static void PrintUndelivered(CommandContext context, IReadOnlyList<TickSummary> ticks)
    {
        foreach (var tick in ticks)
        {
            context.Say($"{Markup.Escape(tick.Id.Value)}  [bold]{Markup.Escape(Texts.Short(tick.Name, ShortName))}[/]  since {Texts.Time(tick.EndedAt)}");
            context.Say(string.Create(
                CultureInfo.InvariantCulture,
                $"    {tick.Undelivered - tick.SetAside} waiting, {tick.SetAside} set aside, {Texts.Count(tick.DeliveryAttempts, "attempt")}: {Markup.Escape(Texts.Short(tick.DeliveryError ?? "not tried yet", ReasonLength))}"));
        }
    }
}
