using System.CommandLine;
using System.Globalization;
using System.Reflection;
using Mana.Cli.Output;
using Mana.Ports.Checks;
using Spectre.Console;

namespace Mana.Cli.Commands.Ports;

/// <summary><c>mana ports check</c></summary>
internal static class CheckCommand
{
    private static readonly Option<string> Format = new("--format") { Description = "plain, or sarif (2.1.0) for code hosts", HelpName = "FORMAT", DefaultValueFactory = _ => "plain" };
    private static readonly Option<bool> Quiet = new("--quiet", "-q") { Description = "Print only errors, warnings and the sum" };
    private static readonly Option<bool> Strict = new("--strict") { Description = "Exit 1 for warnings, too" };
    private static readonly Option<string?> On = new("--on") { Description = "The day that exceptions' end dates are compared with (default: today)", HelpName = "DATE" };

    public static Command Create(GlobalOptions globals, CliEnvironment environment)
    {
        var schema = new SchemaOptions();
        var command = new Verb(
            "check",
            "Compare the schema with its own rules, and every file that follows it with the schema. Exits 1 with an error among the findings, 2 when the schema cannot be read.",
            "mana ports check",
            "mana ports check --format sarif > ports.sarif",
            "mana ports check --file other-fleet.yaml");
        schema.AddTo(command);
        Format.AcceptOnlyFromAmong("plain", "sarif");
        foreach (var option in new Option[] { Format, Quiet, Strict, On })
        {
            command.Add(option);
        }

        return command.Runs(globals, environment, (context, _) => Task.FromResult(Run(context, schema.Load(context))));
    }

    /// <summary>All findings, with paths as people see them from here.</summary>
    internal static List<Finding> Findings(CommandContext context, LoadedSchema loaded, DateOnly today)
    {
        var findings = loaded.IsAlone
            ? SchemaCheck.Run(loaded.Schema, today)
            : SchemaCheck.Run(loaded.Schema, today, new FileCheck(FileCheck.Adapters).Run(loaded.Schema, loaded.Read));
        return [.. findings.Select(finding => finding with { Path = loaded.Shown(finding.Path) })];
    }

    internal static DateOnly Today(CommandContext context)
    {
        if (context.Get(On) is not { } text)
        {
            return DateOnly.FromDateTime(context.Environment.Time.GetUtcNow().UtcDateTime);
        }

        return DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)
            ? day
            : throw new CliException(ExitCode.Usage, $"\"{text}\" is no date; write one as 2027-03-31");
    }

    private static ExitCode Run(CommandContext context, LoadedSchema loaded)
    {
        var findings = Findings(context, loaded, Today(context));
        var open = findings.Where(finding => finding.Allowed is null).ToList();
        var (errors, warnings) = (open.Count(finding => finding.Severity == Severity.Error), open.Count(finding => finding.Severity == Severity.Warning));
        var isOk = errors == 0 && (warnings == 0 || !context.Get(Strict));
        if (context.Get(Format) == "sarif")
        {
            context.Environment.Out.WriteLine(Sarif.Write(findings, Version));
        }
        else if (context.Json)
        {
            PortsJson.Write(context, new CheckReport(isOk, errors, warnings, open.Count - errors - warnings, findings.Count - open.Count, [.. findings.Select(Row)]), json => json.CheckReport);
        }
        else
        {
            var sum = $"{Count(loaded.Schema.Services.Count, "service")}: {Count(errors, "error")}, {Count(warnings, "warning")}, {Count(open.Count - errors - warnings, "info")}, {findings.Count - open.Count} allowed";
            Print(context, findings, sum, isOk);
        }

        return isOk ? ExitCode.Ok : ExitCode.Failed;
    }

    private static void Print(CommandContext context, List<Finding> findings, string sum, bool isOk)
    {
        foreach (var finding in findings)
        {
            if (context.Get(Quiet) && (finding.Allowed is not null || finding.Severity == Severity.Info))
            {
                continue;
            }

            var place = string.Create(CultureInfo.InvariantCulture, $"{finding.Path}:{finding.At.Line}:{finding.At.Column}:");
            var (word, colour) = finding.Allowed is not null ? ("allowed", "grey") : finding.Severity switch
            {
                Severity.Error => ("error", "red"),
                Severity.Warning => ("warning", "yellow"),
                _ => ("info", "blue"),
            };
            var allowed = finding.Allowed is { } exception ? $" (until {exception.Until:yyyy-MM-dd})" : "";
            context.Say($"{Markup.Escape(place)} [{colour}]{word}[/] {finding.Rule}: {Markup.Escape(finding.Message)}{allowed}");
        }

        context.Say($"{(isOk ? "[green]✓[/]" : "[red]✗[/]")} {sum}");
    }

    private static string Count(int count, string what) => string.Create(CultureInfo.InvariantCulture, $"{count} {what}{(count == 1 ? "" : "s")}");

    private static FindingRow Row(Finding finding) => new(
        finding.Rule, finding.Severity.ToString().ToLowerInvariant(), finding.Subject, finding.Port, finding.Other, finding.Message, finding.Path, finding.At.Line, finding.At.Column,
        finding.Allowed?.Until.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), finding.Allowed?.Reason);

    private static string Version { get; } = typeof(CheckCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";
}
