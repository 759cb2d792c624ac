using System.CommandLine;
using Mana.Cli.Clients;
using Mana.Cli.Output;
using Spectre.Console;

namespace Mana.Cli.Commands.Personas;

/// <summary><c>mana personas lint</c></summary>
internal static class LintCommand
{
    public static Command Create(GlobalOptions globals, CliEnvironment environment)
    {
        var catalogOptions = new CatalogOptions();
        var command = new Verb(
            "lint",
            "Compare every persona's mix with the live tools. Exits 1 with the missing modules and the personas they concern.",
            "mana personas lint",
            "mana personas lint --catalog my-personas.yaml");
        catalogOptions.AddTo(command);
        return command.Runs(globals, environment, (context, cancellationToken) => RunAsync(context, catalogOptions, cancellationToken));
    }

    private static async Task<ExitCode> RunAsync(CommandContext context, CatalogOptions options, CancellationToken cancellationToken)
    {
        var catalog = options.Load(context);
        var tools = await ToolCatalog.ListAsync(context.Connection, catalog.Personas[0].Email, cancellationToken);
        var modules = ToolCatalog.Modules(tools);
        var findings = MixLint.Check(catalog, modules);
        var notes = MixLint.Notes(catalog);
        if (context.Json)
        {
            var live = modules.Order(StringComparer.Ordinal).ToList();
            context.WriteJson(new LintReport(findings.Count == 0, catalog.Source, live, findings, notes), json => json.LintReport);
        }
        else if (findings.Count == 0)
        {
            context.Say($"[green]✓[/] {catalog.Personas.Count} personas, every module of their mixes has tools");
        }
        else
        {
            foreach (var finding in findings)
            {
                context.Say(Markup.Escape(finding.Message));
            }
        }

        if (!context.Json)
        {
            foreach (var note in notes)
            {
                context.Warn("note: " + note);
            }
        }

        return findings.Count == 0 ? ExitCode.Ok : ExitCode.Failed;
    }
}
