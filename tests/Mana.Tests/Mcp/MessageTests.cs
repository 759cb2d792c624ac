using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Mana.Tests.Mcp.Idempotency;

namespace Mana.Tests.Mcp;

/// <summary>Bodies that are no message, and calls that name no tool or no fields.</summary>
public sealed class MessageTests
{
    private const string ListTools = """{"jsonrpc":"2.0","id":1,"method":"tools/list"}""";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("", "Parse error: Invalid JSON")]
    [InlineData("{nonsense", "Parse error: Invalid JSON")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"\ud800"}}""", "Parse error: Invalid JSON")]
    [InlineData("null", "Parse error: Invalid JSON-RPC message")]
    [InlineData("[]", "Parse error: Invalid JSON-RPC message")]
    [InlineData("""{"hello":"world"}""", "Parse error: Invalid JSON-RPC message")]
    [InlineData("""{"jsonrpc":"1.0","id":1,"method":"ping"}""", "Parse error: Invalid JSON-RPC message")]
    [InlineData("""{"jsonrpc":"2.0","id":{},"method":"ping"}""", "Parse error: Invalid JSON-RPC message")]
    [InlineData("""{"jsonrpc":"2.0","id":1}""", "Parse error: Invalid JSON-RPC message")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"ping","params":[1]}""", "Parse error: Invalid JSON-RPC message")]
    public async Task What_is_no_message_is_400_with_the_code_of_a_parse_error(string body, string message)
    {
        await using var mcp = await McpUnderTest.StartAsync();

        using var response = await mcp.PostAsync(body);

        response.StatusCode.Should().Be(HttpStatusCode.BadRequest);
        var answer = await JsonAsync(response);
        ((int)answer["error"]!["code"]!, (string)answer["error"]!["message"]!).Should().Be((-32700, message));
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData(null)]
    public async Task Another_content_type_is_415_with_a_body(string? type)
    {
        await using var mcp = await McpUnderTest.StartAsync();

        using var response = await mcp.PostAsync(
            ListTools, request => request.Content!.Headers.ContentType = type is null ? null : new MediaTypeHeaderValue(type));

        response.StatusCode.Should().Be(HttpStatusCode.UnsupportedMediaType);
        ((int)(await JsonAsync(response))["error"]!["code"]!).Should().Be(-32000);
    }

    [Fact]
    public async Task An_unknown_protocol_version_is_32000_and_the_known_ones_are_named()
    {
        await using var mcp = await McpUnderTest.StartAsync();

        using var response = await mcp.PostAsync(ListTools, request => request.Headers.Add("mcp-protocol-version", "1999-01-01"));

        response.StatusCode.Should().Be(HttpStatusCode.BadRequest);
        var error = (await JsonAsync(response))["error"]!;
        ((int)error["code"]!).Should().Be(-32000);
        error["data"]!["supported"]!.AsArray().Select(version => (string)version!).Should().Contain("2025-11-25");
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("POST")]
    [InlineData("DELETE")]
    public async Task A_session_id_is_never_known(string method)
    {
        await using var mcp = await McpUnderTest.StartAsync();

        using var response = await mcp.PostAsync(ListTools, request =>
        {
            request.Method = new HttpMethod(method);
            request.Headers.Add("mcp-session-id", "0b7a4f1e");
        });

        response.StatusCode.Should().Be(HttpStatusCode.NotFound);
        ((string)(await JsonAsync(response))["error"]!).Should().Be("Session not found");
    }

    [Theory]
    [InlineData("""{"jsonrpc":"2.0","id":"q","method":"tools/call"}""")]
    [InlineData("""{"jsonrpc":"2.0","id":"q","method":"tools/call","params":{}}""")]
    [InlineData("""{"jsonrpc":"2.0","id":"q","method":"tools/call","params":{"name":5}}""")]
    public async Task A_call_without_a_name_is_32602(string body)
    {
        await using var mcp = await McpUnderTest.StartAsync();

        using var response = await mcp.PostAsync(body);

        response.StatusCode.Should().Be(HttpStatusCode.OK);
        var answer = await JsonAsync(response);
        ((string)answer["id"]!, (int)answer["error"]!["code"]!).Should().Be(("q", -32602));
    }

    [Theory]
    [InlineData("[]", "a list")]
    [InlineData("\"{}\"", "text; send the object itself, not as a quoted string")]
    [InlineData("5", "a number")]
    [InlineData("true", "true or false")]
    public async Task Arguments_that_are_no_object_are_a_result_that_a_model_can_read(string arguments, string sent)
    {
        await using var mcp = await McpUnderTest.StartAsync();

        using var response = await mcp.PostAsync(
            """{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"todo.list","arguments":ARGUMENTS}}""".Replace("ARGUMENTS", arguments, StringComparison.Ordinal));

        response.StatusCode.Should().Be(HttpStatusCode.OK);
        var answer = await JsonAsync(response);
        ((int)answer["id"]!, (bool)answer["result"]!["isError"]!).Should().Be((7, true));
        ((string)answer["result"]!["content"]![0]!["text"]!).Should()
            .Be($"Invalid input for todo.list: the arguments must be an object of named fields; you sent {sent}.");
    }

    [Theory]
    [InlineData("""{"title":"a\udc00"}""")]
    [InlineData("""{"title":"a","\ud800":1}""")]
    public async Task Half_a_surrogate_pair_in_the_arguments_is_a_result_that_a_model_can_read(string arguments)
    {
        await using var mcp = await McpUnderTest.StartAsync();

        using var response = await mcp.PostAsync(
            """{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"todo.create","arguments":ARGUMENTS}}""".Replace("ARGUMENTS", arguments, StringComparison.Ordinal));

        ((string)(await JsonAsync(response))["result"]!["content"]![0]!["text"]!).Should()
            .Be("Invalid input for todo.create: the arguments hold half a surrogate pair, which is no valid Unicode text; leave it out.");
    }

    [Theory]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"\ud800","capabilities":{},"clientInfo":{"name":"x","version":"1"}}}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"mana://todo/\uD800"}}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"todo.list","arguments":{},"_meta":{"x":"\udfff"}}}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"\udfff":1}}}""")]
    [InlineData("""{"jsonrpc":"2.0","id":"\ud800","method":"ping"}""")]
    public async Task Half_a_surrogate_pair_anywhere_else_is_no_message(string body)
    {
        await using var mcp = await McpUnderTest.StartAsync();

        using var response = await mcp.PostAsync(body);

        response.StatusCode.Should().Be(HttpStatusCode.BadRequest);
        ((int)(await JsonAsync(response))["error"]!["code"]!).Should().Be(-32700);
    }

    [Fact]
    public async Task A_whole_surrogate_pair_is_text()
    {
        await using var mcp = await McpUnderTest.StartAsync();

        using var response = await mcp.PostAsync(
            """{"jsonrpc":"2.0","id":"\ud83d\ude00","method":"tools/call","params":{"name":"todo.create","arguments":{"title":"\ud83d\ude00"},"_meta":{"x":"\ud83d\ude00"}}}""");

        var answer = KeyedCalls.Message(await response.Content.ReadAsStringAsync(Cancellation));
        ((string)answer["id"]!, (string)answer["result"]!["structuredContent"]!["task"]!["title"]!).Should().Be(("😀", "😀"));
    }

    [Theory]
    [InlineData("initialize", "{}")]
    [InlineData("initialize", """{"protocolVersion":5,"capabilities":{},"clientInfo":{"name":"x","version":"1"}}""")]
    [InlineData("initialize", """{"protocolVersion":"2025-06-18","capabilities":[],"clientInfo":{"name":"x","version":"1"}}""")]
    [InlineData("resources/read", "{}")]
    [InlineData("resources/read", """{"uri":5}""")]
    [InlineData("resources/list", """{"cursor":5}""")]
    [InlineData("tools/list", """{"cursor":{}}""")]
    [InlineData("logging/setLevel", """{"level":"nonsense"}""")]
    [InlineData("tools/call", """{"name":"todo.list","_meta":[]}""")]
    public async Task Params_that_are_not_what_their_method_takes_are_32602(string method, string parameters)
    {
        await using var mcp = await McpUnderTest.StartAsync();

        using var response = await mcp.PostAsync($$"""{"jsonrpc":"2.0","id":"q","method":"{{method}}","params":{{parameters}}}""");

        ((int)response.StatusCode).Should().BeLessThan(500);
        var answer = KeyedCalls.Message(await response.Content.ReadAsStringAsync(Cancellation));
        ((string)answer["id"]!, (int)answer["error"]!["code"]!).Should().Be(("q", -32602));
    }

    // The SDK takes names in any case: the key or the tool that it reads would not be the one that was checked.
    [Theory]
    [InlineData("""{"name":"todo.list","NAME":"todo.create","arguments":{"title":"x"}}""")]
    [InlineData("""{"name":"todo.create","name":"todo.list","arguments":{"title":"x"}}""")]
    [InlineData("""{"NAME":"todo.create","arguments":{"title":"x"}}""")]
    [InlineData("""{"name":"todo.create","Arguments":{"title":"x"}}""")]
    [InlineData("""{"name":"todo.create","arguments":{"title":"x"},"_META":{"mana.how/idempotency-key":"KEY"}}""")]
    public async Task A_call_that_could_be_read_in_two_ways_is_32602_and_does_nothing(string parameters)
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var client = await mcp.ConnectAsync();

        using var response = await mcp.PostAsync(
            $$"""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{parameters.Replace("KEY", new string('k', 5000), StringComparison.Ordinal)}}}""");

        ((int)(await JsonAsync(response))["error"]!["code"]!).Should().Be(-32602);
        (await client.CallAsync("todo.list"))["tasks"]!.AsArray().Should().BeEmpty();
    }

    [Fact]
    public async Task An_encrypted_token_is_401()
    {
        await using var mcp = await McpUnderTest.StartAsync();

        using var response = await mcp.PostAsync(ListTools, request =>
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", mcp.Token().Split('.')[0] + ".a.b.c.d"));

        response.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
        ((string)(await JsonAsync(response))["error"]!).Should().Be("Invalid token: it is no JSON Web Token");
    }

    [Fact]
    public async Task The_process_series_have_the_contract_s_names_and_label()
    {
        await using var mcp = await McpUnderTest.StartAsync();

        var metrics = await mcp.Host.Client.GetStringAsync("/metrics", Cancellation);

        foreach (var name in (string[])["mana_mcp_process_cpu_seconds_total", "mana_mcp_process_resident_memory_bytes", "mana_mcp_process_start_time_seconds"])
        {
            metrics.Should().MatchRegex($"(?m)^{name}\\{{[^}}]*service=\"mana-mcp\"[^}}]*\\}} [0-9.E+]+");
        }
    }

    private static async Task<JsonNode> JsonAsync(HttpResponseMessage response) =>
        JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancellation))!;
}
