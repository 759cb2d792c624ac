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

    private static readonly Option<string[]> Tick = new("--tick")
    {
        Description = "Everything that is noted of this tick; repeatable. What it wrote with its tools stays in the product",
        HelpName = "ID",
        AllowMultipleArgumentsPerToken = true,
    };

    private static readonly Option<bool> Yes = new("--yes", "-y") { Description = "Do not ask" };
    private static readonly Option<bool> Force = new("--force") { Description = "Allow services that are not on this machine" };

    public static Command Create(GlobalOptions globals, CliEnvironment environment)
    {
        var command = new Verb(
            "purge",
            "Remove every row of a persona, or of single ticks, from mana-auth, mana-mcp and the runner, and prove it by counting. Asks first.",
            "mana purge --persona persona.anna@mana.test",
            "mana purge --tick 019aa4a6-… --tick 019aa4a7-… --yes");
        command.Add(Persona);
        command.Add(Tick);
        command.Add(Yes);
        command.Add(Force);
        return command.Runs(globals, environment, RunAsync);
    }

    private static async Task<ExitCode> RunAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var email = context.Get(Persona)?.ToLowerInvariant();
        var ticks = (context.Get(Tick) ?? []).Select(id => new TickId(id)).ToList();
        if ((email is null) == (ticks.Count == 0))
        {
            throw new CliException(ExitCode.Usage, "say what to remove: --persona EMAIL, or --tick ID (repeatable)");
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
        using var runner = context.Runner();
        var jwt = await context.AdminJwtAsync(auth, cancellationToken);

        // Asked before anything is gone: a purge that stops half-way proves nothing.
        await runner.ClusterAsync(cancellationToken);
        if (!context.Get(Yes) && !await ConfirmAsync(context, email is null ? Texts.Count(ticks.Count, "tick") : email, cancellationToken))
        {
            throw new CliException(ExitCode.Refused, "nothing was deleted; answer y, or pass --yes");
        }

        // mana-auth first: a persona that is no longer there is not due, so no new visit begins behind our back.
        var request = email is null ? new PurgeRequest(TickIds: ticks) : new PurgeRequest(email);
        var fromAuth = await auth.PurgeAsync(jwt, request, cancellationToken);
        var fromRunner = await runner.PurgeAsync(request, cancellationToken);
        var rows = new List<PurgedTable>([.. Rows("mana-auth", fromAuth), .. await RowsOfMcpAsync(context, fromAuth, cancellationToken), .. Rows("mana-persona-runner", fromRunner)]);
        var open = (fromAuth.Spaces ?? []).Where(space => !space.Removed).ToList();
        var left = rows.Sum(row => row.Remaining ?? 0);
        var isProven = left == 0 && open.Count == 0 && rows.TrueForAll(row => row.Remaining is not null);
        if (context.Json)
        {
            context.WriteJson(new PurgeReport(isProven, email, [.. ticks.Select(tick => tick.Value)], rows, fromAuth.Spaces ?? []), json => json.PurgeReport);
        }
        else
        {
            Print(context, rows, left);
        }

        foreach (var space in open)
        {
            context.Warn($"✗ mana-mcp still has the records of {space.Slug}: {space.Error}");
        }

        return isProven ? ExitCode.Ok : ExitCode.Failed;
    }

    private static IEnumerable<PurgedTable> Rows(string service, PurgeResponse response) =>
        response.Deleted.Select(pair => new PurgedTable(service, pair.Key, pair.Value, response.Remaining.GetValueOrDefault(pair.Key)));

    /// <summary>Removes what the persona wrote in the spaces of others, and asks what mana-mcp still has of the spaces that went; it counts, we do not believe.</summary>
    private static async Task<IReadOnlyList<PurgedTable>> RowsOfMcpAsync(CommandContext context, PurgeResponse purged, CancellationToken cancellationToken)
    {
        var rows = new List<PurgedTable>();
        if (purged.Spaces is not { Count: > 0 } spaces)
        {
            return rows;
        }

        using var mcp = new McpAdminClient(context.Connection.McpUrl, context.Connection.ServiceKey);
        if (purged.UserId is { } user)
        {
            rows.AddRange(await mcp.PurgeAuthorAsync(user, cancellationToken) is { } written
                ? written.Deleted.Select(pair => new PurgedTable("mana-mcp", $"{pair.Key} by the persona", pair.Value, written.Remaining.GetValueOrDefault(pair.Key)))
                : [new PurgedTable("mana-mcp", "records by the persona", null, null)]);
        }

        foreach (var space in spaces)
        {
            rows.Add(new PurgedTable("mana-mcp", $"space {space.Slug}", null, await mcp.CountRowsAsync(space.Id, cancellationToken)));
        }

        return rows;
    }

    private static async Task<bool> ConfirmAsync(CommandContext context, string what, CancellationToken cancellationToken)
    {
        await context.Environment.Error.WriteAsync(
            $"Remove every row of {what} from {context.Connection.AuthUrl.Authority}, {context.Connection.McpUrl.Authority} and {context.Connection.RunnerUrl.Authority}? There is no way back. [y/N] ");
        var answer = await context.Environment.In.ReadLineAsync(cancellationToken);
        return answer?.Trim().ToUpperInvariant() is "Y" or "YES";
    }

    private static void Print(CommandContext context, List<PurgedTable> rows, long left)
    {
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
        context.Say(string.Create(
            CultureInfo.InvariantCulture, $"{rows.Sum(row => row.Deleted ?? 0)} rows removed, {(left == 0 ? "[green]0 left[/]" : $"[red]{left} left[/]")}"));
    }
}
