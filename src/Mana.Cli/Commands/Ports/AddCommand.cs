using System.CommandLine;
using Mana.Cli.Output;
using Mana.Ports.Checks;
using Mana.Ports.Model;

namespace Mana.Cli.Commands.Ports;

/// <summary><c>mana ports add</c></summary>
internal static class AddCommand
{
    private static readonly Argument<string> Name = new("NAME") { Description = "The service" };
    private static readonly Option<string?> Range = new("--range") { Description = "The range to take the next free port from", HelpName = "NAME" };
    private static readonly Option<string?> Host = new("--host") { Description = "The host it runs on; without one it is only planned", HelpName = "NAME" };
    private static readonly Option<int?> Port = new("--port") { Description = "This port instead of the next free one", HelpName = "N" };
    private static readonly Option<bool> Any = new("--any") { Description = "Also take numbers that no row of the schema names, not only reserved ones" };
    private static readonly Option<int?> Container = new("--container") { Description = "The port inside its container where that differs", HelpName = "N" };
    private static readonly Option<string?> Metrics = Path("--metrics", "It serves metrics, at /metrics unless said otherwise");
    private static readonly Option<string?> Health = Path("--health", "It says whether it is well, at /health unless said otherwise");
    private static readonly Option<string?> Public = new("--public") { Description = "The public name that leads to it", HelpName = "NAME" };
    private static readonly Option<string?> Description = new("--description") { Description = "What it does", HelpName = "TEXT" };
    private static readonly Option<string?> Runtime = new("--runtime") { Description = "What it runs on", HelpName = "TEXT" };
    private static readonly Option<bool> SchemaOnly = new("--schema-only") { Description = "Only the schema and its documents; compose, environment and the like do not carry it" };

    public static Command Create(GlobalOptions globals, CliEnvironment environment)
    {
        var (schema, write) = (new SchemaOptions(), new WriteOptions());
        var command = new Verb(
            "add",
            "Give a new service the next free port of a range, and write it into the schema, the document, compose, environment and Prometheus in one go. Shows the diff first; all files are written, or none.",
            "mana ports add mana-example --range core --host mac-mini --metrics",
            "mana ports add mana-example --range core --host mac-mini --port 3007 --health /healthz --dry-run");
        command.Add(Name);
        foreach (var option in new Option[] { Range, Host, Port, Any, Container, Metrics, Health, Public, Description, Runtime, SchemaOnly })
        {
            command.Add(option);
        }

        write.AddTo(command);
        schema.AddTo(command);
        return command.Runs(globals, environment, (context, _) => Task.FromResult(Run(context, schema.Load(context), write)));
    }

    private static ExitCode Run(CommandContext context, LoadedSchema loaded, WriteOptions write)
    {
        var schema = loaded.Schema;
        ListCommand.RequireKnown("range", context.Get(Range), schema.Ranges.Select(range => range.Name));
        ListCommand.RequireKnown("host", context.Get(Host), schema.Hosts.Select(host => host.Name));
        var port = ChoosePort(context, schema);
        var service = Service(context, schema, port);
        return write.Write(context, loaded, service.Name, port, change => change.Add(service));
    }

    private static int ChoosePort(CommandContext context, PortSchema schema)
    {
        if (context.Get(Port) is { } asked)
        {
            return asked is > 0 and <= PortSpan.Highest ? asked : throw new CliException(ExitCode.Usage, $"--port must be between 1 and {PortSpan.Highest}");
        }

        var range = context.Get(Range) ?? throw new CliException(ExitCode.Usage, "say with --range where to look for a free port, or give one with --port");
        var free = PortChooser.Next(schema, range, context.Get(Any)).Take(1).ToList();
        if (free is [var next])
        {
            return next;
        }

        var others = PortChooser.Next(schema, range, any: true).Take(1).ToList();
        throw new CliException(ExitCode.Refused, others is [var other]
            ? $"range {range} has no reserved number left; --any takes {other}"
            : $"range {range} has no free number; widen it in {schema.Path}");
    }

    private static PortService Service(CommandContext context, PortSchema schema, int port)
    {
        var name = context.Get(Name)!;
        var range = context.Get(Range) is { } asked && schema.RangeOf(port)?.Name != asked ? asked : null;
        var host = context.Get(Host);
        if (host is null && (context.Get(Container) is not null || Asked(context, Metrics) || Asked(context, Health) || context.Get(Public) is not null))
        {
            throw new CliException(ExitCode.Usage, "what runs nowhere has no container, metrics, health or public name; say with --host where it runs");
        }

        return new PortService
        {
            Name = name,
            Description = context.Get(Description),
            Runtime = context.Get(Runtime),
            Managed = host is not null && !context.Get(SchemaOnly),
            Planned = [new PlannedPort { Port = port, Range = range }],
            Real = host is null ? [] :
            [
                new RealPort
                {
                    Port = port,
                    Host = host,
                    Health = Asked(context, Health) ? context.Get(Health) ?? "/health" : null,
                    Metrics = Asked(context, Metrics) ? context.Get(Metrics) ?? "/metrics" : null,
                    Public = context.Get(Public),
                    Container = context.Get(Container) is { } container && container != port ? container : null,
                    Since = DateOnly.FromDateTime(context.Environment.Time.GetUtcNow().UtcDateTime),
                },
            ],
        };
    }

    private static bool Asked(CommandContext context, Option option) => context.Parsed.GetResult(option) is { Implicit: false };

    private static Option<string?> Path(string name, string description) =>
        new(name) { Description = description, HelpName = "PATH", Arity = ArgumentArity.ZeroOrOne };
}
