using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;

namespace Mana.Tests.Mcp;

/// <summary>The gateway as an OAuth resource server, for people's own clients.</summary>
public sealed class OAuthTests
{
    private const string PublicUrl = "https://mana.example/mcp";
    private const string Call = """{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"TOOL","arguments":{}}}""";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/.well-known/oauth-protected-resource", HttpStatusCode.OK)]
    [InlineData("/.well-known/oauth-protected-resource/mcp", HttpStatusCode.OK)]
    [InlineData("/.well-known/oauth-protected-resource/other", HttpStatusCode.NotFound)]
    public async Task The_metadata_name_the_resource_and_who_signs_in_for_it(string path, HttpStatusCode status)
    {
        await using var mcp = await McpUnderTest.StartAsync(("MCP_PUBLIC_URL", PublicUrl));

        using var response = await mcp.Host.Client.GetAsync(path, Cancellation);

        response.StatusCode.Should().Be(status);
        if (status == HttpStatusCode.OK)
        {
            var metadata = JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancellation))!;
            ((string)metadata["resource"]!).Should().Be(PublicUrl);
            metadata["authorization_servers"]!.AsArray().Select(server => (string)server!).Should().Equal(FakeAuth.Issuer);
            metadata["scopes_supported"]!.AsArray().Select(scope => (string)scope!).Should().Equal("mana:read", "mana:write");
        }
    }

    [Fact]
    public async Task Where_issuers_have_other_names_the_address_of_mana_auth_is_who_signs_in()
    {
        await using var mcp = await McpUnderTest.StartAsync(("JWT_ISSUER", "mana,other"));

        var metadata = JsonNode.Parse(await mcp.Host.Client.GetStringAsync("/.well-known/oauth-protected-resource", Cancellation))!;

        metadata["authorization_servers"]!.AsArray().Select(server => (string)server!).Should().Equal(mcp.Auth.Address.AbsoluteUri.TrimEnd('/'));
    }

    [Fact]
    public async Task Without_a_public_address_it_is_the_port_on_localhost()
    {
        await using var mcp = await McpUnderTest.StartAsync();

        var metadata = JsonNode.Parse(await mcp.Host.Client.GetStringAsync("/.well-known/oauth-protected-resource", Cancellation))!;

        ((string)metadata["resource"]!).Should().Be($"http://localhost:{mcp.Host.Address.Port}/mcp");
    }

    [Theory]
    [InlineData(null, "Bearer scope=\"mana:read mana:write\", resource_metadata=\"https://mana.example/.well-known/oauth-protected-resource/mcp\"")]
    [InlineData("a.b.c", "Bearer error=\"invalid_token\", scope=\"mana:read mana:write\", resource_metadata=\"https://mana.example/.well-known/oauth-protected-resource/mcp\"")]
    public async Task A_401_leads_to_the_sign_in(string? token, string challenge)
    {
        await using var mcp = await McpUnderTest.StartAsync(("MCP_PUBLIC_URL", PublicUrl));

        using var response = await mcp.PostAsync(Call, request => request.Headers.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token));

        response.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
        response.Headers.WwwAuthenticate.ToString().Should().Be(challenge);
        (await mcp.MetricAsync("mana_mcp_access_refusals_total", ("reason", "no-good-token"))).Should().Be(1);
    }

    [Theory]
    [InlineData("mana", HttpStatusCode.OK)]
    [InlineData(PublicUrl, HttpStatusCode.OK)]
    [InlineData(PublicUrl + "/", HttpStatusCode.OK)]
    [InlineData("https://mana.example/other", HttpStatusCode.Unauthorized)]
    public async Task The_audience_is_ours(string audience, HttpStatusCode status)
    {
        await using var mcp = await McpUnderTest.StartAsync(("MCP_PUBLIC_URL", PublicUrl));
        var token = mcp.Auth.Token(McpUnderTest.Anna, mcp.Clock.GetUtcNow(), audience: audience);

        using var response = await mcp.PostAsync(
            Call.Replace("TOOL", "todo.list", StringComparison.Ordinal), request => request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token));

        response.StatusCode.Should().Be(status);
    }

    [Theory]
    [InlineData("mana:read", "todo.list", null)]
    [InlineData("mana:read", "todo.create", "mana:write")]
    [InlineData("mana:write", "todo.list", "mana:read")]
    [InlineData("openid", "todo.list", "mana:read")]
    [InlineData("openid mana:read mana:write", "todo.create", null)]
    [InlineData(null, "todo.create", null)]
    public async Task A_token_does_only_what_its_scope_says(string? scope, string tool, string? missing)
    {
        await using var mcp = await McpUnderTest.StartAsync(("MCP_PUBLIC_URL", PublicUrl));
        var token = mcp.Auth.Token(McpUnderTest.Anna, mcp.Clock.GetUtcNow(), scope: scope, client: scope is null ? null : "claude");

        using var response = await mcp.PostAsync(
            Call.Replace("TOOL", tool, StringComparison.Ordinal), request => request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token));

        response.StatusCode.Should().Be(missing is null ? HttpStatusCode.OK : HttpStatusCode.Forbidden);
        if (missing is not null)
        {
            response.Headers.WwwAuthenticate.ToString().Should().Be(
                $"Bearer error=\"insufficient_scope\", scope=\"{missing}\", resource_metadata=\"https://mana.example/.well-known/oauth-protected-resource/mcp\"");
            (await mcp.MetricAsync("mana_mcp_access_refusals_total", ("reason", "insufficient-scope"))).Should().Be(1);
        }
    }

    [Fact]
    public async Task A_token_that_only_reads_sees_only_what_reads()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var client = await mcp.ConnectAsAsync(mcp.Auth.Token(McpUnderTest.Anna, mcp.Clock.GetUtcNow(), scope: "mana:read", client: "claude"));

        var names = (await client.ListToolsAsync(cancellationToken: Cancellation)).Select(tool => tool.Name);

        names.Should().Equal(mcp.Tools.Where(tool => !tool.Writes).Select(tool => tool.Name));
    }

    [Fact]
    public async Task A_persons_own_client_works_in_the_personal_space_when_it_names_none()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        mcp.Auth.Join(McpUnderTest.Anna, "a-family");
        mcp.Auth.Describe("a-family", "family");
        var token = mcp.Auth.Token(McpUnderTest.Anna, mcp.Clock.GetUtcNow(), scope: "mana:read mana:write", client: "claude");
        var client = await mcp.ConnectAsAsync(token, space: null);

        var task = (await client.CallAsync("todo.create", """{"title":"x"}"""))["task"]!;

        ((string)task["spaceId"]!).Should().Be(McpUnderTest.Space);
        mcp.Auth.LastBearer.Should().BeNull("a token that was made for us is not passed on");
    }

    [Fact]
    public async Task A_token_that_was_made_for_us_is_not_even_passed_on_where_nobody_else_tells_of_its_user()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        mcp.Auth.ListsSpacesToServices = false;
        var token = mcp.Auth.Token(McpUnderTest.Anna, mcp.Clock.GetUtcNow(), scope: "mana:read mana:write", client: "claude");

        using var response = await mcp.PostAsync(Call.Replace("TOOL", "todo.list", StringComparison.Ordinal), request =>
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            request.Headers.Remove("X-Mana-Space");
        });
        var inSpace = await (await mcp.ConnectAsAsync(token)).FailAsync("todo.list", """{"space":"another"}""");

        response.StatusCode.Should().Be(HttpStatusCode.Forbidden);
        inSpace.Should().Contain("\"space\" must be the id or slug of a space of the user");
        mcp.Auth.LastBearer.Should().BeNull();
    }
}
