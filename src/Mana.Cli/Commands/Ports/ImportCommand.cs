using System.CommandLine;
using System.Globalization;
using Mana.Cli.Output;
using Mana.Ports.Checks;
using Mana.Ports.Files;
using Mana.Ports.Model;
using Spectre.Console;

namespace Mana.Cli.Commands.Ports;

/// <summary><c>mana ports import</c></summary>
internal static class ImportCommand
{
    private static readonly Argument<string[]> Files = new("FILE")
    {
        Description = "docker-compose, Prometheus, .env, cloudflared or Markdown files; KIND:PATH where the name does not tell the kind",
        Arity = ArgumentArity.OneOrMore,
    };

    private static readonly Option<string> Output = new("--output", "-o") { Description = "The schema to write", HelpName = "PATH", DefaultValueFactory = _ => PortSchema.DefaultPath };
    private static readonly Option<string> Host = new("--host") { Description = "What the schema calls the machine of these files", HelpName = "NAME", DefaultValueFactory = _ => "main" };
    private static readonly Option<bool> DryRun = new("--dry-run") { Description = "Print the schema and write nothing" };

    public static Command Create(GlobalOptions globals, CliEnvironment environment)
    {
        var command = new Verb(
            "import",
            "Make a schema from the files that a fleet has. They follow it from then on.",
            "mana ports import docker-compose.yml prometheus.yml",
            "mana ports import compose:stack.yml .env docs/ports.md --host mac-mini --dry-run");
        command.Add(Files);
        foreach (var option in new Option[] { Output, Host, DryRun })
        {
            command.Add(option);
        }

        return command.Runs(globals, environment, (context, _) => Task.FromResult(Run(context)));
    }

    private static ExitCode Run(CommandContext context)
    {
        var output = Path.GetFullPath(context.Get(Output)!);
        if (File.Exists(output) && !context.Get(DryRun))
        {
            throw new CliException(ExitCode.Refused, $"{SchemaOptions.Shown(output)} is there already; choose another --output, or move it away");
        }

        var files = context.Get(Files)!.Select(argument => Open(argument, Path.GetDirectoryName(output)!)).ToList();
        string text;
        var import = new SchemaImport(context.Get(Host)!);
        try
        {
            text = import.Make(files);
        }
        catch (PortFileException e)
        {
            throw new CliException(ExitCode.Usage, $"{e.Message}; nothing was written");
        }

        foreach (var entry in import.LeftOut)
        {
            context.Warn(string.Create(CultureInfo.InvariantCulture, $"{entry.Path}:{entry.Line}: left out{(entry.Service.Length > 0 ? $" of {entry.Service}" : "")}: {entry.Reason}"));
        }

        var read = SchemaReader.Read(text, Path.GetFileName(output));
        if (read.Schema is not { } schema)
        {
            throw new CliException(ExitCode.Usage, $"no schema can be made of these files: {read.Faults[0].Message}");
        }

        if (context.Get(DryRun))
        {
            context.Environment.Out.Write(text);
            return ExitCode.Ok;
        }

        try
        {
            new FileTransaction(output + ".lock").Write([new FileChange(output, null, text)]);
        }
        catch (IOException e)
        {
            throw new CliException(ExitCode.Refused, e.Message);
        }

        return Report(context, schema, output, import.LeftOut.Count);
    }

    private static ExitCode Report(CommandContext context, PortSchema schema, string output, int leftOut)
    {
        var root = Path.GetDirectoryName(output)!;
        var today = DateOnly.FromDateTime(context.Environment.Time.GetUtcNow().UtcDateTime);
        var findings = SchemaCheck.Run(schema, today, new FileCheck(FileCheck.Adapters).Run(schema, path => FileTransaction.Read(Path.Combine(root, path))));
        var errors = findings.Count(finding => finding.Severity == Severity.Error);
        if (context.Json)
        {
            PortsJson.Write(context, new ImportReport(output, schema.Services.Count, schema.Ranges.Count, schema.Files.Count, errors), json => json.ImportReport);
        }
        else
        {
            context.Say($"[green]✓[/] {Markup.Escape(SchemaOptions.Shown(output))}: {Count(schema.Services.Count, "service")}, {Count(schema.Ranges.Count, "range")}, {Count(schema.Files.Count, "file")}");
            if (leftOut > 0)
            {
                context.Say($"[yellow]![/] {leftOut} {(leftOut == 1 ? "entry was" : "entries were")} left out, see above");
            }

            context.Say(errors == 0 ? "mana ports check finds no error in it" : $"mana ports check finds {errors} {(errors == 1 ? "error" : "errors")} in what these files say");
        }

        return ExitCode.Ok;
    }

    private static string Count(int count, string what) => string.Create(CultureInfo.InvariantCulture, $"{count} {what}{(count == 1 ? "" : "s")}");

    private static ImportedFile Open(string argument, string root)
    {
        var colon = argument.IndexOf(':', StringComparison.Ordinal);
        var named = colon > 0 ? FileCheck.Adapters.FirstOrDefault(adapter => adapter.Kind == argument[..colon]) : null;
        var path = named is null ? argument : argument[(colon + 1)..];
        var adapter = named ?? FileCheck.Adapters.FirstOrDefault(one => one.Claims(path)) ?? throw new CliException(
            ExitCode.Usage, $"the name of {path} does not tell its kind; write KIND:{path} with one of {string.Join(", ", FileCheck.Adapters.Select(one => one.Kind))}");
        try
        {
            var text = FileTransaction.Read(path) ?? throw new CliException(ExitCode.Usage, $"there is no {path}");
            return new ImportedFile(adapter, Path.GetRelativePath(root, Path.GetFullPath(path)), text);
        }
        catch (PortFileException e)
        {
            throw new CliException(ExitCode.Usage, e.Message);
        }
    }
}
