using System.CommandLine;
using System.Globalization;
using Mana.Cli.Clients;
using Mana.Cli.Output;
using Spectre.Console;

namespace Mana.Cli.Commands.Personas;

/// <summary><c>mana personas list</c></summary>
internal static class ListCommand
{
    public static Command Create(GlobalOptions globals, CliEnvironment environment) =>
        new Verb("list", "Show every persona, its cadence and when it was last active.", "mana personas list", "mana personas list --json | jq '.[].email'")
            .Runs(globals, environment, RunAsync);

    private static async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        using var auth = new AuthClient(context.Connection.AuthUrl);
        var jwt = await context.AdminJwtAsync(auth, cancellationToken);
        var personas = (await auth.ListPersonasAsync(jwt, cancellationToken)).OrderBy(persona => persona.Email, StringComparer.Ordinal).ToList();
        var local = await LocalFailures.ReadAsync(context, cancellationToken);
        personas = personas.ConvertAll(persona => persona.LastError is null && local.TryGetValue(persona.Email, out var failing)
            ? persona with { Failures = failing.Failures, LastError = failing.LastError, NextDueAt = failing.NotBefore ?? persona.NextDueAt }
            : persona);
        if (context.Json)
        {
            context.WriteJson(personas, json => json.IReadOnlyListPersonaSummary);
            return ExitCode.Ok;
        }

        if (personas.Count == 0)
        {
            context.Say("No personas yet; [bold]./mana seed[/] brings in the ten of the catalog.");
            return ExitCode.Ok;
        }

        var table = new FittedTable(
            new("name"), new("e-mail", 5), new("archetype", 6), new("cadence", 4), new("last active"), new("next due", 1), new("actions 7d", 3), new("failures", 1),
            new("last error", 2, Wraps: true));
        foreach (var persona in personas)
        {
            table.AddRow(
                Markup.Escape(persona.Name),
                Markup.Escape(persona.Email),
                Markup.Escape(persona.Archetype),
                Markup.Escape(persona.TickCadence),
                persona.LastActiveAt is null ? "[yellow]never[/]" : Texts.TimeCell(persona.LastActiveAt),
                persona.NextDueAt is null ? "" : Texts.TimeCell(persona.NextDueAt),
                persona.Actions7d.ToString(CultureInfo.InvariantCulture),
                persona.Failures > 0 ? $"[red]{persona.Failures.ToString(CultureInfo.InvariantCulture)}[/]" : "0",
                Markup.Escape(Texts.Short(persona.LastError ?? "", 40)));
        }

        table.Write(context.Console);
        return ExitCode.Ok;
    }
}
