using System.CommandLine;
using System.Globalization;
using Mana.Cli.Output;
using Mana.Ports.Checks;
using Mana.Ports.Model;
using Spectre.Console;

namespace Mana.Cli.Commands.Ports;

/// <summary><c>mana ports why</c></summary>
internal static class WhyCommand
{
    private static readonly Argument<int> Port = new("port") { Description = "The number", HelpName = "PORT" };

    public static Command Create(GlobalOptions globals, CliEnvironment environment)
    {
        var schema = new SchemaOptions();
        var command = new Verb("why", "Say everything that is known about a port: its range, its owners, the reserve, findings, the files that name it.", "mana ports why 3015");
        command.Add(Port);
        schema.AddTo(command);
        return command.Runs(globals, environment, (context, _) => Task.FromResult(Run(context, schema.Load(context))));
    }

    private static ExitCode Run(CommandContext context, LoadedSchema loaded)
    {
        var port = context.Get(Port);
        if (port is < 1 or > PortSpan.Highest)
        {
            throw new CliException(ExitCode.Usage, string.Create(CultureInfo.InvariantCulture, $"{port} is no port; ports are 1 to {PortSpan.Highest}"));
        }

        var facts = Facts(context, loaded, port).ToList();
        var isFree = !facts.Exists(fact => fact.Kind is "planned" or "real" or "objection");
        if (context.Json)
        {
            PortsJson.Write(context, new WhyReport(port, isFree, facts), json => json.WhyReport);
            return ExitCode.Ok;
        }

        context.Say(string.Create(CultureInfo.InvariantCulture, $"[bold]{port}[/] is {(isFree ? facts.Exists(fact => fact.Kind == "reserved") ? "free, and reserved" : "free" : "not free")}"));
        foreach (var fact in facts)
        {
            var place = fact.Path is null ? "" : string.Create(CultureInfo.InvariantCulture, $" [grey]({Markup.Escape(fact.Path)}:{fact.Line})[/]");
            context.Say($"  {Markup.Escape(fact.Text)}{place}");
        }

        return ExitCode.Ok;
    }

    private static IEnumerable<WhyRow> Facts(CommandContext context, LoadedSchema loaded, int port)
    {
        var schema = loaded.Schema;
        var path = loaded.Shown(schema.Path);
        var ranges = schema.Ranges.Where(range => range.Ports.Contains(port)).ToList();
        if (ranges.Count == 0)
        {
            yield return new WhyRow("range", "in no range", null, null);
        }

        foreach (var range in ranges)
        {
            yield return new WhyRow("range", $"in range {range.Name} ({range.Ports}): {range.Title}", path, range.At.Line);
        }

        foreach (var service in schema.Services)
        {
            foreach (var planned in service.Planned.Where(planned => planned.Port == port))
            {
                yield return new WhyRow("planned", $"planned for {Label(service, planned.Name)}{(planned.Host is { } host ? $" on {host}" : "")}{(planned.Internal ? ", internal only" : "")}{About(service)}", path, planned.PortAt.Line);
            }

            foreach (var real in service.Real.Where(real => real.Port == port))
            {
                var since = real.Since is { } day ? $" since {day:yyyy-MM-dd}" : "";
                yield return new WhyRow("real", real.Status == ServiceStatus.Running
                    ? $"{Label(service, real.Name)} listens on it on {real.Host}{since}{(real.Public is { } address ? $", public as {address}" : "")}"
                    : $"{Label(service, real.Name)} is set to it and deployed nowhere{since}", path, real.PortAt.Line);
            }
        }

        foreach (var reserved in schema.Reserved.Where(reserved => reserved.Contains(port)))
        {
            yield return new WhyRow("reserved", $"reserved{(reserved.Range is { } range ? $" for the growth of {range}" : "")} ({string.Join(", ", reserved.Ports)}){(reserved.Note is { } note ? $": {note}" : "")}", path, reserved.At.Line);
        }

        var owners = schema.Services.Where(service => service.Planned.Any(one => one.Port == port) || service.Real.Any(one => one.Port == port)).Select(service => $"{service.Name} {service.Runtime}").ToList();
        if (KnownPorts.Objection(owners is [var owner, ..] ? owner : "", port) is { } objection)
        {
            yield return new WhyRow("objection", objection, null, null);
        }

        var today = DateOnly.FromDateTime(context.Environment.Time.GetUtcNow().UtcDateTime);
        foreach (var finding in CheckCommand.Findings(context, loaded, today).Where(finding => finding.Port == port))
        {
            yield return new WhyRow("finding", $"{finding.Rule}: {finding.Message}{(finding.Allowed is { } allowed ? $" (allowed until {allowed.Until:yyyy-MM-dd}: {allowed.Reason})" : "")}", finding.Path, finding.At.Line);
        }

        if (!loaded.IsAlone)
        {
            foreach (var mention in new FileCheck(FileCheck.Adapters).Mentions(schema, loaded.Read).Where(mention => mention.Port == port).DistinctBy(mention => (mention.Service, mention.Text, mention.Path, mention.Line)))
            {
                yield return new WhyRow("file", $"{mention.Service}: {mention.Text}", loaded.Shown(mention.Path), mention.Line);
            }
        }
    }

    private static string Label(PortService service, string? name) => name is null ? service.Name : $"{service.Name} ({name})";

    private static string About(PortService service) => service.Description is { } description ? $": {description}" : "";
}
