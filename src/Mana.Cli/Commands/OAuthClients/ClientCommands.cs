using System.CommandLine;
using Mana.Cli.Clients;
using Mana.Cli.Output;
using Mana.Contracts;
using Spectre.Console;

namespace Mana.Cli.Commands.OAuthClients;

/// <summary><c>mana clients add | list | remove</c>: the programs that people connect with.</summary>
internal static class ClientCommands
{
    private const string ClaudeCode = "claude-code";
    private const string ClaudeDesktop = "claude-desktop";
    private const string ClaudeAi = "claude-ai";

    private static readonly Argument<string> Name = new("NAME") { Description = "What the consent page calls the program" };

    private static readonly Option<string?> For = new("--for")
    {
        Description = $"Knows the redirect addresses: {ClaudeCode}, {ClaudeDesktop} (through mcp-remote) or {ClaudeAi} (connectors)",
        HelpName = "PROGRAM",
    };

    private static readonly Option<string[]> Redirect = new("--redirect")
    {
        Description = "Where answers may go; repeatable. https, or http on localhost, whose port is then free",
        HelpName = "URL",
    };

    private static readonly Option<bool> Confidential = new("--confidential") { Description = "Give it a secret, which is shown once" };
    private static readonly Option<bool> ReadOnly = new("--read-only") { Description = "It may only read" };
    private static readonly Argument<string> Id = new("CLIENT") { Description = "The client's id, as mana clients list shows it" };

    static ClientCommands() => For.AcceptOnlyFromAmong(ClaudeCode, ClaudeDesktop, ClaudeAi);

    public static Command CreateAdd(GlobalOptions globals, CliEnvironment environment)
    {
        var command = new Verb(
            "add",
            "Register a program with which people sign in to the MCP gateway, and print how to configure it.",
            "mana clients add \"Claude Code\" --for claude-code",
            "mana clients add \"Claude\" --for claude-ai --confidential",
            "mana clients add \"My tool\" --redirect http://localhost/callback --read-only");
        command.Add(Name);
        command.Add(For);
        command.Add(Redirect);
        command.Add(Confidential);
        command.Add(ReadOnly);
        return command.Runs(globals, environment, AddAsync);
    }

    public static Command CreateList(GlobalOptions globals, CliEnvironment environment) =>
        new Verb("list", "Show the registered programs.", "mana clients list").Runs(globals, environment, ListAsync);

    public static Command CreateRemove(GlobalOptions globals, CliEnvironment environment)
    {
        var command = new Verb("remove", "Remove a program; everything that people allowed it ends.", "mana clients remove 4fT…");
        command.Add(Id);
        return command.Runs(globals, environment, RemoveAsync);
    }

    private static async Task<ExitCode> AddAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var redirects = (context.Get(Redirect) ?? []).Concat(Redirects(context.Get(For))).Distinct(StringComparer.Ordinal).ToList();
        if (redirects.Count == 0)
        {
            throw new CliException(ExitCode.Usage, $"say where answers may go: --redirect URL, or --for {ClaudeCode}, {ClaudeDesktop} or {ClaudeAi}");
        }

        using var auth = new AuthClient(context.Connection.AuthUrl);
        var jwt = await context.AdminJwtAsync(auth, cancellationToken);
        var client = await auth.AddClientAsync(
            jwt, new OAuthClientRequest(context.Get(Name)!, redirects, context.Get(Confidential), context.Get(ReadOnly) ? ["mana:read"] : null), cancellationToken);
        if (context.Json)
        {
            context.WriteJson(client, json => json.OAuthClientView);
            return ExitCode.Ok;
        }

        context.Say($"[green]✓[/] {Markup.Escape(client.Name)} is registered");
        context.Say($"client id: {Markup.Escape(client.ClientId)}");
        if (client.ClientSecret is { } secret)
        {
            context.Say($"client secret: {Markup.Escape(secret)}");
            context.Say("The secret is shown this once only; keep it.");
        }

        context.Say("");
        foreach (var line in Configuration(context.Get(For), client, context.Connection.McpUrl.AbsoluteUri.TrimEnd('/') + "/mcp"))
        {
            context.Say(Markup.Escape(line));
        }

        return ExitCode.Ok;
    }

    private static async Task<ExitCode> ListAsync(CommandContext context, CancellationToken cancellationToken)
    {
        using var auth = new AuthClient(context.Connection.AuthUrl);
        var clients = await auth.ListClientsAsync(await context.AdminJwtAsync(auth, cancellationToken), cancellationToken);
        if (context.Json)
        {
            context.WriteJson(clients, json => json.IReadOnlyListOAuthClientView);
            return ExitCode.Ok;
        }

        if (clients.Count == 0)
        {
            context.Say($"No programs yet; [bold]./mana clients add \"Claude Code\" --for {ClaudeCode}[/] registers one.");
            return ExitCode.Ok;
        }

        var table = new FittedTable(new("name"), new("client id"), new("may", 3), new("secret", 2), new("since", 1), new("redirects", 4, Wraps: true));
        foreach (var client in clients)
        {
            table.AddRow(
                Markup.Escape(client.Name),
                Markup.Escape(client.ClientId),
                Markup.Escape(string.Join(' ', client.Scopes)),
                client.Confidential ? "yes" : "no",
                Texts.TimeCell(client.CreatedAt),
                Markup.Escape(string.Join(' ', client.RedirectUris)));
        }

        table.Write(context.Console);
        return ExitCode.Ok;
    }

    private static async Task<ExitCode> RemoveAsync(CommandContext context, CancellationToken cancellationToken)
    {
        var id = context.Get(Id)!;
        using var auth = new AuthClient(context.Connection.AuthUrl);
        if (!await auth.RemoveClientAsync(await context.AdminJwtAsync(auth, cancellationToken), id, cancellationToken))
        {
            throw new CliException(ExitCode.Failed, $"mana-auth at {auth.Address} knows no client {id}; ./mana clients list shows them all");
        }

        context.Say($"[green]✓[/] {Markup.Escape(id)} removed; what people allowed it has ended");
        return ExitCode.Ok;
    }

    private static IReadOnlyList<string> Redirects(string? program) => program switch
    {
        ClaudeCode => ["http://localhost/callback"],
        ClaudeDesktop => ["http://localhost/oauth/callback", "http://127.0.0.1/oauth/callback"],
        ClaudeAi => ["https://claude.ai/api/mcp/auth_callback", "https://claude.com/api/mcp/auth_callback"],
        _ => [],
    };

    /// <summary>What to type or paste, for people who do not want to read a manual.</summary>
    private static IEnumerable<string> Configuration(string? program, OAuthClientView client, string mcp)
    {
        switch (program)
        {
            case ClaudeCode:
                yield return "Claude Code, in a terminal (then /mcp, and choose \"Authenticate\"):";
                yield return $"  claude mcp add --transport http --client-id {client.ClientId}{(client.Confidential ? " --client-secret" : "")} --callback-port 8765 mana {mcp}";
                break;
            case ClaudeDesktop:
                yield return "Claude Desktop, in claude_desktop_config.json (needs Node.js; restart Claude Desktop afterwards):";
                yield return "  { \"mcpServers\": { \"mana\": { \"command\": \"npx\",";
                yield return $"      \"args\": [\"-y\", \"mcp-remote\", \"{mcp}\", \"3334\",";
                yield return $"        \"--static-oauth-client-info\", \"{Info(client)}\"] }} }} }}";
                break;
            case ClaudeAi:
                yield return "Claude (web and desktop): Customize (in earlier versions Settings), Connectors, Add custom connector, Advanced settings. The address must be reachable from the internet by https:";
                yield return $"  URL {mcp}   OAuth client id {client.ClientId}{(client.Confidential ? "   and the secret above" : "")}";
                break;
            default:
                yield return $"MCP server: {mcp}";
                yield return "Authorization code with PKCE (S256); the server's own metadata name every endpoint.";
                break;
        }
    }

    private static string Info(OAuthClientView client) =>
        client.ClientSecret is { } secret
            ? $"{{\\\"client_id\\\":\\\"{client.ClientId}\\\",\\\"client_secret\\\":\\\"{secret}\\\"}}"
            : $"{{\\\"client_id\\\":\\\"{client.ClientId}\\\"}}";
}
