using System.CommandLine;
using Mana.Cli.Output;
using Mana.Ports.Model;
using Mana.Ports.Rendering;
using Spectre.Console;

namespace Mana.Cli.Commands.Ports;

/// <summary><c>mana ports render</c></summary>
internal static class RenderCommand
{
    private static readonly Option<string?> Format = new("--format") { Description = "markdown, html or constants", HelpName = "FORMAT" };
    private static readonly Option<string?> Output = new("--output", "-o") { Description = "Write there instead of to stdout", HelpName = "PATH" };
    private static readonly Option<string?> Service = new("--service") { Description = "The service that constants are for", HelpName = "NAME" };
    private static readonly Option<bool> Write = new("--write") { Description = "Write every file that the schema lists under files: rendered ones whole, the others where a managed service is missing or has another port" };

    public static Command Create(GlobalOptions globals, CliEnvironment environment)
    {
        var schema = new SchemaOptions();
        var command = new Verb(
            "render",
            "Render the schema as a document, as a picture, or as a constant in C#.",
            "mana ports render --write",
            "mana ports render --format markdown > docs/PORT_SCHEMA.md",
            "mana ports render --format html --output fleet.html");
        schema.AddTo(command);
        Format.AcceptOnlyFromAmong("markdown", "html", "constants");
        foreach (var option in new Option[] { Format, Output, Service, Write })
        {
            command.Add(option);
        }

        return command.Runs(globals, environment, (context, cancellationToken) => RunAsync(context, schema.Load(context), cancellationToken));
    }

    private static async Task<ExitCode> RunAsync(CommandContext context, LoadedSchema loaded, CancellationToken cancellationToken)
    {
        try
        {
            if (context.Get(Write))
            {
                return WriteAll(context, loaded);
            }

            var kind = context.Get(Format) switch
            {
                "markdown" => PortRenderers.Document,
                "html" => PortRenderers.Picture,
                "constants" => PortRenderers.Constants,
                _ => throw new CliException(ExitCode.Usage, "say what to render with --format, or render everything that the schema lists with --write"),
            };
            var service = context.Get(Service);
            if (kind == PortRenderers.Constants && service is null)
            {
                throw new CliException(ExitCode.Usage, "say with --service for which service the constant is");
            }

            var output = context.Get(Output);
            var text = PortRenderers.Render(loaded.Schema, new FollowingFile(kind, output ?? "Ports/GeneratedPort.cs", service, default));
            if (output is null)
            {
                await context.Environment.Out.WriteAsync(text);
            }
            else
            {
                await WriteAsync(output, text, cancellationToken);
            }

            return ExitCode.Ok;
        }
        catch (SchemaException e)
        {
            throw new CliException(ExitCode.Usage, e.Message);
        }
    }

    private static ExitCode WriteAll(CommandContext context, LoadedSchema loaded)
    {
        var files = loaded.Schema.Files.Select(file => file.Path).ToList();
        var changes = WriteOptions.Changes(loaded, change => change.Follow());
        WriteOptions.Write(loaded, changes);
        foreach (var change in changes)
        {
            context.Say($"[green]✓[/] {Markup.Escape(loaded.Shown(change.Path))}");
        }

        if (context.Json)
        {
            PortsJson.Write(
                context,
                new RenderReport([.. changes.Select(change => change.Path)], [.. files.Except(changes.Select(change => change.Path))]),
                json => json.RenderReport);
        }
        else
        {
            context.Say($"{changes.Count} {(changes.Count == 1 ? "file" : "files")} written, {files.Count - changes.Count} unchanged");
        }

        return ExitCode.Ok;
    }

    private static async Task WriteAsync(string path, string text, CancellationToken cancellationToken)
    {
        var full = Path.GetFullPath(path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        var temporary = full + ".new";
        await File.WriteAllTextAsync(temporary, text, cancellationToken);
        File.Move(temporary, full, overwrite: true);
    }
}
