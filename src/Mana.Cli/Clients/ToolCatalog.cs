using Mana.Contracts;
using ModelContextProtocol.Client;

namespace Mana.Cli.Clients;

/// <summary>Asks mana-mcp which tools a persona sees.</summary>
internal static class ToolCatalog
{
    /// <summary>Signs in as the persona, finds its personal space and lists the tools there.</summary>
    public static async Task<IReadOnlyList<string>> ListAsync(
        Connection.Connection connection, string email, CancellationToken cancellationToken)
    {
        using var auth = new AuthClient(connection.AuthUrl);
        var password = PersonaPassword.Derive(email, connection.SeedSecret);
        SignedIn who;
        try
        {
            who = await auth.LoginAsync(email, password, cancellationToken);
        }
        catch (CliException e) when (e.Code == ExitCode.Refused)
        {
            throw new CliException(
                ExitCode.Refused,
                $"{email} cannot sign in at {connection.AuthUrl}, so the live tools stay unknown; run ./mana seed with the PERSONA_SEED_SECRET of that mana-auth first");
        }

        var spaces = await auth.SpacesAsync(who, email, password, cancellationToken);
        var personal = spaces.FirstOrDefault(space => space.SpaceType() == "personal")
            ?? throw new CliException(ExitCode.Failed, $"{email} has no personal space in mana-auth at {connection.AuthUrl}; delete the persona and seed it again");
        return await ListAsync(connection.McpUrl, who.Jwt, personal.Id, cancellationToken);
    }

    /// <summary>The modules behind a list of tools, in canonical spelling.</summary>
    public static IReadOnlySet<string> Modules(IEnumerable<string> tools) =>
        tools.Select(tool => ModuleNames.Normalise(ModuleNames.OfTool(tool))).ToHashSet(StringComparer.Ordinal);

    private static async Task<IReadOnlyList<string>> ListAsync(Uri mcpUrl, string jwt, SpaceId space, CancellationToken cancellationToken)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseCookies = false, UseProxy = !mcpUrl.IsLoopback });
        var options = new HttpClientTransportOptions
        {
            Endpoint = new Uri(mcpUrl.AbsoluteUri.TrimEnd('/') + "/mcp"),
            TransportMode = HttpTransportMode.StreamableHttp,
            EnableStandaloneGetStream = false,
            AdditionalHeaders = new Dictionary<string, string> { ["Authorization"] = "Bearer " + jwt, ["X-Mana-Space"] = space.Value },
        };
        try
        {
            await using var transport = new HttpClientTransport(options, http, ownsHttpClient: false);
            await using var client = await McpClient.CreateAsync(transport, cancellationToken: cancellationToken);
            var tools = await client.ListToolsAsync(cancellationToken: cancellationToken);
            return [.. tools.Select(tool => tool.Name).Order(StringComparer.Ordinal)];
        }
        catch (HttpRequestException e) when (e.StatusCode is null)
        {
            throw new CliException(
                ExitCode.Unreachable, $"mana-mcp is not reachable at {mcpUrl.AbsoluteUri.TrimEnd('/')}; start it with ./mana up, or name another with --mcp-url or --data");
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw new CliException(
                ExitCode.Failed, $"mana-mcp at {mcpUrl.AbsoluteUri.TrimEnd('/')} did not list its tools ({e.Message.ReplaceLineEndings(" ").TrimEnd('.')}); check that --mcp-url names mana-mcp");
        }
    }
}
