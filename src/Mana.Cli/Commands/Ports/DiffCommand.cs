using System.CommandLine;
using System.Diagnostics;
using Mana.Cli.Output;
using Mana.Ports.Checks;
using Mana.Ports.Model;
using Spectre.Console;

namespace Mana.Cli.Commands.Ports;

/// <summary><c>mana ports diff</c></summary>
internal static class DiffCommand
{
    private static readonly Option<string?> Against = new("--against") { Description = "Compare with the schema of a git revision instead", HelpName = "REV" };
    private static readonly Option<bool> Files = new("--files") { Description = "Compare the schema with the files that follow it instead" };

    public static Command Create(GlobalOptions globals, CliEnvironment environment)
    {
        var schema = new SchemaOptions();
        var command = new Verb(
            "diff",
            "Show where reality differs from the plan, the files from the schema, or the schema from an earlier one.",
            "mana ports diff",
            "mana ports diff --files",
            "mana ports diff --against main");
        schema.AddTo(command);
        command.Add(Against);
        command.Add(Files);
        return command.Runs(globals, environment, (context, cancellationToken) => RunAsync(context, schema.Load(context), cancellationToken));
    }

    private static async Task<ExitCode> RunAsync(CommandContext context, LoadedSchema loaded, CancellationToken cancellationToken)
    {
        var (heads, differences) = context.Get(Against) is { } revision
            ? ((revision, "now"), SchemaDiff.Between(await ReadAsync(loaded, revision, cancellationToken), loaded.Schema))
            : context.Get(Files) ? (("schema", "file"), InFiles(loaded))
            : (("plan", "real"), SchemaDiff.PlanAndReality(loaded.Schema));
        if (context.Json)
        {
            PortsJson.Write(context, differences, json => json.IReadOnlyListPortDifference);
            return ExitCode.Ok;
        }

        if (differences.Count == 0)
        {
            context.Say($"[green]✓[/] {Markup.Escape(heads.Item1)} and {Markup.Escape(heads.Item2)} agree");
            return ExitCode.Ok;
        }

        // A finding in a file says itself what the schema says.
        var table = context.Get(Files)
            ? new FittedTable(new("service"), new("rule"), new("what", Wraps: true))
            : new FittedTable(new("service"), new("what"), new(heads.Item1), new(heads.Item2, Wraps: true));
        foreach (var difference in differences)
        {
            string[] cells = context.Get(Files)
                ? [difference.Service, difference.What, difference.After ?? ""]
                : [difference.Service, difference.What, difference.Before ?? "", difference.After ?? ""];
            table.AddRow([.. cells.Select(cell => new FittedCell(Markup.Escape(cell)))]);
        }

        table.Write(context.Console);
        return ExitCode.Ok;
    }

    private static List<PortDifference> InFiles(LoadedSchema loaded)
    {
        if (loaded.IsAlone)
        {
            throw new CliException(ExitCode.Usage, "--file looks at a schema alone; name its directory with --root to compare the files");
        }

        return [.. new FileCheck(FileCheck.Adapters).Run(loaded.Schema, loaded.Read)
            .Select(finding => new PortDifference(finding.Subject, finding.Rule, null, $"{loaded.Shown(finding.Path)}:{finding.At.Line}: {finding.Message}", finding.At.Line))];
    }

    private static async Task<PortSchema> ReadAsync(LoadedSchema loaded, string revision, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo("git")
        {
            WorkingDirectory = loaded.Root,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in new[] { "show", "--end-of-options", $"{revision}:./{Path.GetFileName(loaded.FullPath)}" })
        {
            start.ArgumentList.Add(argument);
        }

        try
        {
            using var git = Process.Start(start)!;
            var error = git.StandardError.ReadToEndAsync(cancellationToken);
            var text = await git.StandardOutput.ReadToEndAsync(cancellationToken);
            await git.WaitForExitAsync(cancellationToken);
            if (git.ExitCode != 0)
            {
                throw new CliException(ExitCode.Usage, $"git has no {revision}:{Path.GetFileName(loaded.FullPath)}: {(await error).ReplaceLineEndings(" ").Trim()}");
            }

            return SchemaReader.Read(text, $"{revision}:{loaded.Schema.Path}") is { Schema: { } schema }
                ? schema
                : throw new CliException(ExitCode.Usage, $"the schema of {revision} has faults; mana ports check --file finds them once it is checked out");
        }
        catch (System.ComponentModel.Win32Exception)
        {
            throw new CliException(ExitCode.Usage, "there is no git in PATH; install it, or compare without --against");
        }
    }
}
