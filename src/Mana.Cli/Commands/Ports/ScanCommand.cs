using System.CommandLine;
using System.Globalization;
using Mana.Auth;
using Mana.Cli.Output;
using Mana.Mcp;
using Mana.PersonaRunner;
using Mana.Ports.Scanning;
using Spectre.Console;

namespace Mana.Cli.Commands.Ports;

/// <summary><c>mana ports scan</c></summary>
internal static class ScanCommand
{
    private static readonly Option<string?> Host = new("--host") { Description = "What the schema calls this machine; then services that should run here and do not are shown, too", HelpName = "NAME" };
    private static readonly Option<bool> All = new("--all") { Description = "Also ports that the schema does not know" };

    public static Command Create(GlobalOptions globals, CliEnvironment environment)
    {
        var schema = new SchemaOptions();
        var command = new Verb(
            "scan",
            "Show what listens on this machine now, by process, beside the schema. Reads the kernel's tables and probes nothing (Linux). Exits 1 when another process holds a service's port.",
            "mana ports scan",
            "mana ports scan --host mac-mini --json");
        command.Add(Host);
        command.Add(All);
        schema.AddTo(command);
        return command.Runs(globals, environment, (context, _) => Task.FromResult(Run(context, schema.Load(context))));
    }

    private static ExitCode Run(CommandContext context, LoadedSchema loaded)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new CliException(ExitCode.Usage, "mana ports scan reads the tables of the Linux kernel, and this is another system; run it on the Linux host itself");
        }

        ListCommand.RequireKnown("host", context.Get(Host), loaded.Schema.Hosts.Select(host => host.Name));
        var rows = new HostScan(loaded.Schema, AlsoKnownAs).Compare(Listeners(new KernelTables()), context.Get(Host));
        var shown = rows.Where(row => row.State != ScanState.Unclaimed || row.Range is not null || context.Get(All)).ToList();
        var conflicts = rows.Count(row => row.State == ScanState.Conflict);
        if (context.Json)
        {
            PortsJson.Write(context, new ScanReport(conflicts == 0, conflicts, [.. shown.Select(Line)]), json => json.ScanReport);
        }
        else
        {
            Print(context, shown, rows.Count - shown.Count, conflicts);
        }

        return conflicts == 0 ? ExitCode.Ok : ExitCode.Failed;
    }

    /// <summary>What listens here.</summary>
    /// <exception cref="CliException">This machine does not say.</exception>
    internal static IReadOnlyList<Listener> Listeners(KernelTables tables)
    {
        try
        {
            return tables.Read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException(ExitCode.Usage, e.Message.TrimEnd('.'));
        }
    }

    /// <summary>Our three services are one program, whose command line need not name them.</summary>
    private static IReadOnlyList<string> AlsoKnownAs(string service) =>
        service is AuthHost.Service or McpHost.Service or RunnerHost.Service ? ["mana.dll", "/mana up", "/mana serve"] : [];

    private static void Print(CommandContext context, List<ScanRow> rows, int hidden, int conflicts)
    {
        var table = new FittedTable(new("port"), new("state"), new("service"), new("range", 3), new("address", 2), new("process", 1));
        foreach (var row in rows)
        {
            table.AddRow(
                string.Create(CultureInfo.InvariantCulture, $"{row.Port}{(row.Protocol == "tcp" ? "" : "/" + row.Protocol)}"),
                Coloured(row.State),
                Markup.Escape(string.Join(", ", row.Services)),
                Markup.Escape(row.Range ?? ""),
                Markup.Escape(row.Address ?? ""),
                Markup.Escape(row.Process is null ? "" : string.Create(CultureInfo.InvariantCulture, $"{row.Process} ({row.ProcessId})")));
        }

        if (rows.Count > 0)
        {
            table.Write(context.Console);
        }

        context.Say(conflicts == 0
            ? $"[green]✓[/] no process holds another service's port{(hidden > 0 ? $"; {hidden} other {(hidden == 1 ? "port is" : "ports are")} open (--all)" : "")}"
            : $"[red]✗[/] {conflicts} {(conflicts == 1 ? "port of a service is" : "ports of services are")} held by another process");
    }

    private static string Word(ScanState state) => state.ToString().ToLowerInvariant();

    private static string Coloured(ScanState state) => state switch
    {
        ScanState.Expected => $"[green]{Word(state)}[/]",
        ScanState.Conflict => $"[red]{Word(state)}[/]",
        ScanState.Silent => $"[yellow]{Word(state)}[/]",
        _ => $"[grey]{Word(state)}[/]",
    };

    private static ScanLine Line(ScanRow row) => new(row.Port, row.Protocol, Word(row.State), row.Services, row.Range, row.Address, row.ProcessId, row.Process);
}
