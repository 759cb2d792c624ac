using System.CommandLine;
using Mana.Cli.Output;
using Spectre.Console;

namespace Mana.Cli.Commands.Doctor;

/// <summary><c>mana doctor</c></summary>
internal static class DoctorCommand
{
    public const string Ok = "ok";
    public const string Warning = "warning";
    public const string Broken = "broken";

    public static Command Create(GlobalOptions globals, CliEnvironment environment) =>
        new Verb(
            "doctor",
            "Check addresses, keys, database, clocks and versions; say what to fix. Exits 1 when something is broken.",
            "mana doctor",
            "mana doctor --auth-url https://auth.example.org --json").Runs(globals, environment, RunAsync);

    private static async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var checks = new List<DoctorCheck>();
        await foreach (var check in new Checkup(context).RunAsync(cancellationToken))
        {
            checks.Add(check);
            if (!context.Json)
            {
                Print(context, check);
            }
        }

        var ok = checks.TrueForAll(check => check.State != Broken);
        if (context.Json)
        {
            context.WriteJson(new DoctorReport(ok, checks), json => json.DoctorReport);
        }
        else
        {
            context.Say(ok ? "Nothing is broken." : $"[red]{checks.Count(check => check.State == Broken)} of {checks.Count} checks found something broken.[/]");
        }

        return ok ? ExitCode.Ok : ExitCode.Failed;
    }

    private static void Print(CommandContext context, DoctorCheck check)
    {
        var mark = check.State switch
        {
            Ok => "[green]✓[/]",
            Warning => "[yellow]![/]",
            _ => "[red]✗[/]",
        };
        context.Say($"{mark} {Markup.Escape(check.Name.PadRight(20))} {Markup.Escape(check.Detail)}");
        if (check.Fix is { } fix)
        {
            context.Say($"  {"",-20} → {Markup.Escape(fix)}");
        }
    }
}
