using System.CommandLine;
using System.Globalization;
using Mana.Cli.Output;
using Mana.Ports.Model;
using Spectre.Console;

namespace Mana.Cli.Commands.Ports;

/// <summary><c>mana ports list</c></summary>
internal static class ListCommand
{
    private const string ReservedName = "(reserved)";

    private static readonly Option<string?> Host = new("--host") { Description = "Only what is real on this host", HelpName = "NAME" };
    private static readonly Option<string?> Range = new("--range") { Description = "Only numbers of this range", HelpName = "NAME" };
    private static readonly Option<string?> Status = new("--status") { Description = "Only running, planned, not-deployed, future or reserved", HelpName = "STATUS" };
    private static readonly Option<string?> Service = new("--service") { Description = "Only services whose name contains this", HelpName = "TEXT" };

    public static Command Create(GlobalOptions globals, CliEnvironment environment)
    {
        var schema = new SchemaOptions();
        var command = new Verb(
            "list", "Show every service with its planned and its real port.", "mana ports list", "mana ports list --host mac-mini", "mana ports list --range ai --json");
        schema.AddTo(command);
        foreach (var option in new Option[] { Host, Range, Status, Service })
        {
            command.Add(option);
        }

        Status.AcceptOnlyFromAmong(Words);
        return command.Runs(globals, environment, (context, _) => Task.FromResult(Run(context, schema.Load(context).Schema)));
    }

    private static string[] Words { get; } = ["running", "planned", "not-deployed", "future", "reserved"];

    internal static string Word(ServiceStatus status) => Words[status switch
    {
        ServiceStatus.Running => 0,
        ServiceStatus.Planned => 1,
        ServiceStatus.NotDeployed => 2,
        ServiceStatus.Future => 3,
        _ => 4,
    }];

    private static ExitCode Run(CommandContext context, PortSchema schema)
    {
        RequireKnown("host", context.Get(Host), schema.Hosts.Select(host => host.Name));
        RequireKnown("range", context.Get(Range), schema.Ranges.Select(range => range.Name));
        var rows = schema.Services.SelectMany(service => Rows(schema, service)).Concat(Reserved(schema))
            .Where(row => context.Get(Host) is not { } host || row.Host == host)
            .Where(row => context.Get(Range) is not { } range || row.Range == range)
            .Where(row => context.Get(Status) is not { } status || row.Status == status)
            .Where(row => context.Get(Service) is not { } name || row.Service.Contains(name, StringComparison.OrdinalIgnoreCase))
            .OrderBy(row => row.Planned ?? row.Real).ThenBy(row => row.Service, StringComparer.Ordinal).ToList();
        if (context.Json)
        {
            PortsJson.Write(context, rows, json => json.IReadOnlyListPortRow);
            return ExitCode.Ok;
        }

        var table = new FittedTable(
            new("planned"), new("real"), new("service"), new("status"), new("host", 1), new("range", 2), new("runtime", 4), new("description", 3, Wraps: true));
        foreach (var row in rows)
        {
            var isReserved = row.Service == ReservedName;
            table.AddRow(
                isReserved ? row.Description! : Number(row.Planned),
                row.Planned is { } planned && row.Real is { } real && planned != real ? $"[yellow]{Number(row.Real)}[/]" : Number(row.Real),
                Markup.Escape(row.Name is null ? row.Service : $"{row.Service} ({row.Name})"),
                row.Status,
                Markup.Escape(row.Host ?? ""),
                Markup.Escape(row.Range ?? "-"),
                Markup.Escape(row.Runtime ?? ""),
                isReserved ? "" : Markup.Escape(Texts.Short(row.Description ?? "", 60)));
        }

        table.Write(context.Console);
        return ExitCode.Ok;
    }

    private static IEnumerable<PortRow> Rows(PortSchema schema, PortService service)
    {
        foreach (var planned in service.Planned.Where(planned => service.Real.All(real => real.Name != planned.Name)))
        {
            yield return Row(schema, service, planned, null);
        }

        foreach (var real in service.Real)
        {
            yield return Row(schema, service, service.Planned.FirstOrDefault(planned => planned.Name == real.Name && (planned.Host is null || planned.Host == real.Host)), real);
        }
    }

    private static PortRow Row(PortSchema schema, PortService service, PlannedPort? planned, RealPort? real) => new(
        service.Name, planned?.Name ?? real?.Name, Word(real?.Status ?? service.DeclaredStatus ?? ServiceStatus.Planned), planned?.Port, real?.Port, real?.Host ?? planned?.Host,
        planned is { Internal: true } ? null : planned?.Range ?? schema.RangeOf(planned?.Port ?? real!.Port)?.Name, planned?.Protocol ?? real?.Protocol,
        real?.Public, real?.Health, real?.Metrics, real?.Container, service.Pair, service.Runtime, service.Description, service.At.Line);

    private static IEnumerable<PortRow> Reserved(PortSchema schema) =>
        from reserved in schema.Reserved
        from span in reserved.Ports
        select new PortRow(
            ReservedName, null, "reserved", span.First, null, null, reserved.Range ?? schema.RangeOf(span.First)?.Name, null, null, null, null, null, null, null,
            span.ToString(), reserved.At.Line);

    private static string Number(int? port) => port?.ToString(CultureInfo.InvariantCulture) ?? "";

    internal static void RequireKnown(string what, string? name, IEnumerable<string> known)
    {
        var names = known.ToList();
        if (name is not null && !names.Contains(name))
        {
            throw new CliException(ExitCode.Usage, $"there is no {what} \"{name}\"; {(Suggestions.Nearest(name, names) is { } nearest ? $"did you mean {nearest}?" : $"known are {Suggestions.Some(names)}")}");
        }
    }
}
