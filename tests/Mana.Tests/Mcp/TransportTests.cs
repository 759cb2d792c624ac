using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Mana.Hosting;
using Mana.Mcp;
using Mana.Testing;

namespace Mana.Tests.Mcp;

public sealed class TransportTests
{
    private const string ListTools = """{"jsonrpc":"2.0","id":1,"method":"tools/list"}""";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Initialize_names_the_server_and_makes_no_session()
    {
        await using var mcp = await McpUnderTest.StartAsync();

        using var response = await mcp.PostAsync(
            """{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}""");

        response.StatusCode.Should().Be(HttpStatusCode.OK);
        response.Headers.Contains("mcp-session-id").Should().BeFalse();
        var result = (await MessageAsync(response))["result"]!;
        result["serverInfo"]!["name"]!.GetValue<string>().Should().Be("mana");
        result["protocolVersion"]!.GetValue<string>().Should().Be("2025-06-18");
        result["capabilities"]!["tools"].Should().NotBeNull();
    }

    [Theory]
    [InlineData("2024-11-05")]
    [InlineData("2025-03-26")]
    [InlineData("2025-06-18")]
    [InlineData("2025-11-25")]
    public async Task Each_request_stands_for_itself_in_every_revision(string version)
    {
        await using var mcp = await McpUnderTest.StartAsync();

        using var response = await mcp.PostAsync(ListTools, request => request.Headers.Add("mcp-protocol-version", version));

        response.StatusCode.Should().Be(HttpStatusCode.OK);
        (await MessageAsync(response))["result"]!["tools"]!.AsArray().Should().HaveCount(mcp.Tools.Count);
    }

    [Theory]
    [InlineData("{nonsense", HttpStatusCode.BadRequest)]
    [InlineData("""{"hello":"world"}""", HttpStatusCode.BadRequest)]
    public async Task What_is_no_message_is_refused(string body, HttpStatusCode status)
    {
        await using var mcp = await McpUnderTest.StartAsync();

        using var response = await mcp.PostAsync(body);

        response.StatusCode.Should().Be(status);
    }

    [Fact]
    public async Task Accept_content_type_and_protocol_version_are_checked()
    {
        await using var mcp = await McpUnderTest.StartAsync();

        using var accept = await mcp.PostAsync(ListTools, request =>
        {
            request.Headers.Accept.Clear();
            request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        });
        accept.StatusCode.Should().Be(HttpStatusCode.NotAcceptable);
        (await JsonAsync(accept))["error"]!["code"]!.GetValue<int>().Should().Be(-32000);

        using var type = await mcp.PostAsync(ListTools, request => request.Content = new StringContent(ListTools, Encoding.UTF8, "text/plain"));
        type.StatusCode.Should().Be(HttpStatusCode.UnsupportedMediaType);

        using var version = await mcp.PostAsync(ListTools, request => request.Headers.Add("mcp-protocol-version", "1999-01-01"));
        version.StatusCode.Should().Be(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task A_notification_is_202_and_an_unknown_method_is_32601()
    {
        await using var mcp = await McpUnderTest.StartAsync();

        using var notification = await mcp.PostAsync("""{"jsonrpc":"2.0","method":"notifications/initialized"}""");
        notification.StatusCode.Should().Be(HttpStatusCode.Accepted);

        using var unknown = await mcp.PostAsync("""{"jsonrpc":"2.0","id":1,"method":"no/such"}""");
        unknown.StatusCode.Should().Be(HttpStatusCode.OK);
        (await MessageAsync(unknown))["error"]!["code"]!.GetValue<int>().Should().Be(-32601);
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("DELETE")]
    [InlineData("PUT")]
    public async Task There_is_no_stream_and_no_session_to_end(string method)
    {
        await using var mcp = await McpUnderTest.StartAsync();
        using var request = new HttpRequestMessage(new HttpMethod(method), mcp.Endpoint);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", mcp.Token());
        request.Headers.Add("X-Mana-Space", McpUnderTest.Space);

        using var response = await mcp.Host.Client.SendAsync(request, Cancellation);

        response.StatusCode.Should().Be(HttpStatusCode.MethodNotAllowed);
        response.Content.Headers.Allow.Should().Equal("POST");
        (await JsonAsync(response))["error"]!["code"]!.GetValue<int>().Should().Be(-32000);
        using var anonymous = await mcp.Host.Client.GetAsync(mcp.Endpoint, Cancellation);
        anonymous.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
    }

    [Theory]
    [InlineData(null, HttpStatusCode.OK)]
    [InlineData("http://localhost:5173", HttpStatusCode.OK)]
    [InlineData("https://app.example", HttpStatusCode.OK)]
    [InlineData("http://127.0.0.1:9999", HttpStatusCode.OK)]
    [InlineData("http://[::1]:80", HttpStatusCode.OK)]
    [InlineData("https://evil.example", HttpStatusCode.Forbidden)]
    [InlineData("https://localhost.evil.example", HttpStatusCode.Forbidden)]
    [InlineData("https://app.example.evil", HttpStatusCode.Forbidden)]
    [InlineData("null", HttpStatusCode.Forbidden)]
    public async Task A_foreign_origin_is_refused(string? origin, HttpStatusCode status)
    {
        await using var mcp = await McpUnderTest.StartAsync(("CORS_ORIGINS", "https://app.example"));

        using var response = await mcp.PostAsync(ListTools, request =>
        {
            if (origin is not null)
            {
                request.Headers.TryAddWithoutValidation("Origin", origin);
            }
        });

        response.StatusCode.Should().Be(status);
    }

    [Theory]
    [InlineData("localhost:3069", HttpStatusCode.OK)]
    [InlineData("127.0.0.1", HttpStatusCode.OK)]
    [InlineData("[::1]:3069", HttpStatusCode.OK)]
    [InlineData("evil.example:3069", HttpStatusCode.Forbidden)]
    public async Task A_foreign_host_is_refused(string host, HttpStatusCode status)
    {
        await using var mcp = await McpUnderTest.StartAsync();

        using var response = await mcp.PostAsync(ListTools, request => request.Headers.Host = host);

        response.StatusCode.Should().Be(status);
    }

    [Fact]
    public async Task A_browser_of_a_listed_origin_passes_the_preflight_and_another_gets_no_leave()
    {
        await using var mcp = await McpUnderTest.StartAsync();

        using var listed = await PreflightAsync(mcp, "http://localhost:5173");
        listed.StatusCode.Should().Be(HttpStatusCode.NoContent);
        listed.Headers.GetValues("Access-Control-Allow-Origin").Should().Equal("http://localhost:5173");
        listed.Headers.GetValues("Access-Control-Allow-Credentials").Should().Equal("true");
        string.Join(',', listed.Headers.GetValues("Access-Control-Allow-Headers")).ToLowerInvariant().Split(',', StringSplitOptions.TrimEntries)
            .Should().Contain(["authorization", "content-type", "x-mana-space", "mcp-session-id", "mcp-protocol-version", "last-event-id"]);

        using var other = await PreflightAsync(mcp, "https://evil.example");
        other.StatusCode.Should().Be(HttpStatusCode.NoContent);
        other.Headers.Contains("Access-Control-Allow-Origin").Should().BeFalse();
    }

    [Fact]
    public async Task A_body_over_the_limit_is_413_announced_or_not()
    {
        await using var mcp = await McpUnderTest.StartAsync(("MCP_MAX_BODY_BYTES", "2000"));
        var body = $$$"""{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"x":"{{{new string('x', 3000)}}}"}}""";

        using var announced = await mcp.PostAsync(body);
        announced.StatusCode.Should().Be(HttpStatusCode.RequestEntityTooLarge);

        using var chunked = await mcp.PostAsync(body, request => request.Headers.TransferEncodingChunked = true);
        chunked.StatusCode.Should().Be(HttpStatusCode.RequestEntityTooLarge);
    }

    [Fact]
    public async Task Deeply_nested_json_is_refused_and_the_service_lives_on()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var deep = new string('[', 50_000) + new string(']', 50_000);

        using var response = await mcp.PostAsync(
            """{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"todo.create","arguments":{"title":DEEP}}}""".Replace("DEEP", deep, StringComparison.Ordinal));

        response.StatusCode.Should().Be(HttpStatusCode.BadRequest);
        using var next = await mcp.PostAsync(ListTools);
        next.StatusCode.Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Health_is_computed()
    {
        await using var mcp = await McpUnderTest.StartAsync();

        var ok = JsonNode.Parse(await mcp.Host.Client.GetStringAsync("/health", Cancellation))!;
        ok["status"]!.GetValue<string>().Should().Be("ok");
        ok["service"]!.GetValue<string>().Should().Be("mana-mcp");
        ok["registry"]!["loaded"]!.GetValue<bool>().Should().BeTrue();
        ok["registry"]!["tools"]!.GetValue<int>().Should().Be(mcp.Tools.Count);

        Directory.Move(mcp.DataDirectory, mcp.DataDirectory + "-away");
        try
        {
            using var bad = await mcp.Host.Client.GetAsync("/health", Cancellation);
            bad.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
            (await JsonAsync(bad))["database"]!.GetValue<string>().Should().Be("unavailable");
        }
        finally
        {
            Directory.Move(mcp.DataDirectory + "-away", mcp.DataDirectory);
        }
    }

    [Fact]
    public async Task A_space_is_removed_with_all_its_records_and_only_with_the_service_key()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var anna = await mcp.ConnectAsync();
        var ben = await mcp.ConnectAsync("ben", "space-ben");
        var id = (string)(await anna.CallAsync("todo.create", """{"title":"a"}"""))["task"]!["id"]!;
        await anna.CallAsync("todo.delete", $$"""{"id":"{{id}}"}""");
        await anna.CallAsync("notes.create", """{"title":"b"}""");
        await ben.CallAsync("notes.create", """{"title":"c"}""");

        (await RemoveAsync(mcp, null)).Status.Should().Be(HttpStatusCode.Unauthorized);
        (await RemoveAsync(mcp, "wrong")).Status.Should().Be(HttpStatusCode.Unauthorized);
        (await RemoveAsync(mcp, FakeAuth.ServiceKeyValue)).Should().Be((HttpStatusCode.OK, """{"ok":true,"deleted":2,"remaining":0}"""));
        (await RemoveAsync(mcp, FakeAuth.ServiceKeyValue)).Should().Be((HttpStatusCode.OK, """{"ok":true,"deleted":0,"remaining":0}"""));

        (await anna.CallAsync("notes.list"))["notes"]!.AsArray().Should().BeEmpty();
        (await ben.CallAsync("notes.list")).Texts("notes", "title").Should().Equal("c");
    }

    [Fact]
    public void Wrong_settings_are_all_named_at_the_start()
    {
        using var directory = new TemporaryDirectory();
        var settings = HostUnderTest.Configuration(new Dictionary<string, string?>
        {
            ["MANA_DATA"] = directory.Path,
            ["NODE_ENV"] = "production",
            ["PORT"] = "-1",
            ["POLICY_MODE"] = "sometimes",
            ["CORS_ORIGINS"] = "app.example",
            ["MANA_AUTH_URL"] = "auth",
        });

        FluentActions.Invoking(() => McpHost.Create(settings))
            .Should().Throw<ConfigurationException>()
            .Which.Message.Should().ContainAll("PORT", "POLICY_MODE must be off, log-only or enforce", "CORS_ORIGINS", "MANA_AUTH_URL", "MANA_SERVICE_KEY is missing");
    }

    private static async Task<(HttpStatusCode Status, string Body)> RemoveAsync(McpUnderTest mcp, string? key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Delete, "/api/v1/internal/spaces/" + McpUnderTest.Space);
        if (key is not null)
        {
            request.Headers.Add("X-Service-Key", key);
        }

        using var response = await mcp.Host.Client.SendAsync(request, Cancellation);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(Cancellation));
    }

    private static async Task<HttpResponseMessage> PreflightAsync(McpUnderTest mcp, string origin)
    {
        using var request = new HttpRequestMessage(HttpMethod.Options, mcp.Endpoint);
        request.Headers.Add("Origin", origin);
        request.Headers.Add("Access-Control-Request-Method", "POST");
        request.Headers.Add("Access-Control-Request-Headers", "authorization,x-mana-space,mcp-protocol-version");
        return await mcp.Host.Client.SendAsync(request, Cancellation);
    }

    private static async Task<JsonNode> JsonAsync(HttpResponseMessage response) =>
        JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancellation))!;

    private static async Task<JsonNode> MessageAsync(HttpResponseMessage response)
    {
        var body = await response.Content.ReadAsStringAsync(Cancellation);
        var data = body.Split('\n').Single(line => line.StartsWith("data:", StringComparison.Ordinal));
        return JsonNode.Parse(data["data:".Length..])!;
    }
}
