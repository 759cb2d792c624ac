using System.CommandLine;
using System.Globalization;
using Mana.Cli.Clients;
using Mana.Cli.Output;
using Mana.Contracts;
using Spectre.Console;

namespace Mana.Cli.Commands.Personas;

/// <summary><c>mana personas show</c></summary>
internal static class ShowCommand
{
    private static readonly Argument<string> Persona = new("PERSONA") { Description = "E-mail address, name or user id" };

    public static Command Create(GlobalOptions globals, CliEnvironment environment)
    {
        var command = new Verb("show", "Show one persona: prompt, mix, latest actions, ratings by module.", "mana personas show persona.anna@mana.test");
        command.Add(Persona);
        return command.Runs(globals, environment, RunAsync);
    }

    private static async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var wanted = context.Get(Persona)!;
        using var auth = new AuthClient(context.Connection.AuthUrl);
        var jwt = await context.AdminJwtAsync(auth, cancellationToken);
        var named = (await auth.ListPersonasAsync(jwt, cancellationToken)).FirstOrDefault(persona =>
            string.Equals(persona.Email, wanted, StringComparison.OrdinalIgnoreCase)
            || string.Equals(persona.Name, wanted, StringComparison.OrdinalIgnoreCase));
        var detail = await auth.FindPersonaAsync(jwt, named?.UserId ?? new UserId(wanted), cancellationToken);
        if (detail is null)
        {
            throw new CliException(ExitCode.Failed, $"mana-auth at {auth.Address} knows no persona {wanted}; ./mana personas list shows them all");
        }

        if (detail.Persona.LastError is null
            && (await LocalFailures.ReadAsync(context, cancellationToken)).TryGetValue(detail.Persona.Email, out var failing))
        {
            detail = detail with
            {
                Persona = detail.Persona with { Failures = failing.Failures, LastError = failing.LastError, NextDueAt = failing.NotBefore ?? detail.Persona.NextDueAt },
            };
        }

        if (context.Json)
        {
            context.WriteJson(detail, json => json.PersonaDetailResponse);
        }
        else
        {
            Print(context, detail);
        }

        return ExitCode.Ok;
    }

    private static void Print(CommandContext context, PersonaDetailResponse detail)
    {
        var persona = detail.Persona;
        context.Say($"[bold]{Markup.Escape(persona.Name)}[/]  {Markup.Escape(persona.Email)}  [grey]{Markup.Escape(persona.UserId.Value)}[/]");
        context.Say($"{Markup.Escape(persona.Archetype)}, {Markup.Escape(persona.TickCadence)}, last active {Texts.Time(persona.LastActiveAt)}"
            + (persona.NextDueAt is null ? "" : $", due {Texts.Time(persona.NextDueAt)}")
            + (persona.Failures > 0 ? $", [red]{persona.Failures.ToString(CultureInfo.InvariantCulture)} failures in a row[/]" : ""));
        if (persona.LastError is { } error)
        {
            context.Say($"[red]last failure[/] {(persona.LastFailedAt is null ? "" : Texts.Time(persona.LastFailedAt))}: {Markup.Escape(error)}");
        }

        context.Say("mix: " + string.Join(" · ", persona.ModuleMix.Select(pair => $"{Markup.Escape(pair.Key)} {pair.Value.ToString(CultureInfo.InvariantCulture)}")));
        if (persona.AllowDestructive is { Count: > 0 } patterns)
        {
            context.Say("may use the destructive tools: " + Markup.Escape(string.Join(", ", patterns)));
        }

        context.Say("");
        context.Say(Markup.Escape(persona.SystemPrompt));
        if (detail.RecentActions.Count > 0)
        {
            var actions = new FittedTable(new("when"), new("tool"), new("result"), new("ms", 2), new("error", 1, Wraps: true));
            foreach (var action in detail.RecentActions)
            {
                actions.AddRow(
                    Texts.TimeCell(action.CreatedAt),
                    Markup.Escape(action.ToolName),
                    action.Result == "ok" ? "[green]ok[/]" : $"[red]{Markup.Escape(action.Result)}[/]",
                    action.LatencyMs?.ToString(CultureInfo.InvariantCulture) ?? "",
                    Markup.Escape(Texts.Short(action.ErrorMessage ?? "", 60)));
            }

            actions.Write(context.Console);
        }

        foreach (var module in detail.FeedbackByModule)
        {
            context.Say($"{Markup.Escape(module.Module)}: {module.AvgRating.ToString("0.0", CultureInfo.InvariantCulture)} of 5 (n = {module.Count}, uncalibrated simulation)");
        }
    }
}
