using System.CommandLine;
using System.Globalization;
using Mana.Cli.Clients;
using Mana.Cli.Output;
using Mana.Contracts;
using Spectre.Console;

namespace Mana.Cli.Commands.Purge;

/// <summary><c>mana purge</c></summary>
internal static class PurgeCommand
{
    private static readonly Option<string?> Persona = new("--persona") { Description = "Everything of this persona, in all three services", HelpName = "EMAIL" };

    private static readonly Option<string?> Run = new("--run") { Description = "Everything of the ticks that this run opened; `mana runs list` shows the runs", HelpName = "NAME" };

    private static readonly Option<string[]> Tick = new("--tick")
    {
        Description = "Everything of this tick; repeatable",
        HelpName = "ID",
        AllowMultipleArgumentsPerToken = true,
    };

    private static readonly Option<bool> Yes = new("--yes", "-y") { Description = "Do not ask" };
    private static readonly Option<bool> Force = new("--force") { Description = "Allow services that are not on this machine" };

    public static Command Create(GlobalOptions globals, CliEnvironment environment)
    {
        var command = new Verb(
            "purge",
            "Remove every row of a persona, of a run or of single ticks from mana-auth, mana-mcp and the runner, and prove it by counting. Asks first. "
            + "What a tick changed in records that it did not make stays changed.",
            "mana purge --persona persona.anna@mana.test",
            "mana purge --run 20261123-091500-3fa2",
            "mana purge --tick 019aa4a6-… --tick 019aa4a7-… --yes");
        command.Add(Persona);
        command.Add(Run);
        command.Add(Tick);
        command.Add(Yes);
        command.Add(Force);
        return command.Runs(globals, environment, RunAsync);
    }

    private static async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var email = context.Get(Persona)?.ToLowerInvariant();
        var run = context.Get(Run);
        var ticks = (context.Get(Tick) ?? []).Select(id => new TickId(id)).Distinct().ToList();
        if (new[] { email is not null, run is not null, ticks.Count > 0 }.Count(isGiven => isGiven) != 1)
        {
            throw new CliException(ExitCode.Usage, "say what to remove: --persona EMAIL, --run NAME (`mana runs list` shows them), or --tick ID (repeatable)");
        }

        var connection = context.Connection;
        foreach (var address in (Uri[])[connection.AuthUrl, connection.McpUrl, connection.RunnerUrl])
        {
            if (!address.IsLoopback && !context.Get(Force))
            {
                throw new CliException(ExitCode.Refused, $"{address.AbsoluteUri.TrimEnd('/')} is not this machine, so nothing was deleted; if you mean it, repeat with --force");
            }
        }

        using var auth = new AuthClient(connection.AuthUrl);
        using var mcp = new McpAdminClient(connection.McpUrl, connection.ServiceKey);
        using var runner = context.Runner();
        var jwt = await context.AdminJwtAsync(auth, cancellationToken);

        // Asked before anything is gone: a purge that stops half-way proves nothing.
        await runner.ClusterAsync(cancellationToken);
        var what = email ?? (run is null ? Texts.Count(ticks.Count, "tick") : await DescribeAsync(runner, run, cancellationToken));
        if (!context.Get(Yes) && !await ConfirmAsync(context, what, cancellationToken))
        {
            throw new CliException(ExitCode.Refused, "nothing was deleted; answer y, or pass --yes");
        }

        var work = new PurgeWork(auth, jwt, mcp, runner);
        await (email is not null ? work.PersonaAsync(email, cancellationToken)
            : run is not null ? work.RunAsync(run, cancellationToken)
            : work.TicksAsync(ticks, cancellationToken));
        if (context.Json)
        {
            context.WriteJson(new PurgeReport(work.IsProven, email, run, [.. work.Ticks.Select(tick => tick.Value)], work.Tables, work.Spaces), json => json.PurgeReport);
        }
        else
        {
            Print(context, work.Tables);
        }

        foreach (var space in work.Spaces.Where(space => !space.Removed))
        {
            context.Warn($"✗ mana-mcp still has the records of {space.Slug}: {space.Error}");
        }

        return work.IsProven ? ExitCode.Ok : ExitCode.Failed;
    }

    private static async Task<string> DescribeAsync(RunnerClient runner, string name, CancellationToken cancellationToken)
    {
        const int Looked = 2000;
        var run = (await runner.ListRunsAsync(Looked, cancellationToken)).FirstOrDefault(run => run.Run == name)
            ?? throw new CliException(ExitCode.Failed, $"the runner has no tick of a run {name}; `mana runs list` shows the runs");
        return $"run {name}, {Texts.Count(run.Ticks, "tick")} of {Texts.Count(run.Personas, "persona")},";
    }

    private static async Task<bool> ConfirmAsync(CommandContext context, string what, CancellationToken cancellationToken)
    {
        await context.Environment.Error.WriteAsync(
            $"Remove every row of {what} from {context.Connection.AuthUrl.Authority}, {context.Connection.McpUrl.Authority} and {context.Connection.RunnerUrl.Authority}? There is no way back. [y/N] ");
        var answer = await context.Environment.In.ReadLineAsync(cancellationToken);
        return answer?.Trim().ToUpperInvariant() is "Y" or "YES";
    }

    private static void Print(CommandContext context, IReadOnlyList<PurgedTable> rows)
    {
        var left = rows.Sum(row => row.Remaining ?? 0);
        var table = Texts.Table("service", "table", "removed", "left");
        foreach (var row in rows)
        {
            table.AddRow(
                Markup.Escape(row.Service),
                Markup.Escape(row.Table),
                row.Deleted?.ToString(CultureInfo.InvariantCulture) ?? "",
                row.Remaining switch { null => "[yellow]unknown[/]", 0 => "[green]0[/]", { } count => $"[red]{count.ToString(CultureInfo.InvariantCulture)}[/]" });
        }

        context.Console.Write(table);
        if (rows.All(row => row is { Deleted: 0 or null, Remaining: 0 }))
        {
            context.Say("[yellow]Nothing of it was there[/]: already removed, or mistyped. [bold]./mana tick list[/], [bold]runs list[/] and [bold]personas list[/] show what there is.");
        }

        context.Say(string.Create(
            CultureInfo.InvariantCulture, $"{rows.Sum(row => row.Deleted ?? 0)} rows removed, {(left == 0 ? "[green]0 left[/]" : $"[red]{left} left[/]")}"));
    }
}
