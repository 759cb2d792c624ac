using System.CommandLine;
using Mana.Cli.Output;
using Mana.Ports.Checks;
using Mana.Ports.Files;
using Mana.Ports.Model;
using Spectre.Console;

namespace Mana.Cli.Commands.Ports;

/// <summary>How a command writes several files: the diff first, then the question, then all or nothing.</summary>
internal sealed class WriteOptions
{
    /// <summary>Beside the schema, while a run changes it.</summary>
    internal const string LockName = ".mana-ports.lock";

    public Option<bool> DryRun { get; } = new("--dry-run") { Description = "Show the diff and write nothing" };

    public Option<bool> Yes { get; } = new("--yes", "-y") { Description = "Write without asking" };

    public void AddTo(Command command)
    {
        command.Add(DryRun);
        command.Add(Yes);
    }

    /// <summary>Works out the changes, refuses those that break a rule, shows them and writes them.</summary>
    /// <param name="context">The invocation.</param>
    /// <param name="loaded">The schema.</param>
    /// <param name="service">What it is about.</param>
    /// <param name="port">Its new port.</param>
    /// <param name="change">The changes, with paths relative to the schema.</param>
    public ExitCode Write(CommandContext context, LoadedSchema loaded, string service, int? port, Func<SchemaChange, IReadOnlyList<FileChange>> change)
    {
        if (loaded.IsAlone)
        {
            throw new CliException(ExitCode.Usage, "a schema alone has no files to write; name the directory with --root");
        }

        var changes = Changes(loaded, change);
        RefuseNewErrors(context, loaded, changes);
        var diff = UnifiedDiff.Text(changes);
        var write = !context.Get(DryRun) && changes.Count > 0;
        if (!context.Json)
        {
            Show(context, diff);
        }

        if (write && !context.Get(Yes))
        {
            Ask(context, changes.Count);
        }

        if (write)
        {
            Write(loaded, changes);
        }

        if (context.Json)
        {
            PortsJson.Write(context, new ChangeReport(service, port, write, [.. changes.Select(one => one.Path)], diff), json => json.ChangeReport);
        }
        else
        {
            context.Say(changes.Count == 0 ? "[green]✓[/] nothing to change"
                : write ? $"[green]✓[/] {Markup.Escape(service)}{(port is null ? "" : $" on {port}")}: {changes.Count} {(changes.Count == 1 ? "file" : "files")} written"
                : $"{changes.Count} files would be written");
        }

        return ExitCode.Ok;
    }

    /// <summary>What a change would write.</summary>
    /// <exception cref="CliException">A file is not sound.</exception>
    internal static IReadOnlyList<FileChange> Changes(LoadedSchema loaded, Func<SchemaChange, IReadOnlyList<FileChange>> change)
    {
        try
        {
            var text = FileTransaction.Read(loaded.FullPath) ?? loaded.Text;
            return change(new SchemaChange(FileCheck.Adapters, text, Path.GetFileName(loaded.FullPath), path => FileTransaction.Read(loaded.At(path))));
        }
        catch (Exception e) when (e is SchemaException or PortFileException)
        {
            throw new CliException(ExitCode.Usage, $"{e.Message}; nothing was written");
        }
    }

    /// <summary>What is broken already may stay so; what the change would break is refused.</summary>
    private static void RefuseNewErrors(CommandContext context, LoadedSchema loaded, IReadOnlyList<FileChange> changes)
    {
        var today = DateOnly.FromDateTime(context.Environment.Time.GetUtcNow().UtcDateTime);
        var after = changes.ToDictionary(change => change.Path, change => change.After, StringComparer.Ordinal);
        var text = after.GetValueOrDefault(Path.GetFileName(loaded.FullPath), loaded.Text);
        var known = Errors(loaded.Schema, today, loaded.Read).Select(Key).ToHashSet();
        var broken = Errors(SchemaReader.Read(text, loaded.Schema.Path).Require(), today, path => after.GetValueOrDefault(path) ?? loaded.Read(path))
            .Where(finding => !known.Contains(Key(finding))).ToList();
        if (broken.Count == 0)
        {
            return;
        }

        foreach (var finding in broken)
        {
            context.Warn($"{finding.Rule}: {finding.Message}");
        }

        throw new CliException(ExitCode.Refused, $"this would break {(broken.Count == 1 ? "a rule" : $"{broken.Count} rules")} of the schema; nothing was written (mana ports explain {broken[0].Rule} tells more)");
    }

    private static IEnumerable<Finding> Errors(PortSchema schema, DateOnly today, Func<string, string?> read) =>
        SchemaCheck.Run(schema, today, new FileCheck(FileCheck.Adapters).Run(schema, read)).Where(finding => finding.Severity == Severity.Error && finding.Allowed is null);

    private static (string Rule, string Subject, int? Port, string Path) Key(Finding finding) => (finding.Rule, finding.Subject, finding.Port, finding.Path);

    private static void Show(CommandContext context, string diff)
    {
        foreach (var line in diff.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var shown = Markup.Escape(line);
            context.Say(line[0] switch
            {
                '+' => $"[green]{shown}[/]",
                '-' => $"[red]{shown}[/]",
                '@' => $"[aqua]{shown}[/]",
                _ => shown,
            });
        }
    }

    private static void Ask(CommandContext context, int files)
    {
        if (!context.Environment.IsInteractive)
        {
            throw new CliException(ExitCode.Refused, "nobody is here to confirm; add --yes to write, or --dry-run to look only");
        }

        context.Environment.Error.Write($"Write these {files} files? [y/N] ");
        if (context.Environment.In.ReadLine()?.Trim().ToLowerInvariant() is not ("y" or "yes"))
        {
            throw new CliException(ExitCode.Refused, "not confirmed; nothing was written");
        }
    }

    /// <summary>Writes all or nothing.</summary>
    /// <exception cref="CliException">Another run is at it, or a file cannot be written.</exception>
    internal static void Write(LoadedSchema loaded, IReadOnlyList<FileChange> changes)
    {
        try
        {
            new FileTransaction(Path.Combine(loaded.Root, LockName)).Write([.. changes.Select(change => change with { Path = loaded.At(change.Path) })]);
        }
        catch (IOException e)
        {
            throw new CliException(ExitCode.Refused, e.Message);
        }
    }
}
