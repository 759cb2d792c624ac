using System.Text.Json.Nodes;
using Mana.Mcp.Tools;
using Mana.Tests.Mcp.Idempotency;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace Mana.Tests.Mcp;

public sealed class ProtocolTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string> WithHandshake => ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"];

    [Theory]
    [MemberData(nameof(WithHandshake))]
    public async Task Each_revision_with_a_handshake_is_spoken_to_the_letter(string version)
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var hello = await SendAsync(mcp, null, "initialize", $$$"""{"protocolVersion":"{{{version}}}","capabilities":{},"clientInfo":{"name":"raw","version":"1"}}""");
        ((string)hello["result"]!["protocolVersion"]!).Should().Be(version);
        hello["result"]!["capabilities"]!.AsObject().Select(one => one.Key).Should().Contain(["tools", "resources"]);

        await CheckAsync(mcp, (method, parameters) => SendAsync(mcp, version, method, parameters), resourceMissing: -32002);
    }

    [Fact]
    public async Task The_newest_revision_needs_no_handshake()
    {
        const string Version = "2026-07-28";
        await using var mcp = await McpUnderTest.StartAsync();
        var hello = await SendNewAsync(mcp, Version, "server/discover", "{}");
        hello["result"]!["supportedVersions"]!.AsArray().Select(one => (string)one!).Should().Contain(Version);
        hello["result"]!["capabilities"]!.AsObject().Select(one => one.Key).Should().Contain(["tools", "resources"]);

        await CheckAsync(mcp, (method, parameters) => SendNewAsync(mcp, Version, method, parameters), resourceMissing: -32602);
    }

    [Fact]
    public async Task Records_are_resources_newest_first_page_by_page()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var client = await mcp.ConnectAsync();
        for (var i = 0; i < 105; i++)
        {
            mcp.Clock.Advance(TimeSpan.FromSeconds(5));
            await client.CallAsync("notes.create", $$"""{"title":"n{{i}}"}""");
        }

        var id = (string)(await client.CallAsync("todo.create", """{"title":"task"}"""))["task"]!["id"]!;
        var first = await client.ListResourcesAsync(new ListResourcesRequestParams(), Cancellation);
        var second = await client.ListResourcesAsync(new ListResourcesRequestParams { Cursor = first.NextCursor }, Cancellation);

        first.Resources.Should().HaveCount(100);
        first.Resources[0].Uri.Should().Be($"mana://todo/{id}");
        first.Resources[0].Name.Should().Be("task");
        second.NextCursor.Should().BeNull();
        first.Resources.Concat(second.Resources).Skip(1).Select(resource => resource.Name).Should().Equal(Enumerable.Range(0, 105).Reverse().Select(i => $"n{i}"));
        await FluentActions.Awaiting(() => client.ListResourcesAsync(new ListResourcesRequestParams { Cursor = "?" }, Cancellation).AsTask())
            .Should().ThrowAsync<McpProtocolException>();
    }

    [Fact]
    public async Task A_resource_is_what_the_tool_says_and_only_its_own_space_sees_it()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var anna = await mcp.ConnectAsync();
        var note = (await anna.CallAsync("notes.create", """{"title":"secret"}"""))["note"]!;
        var uri = $"mana://notes/{note["id"]}";

        var read = await anna.ReadResourceAsync(uri, cancellationToken: Cancellation);
        JsonNode.DeepEquals(JsonNode.Parse(((TextResourceContents)read.Contents[0]).Text), note).Should().BeTrue();
        (await anna.ListResourceTemplatesAsync(cancellationToken: Cancellation)).Should().ContainSingle().Which.UriTemplate.Should().Be("mana://{module}/{id}");

        var ben = await mcp.ConnectAsync("ben", "space-ben");
        (await ben.ListResourcesAsync(cancellationToken: Cancellation)).Should().BeEmpty();
        foreach (var (client, wanted) in new[] { (ben, uri), (anna, $"mana://todo/{note["id"]}"), (anna, "mana://notes/none"), (anna, "file:///etc/passwd") })
        {
            await FluentActions.Awaiting(() => client.ReadResourceAsync(wanted, cancellationToken: Cancellation).AsTask()).Should().ThrowAsync<McpException>(because: wanted);
        }

        await anna.CallAsync("notes.delete", $$"""{"id":"{{note["id"]}}"}""");
        (await anna.ListResourcesAsync(cancellationToken: Cancellation)).Should().BeEmpty();
    }

    [Fact]
    public async Task A_family_space_shows_no_diary_as_a_resource()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        mcp.Auth.Describe("org", null);
        var client = await mcp.ConnectAsync(space: "org");
        var id = (string)(await client.CallAsync("journal.add", """{"content":"x"}"""))["entry"]!["id"]!;
        mcp.Auth.Describe("org", "family");
        mcp.Clock.Advance(TimeSpan.FromSeconds(31));

        (await client.ListResourcesAsync(cancellationToken: Cancellation)).Should().BeEmpty();
        await FluentActions.Awaiting(() => client.ReadResourceAsync($"mana://journal/{id}", cancellationToken: Cancellation).AsTask()).Should().ThrowAsync<McpException>();
    }

    [Fact]
    public async Task What_a_call_had_written_before_it_was_given_up_is_undone()
    {
        var slow = new TestModules.Slow();
        await using var mcp = await McpUnderTest.StartAsync(services => services.AddSingleton<ToolModule>(slow));
        using var give = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var call = mcp.PostAsync(mcp.Host, KeyedCalls.Body("slow.write", "{}", "k"), null, give.Token);
        await slow.HasWritten.Task.WaitAsync(Cancellation);

        await give.CancelAsync();
        await FluentActions.Awaiting(() => call).Should().ThrowAsync<OperationCanceledException>();
        await slow.WasCancelled.Task.WaitAsync(Cancellation);

        // The next write waits for the one that is undone.
        var client = await mcp.ConnectAsync();
        await client.CallAsync("todo.create", """{"title":"after"}""");
        (await client.ListResourcesAsync(cancellationToken: Cancellation)).Select(resource => resource.Name).Should().Equal("after");
        (await mcp.MetricAsync("mana_mcp_tool_invocations_total", ("tool", "slow.write"), ("outcome", "cancelled"))).Should().Be(1);
    }

    [Fact]
    public async Task Progress_is_told_to_a_client_that_asked_and_to_no_other()
    {
        await using var mcp = await McpUnderTest.StartAsync(services => services.AddSingleton<ToolModule>(new TestModules.Slow()));
        const string Asked = """{"name":"slow.count","arguments":{},"_meta":{"progressToken":"p1"}}""";

        var body = await TextAsync(mcp, "2025-11-25", "tools/call", Asked);
        var events = body.Split('\n').Where(line => line.StartsWith("data:", StringComparison.Ordinal)).Select(line => JsonNode.Parse(line[5..])!).ToList();

        events.SkipLast(1).Should().AllSatisfy(message => ((string)message["params"]!["progressToken"]!).Should().Be("p1"));
        events.SkipLast(1).Select(message => (string)message["params"]!["message"]!).Should().Equal("step 1", "step 2", "step 3");
        events[^1]["result"].Should().NotBeNull("nothing follows the result");
        (await TextAsync(mcp, "2025-11-25", "tools/call", """{"name":"slow.count","arguments":{}}""")).Should().NotContain("notifications/progress");
    }

    private static async Task CheckAsync(McpUnderTest mcp, Func<string, string, Task<JsonNode>> send, int resourceMissing)
    {
        (await send("tools/list", "{}"))["result"]!["tools"]!.AsArray().Should().HaveCount(mcp.Tools.Count);
        ((int)(await send("tools/list", """{"cursor":"x"}"""))["error"]!["code"]!).Should().Be(-32602);
        var created = (await send("tools/call", """{"name":"todo.create","arguments":{"title":"raw"}}"""))["result"]!;
        var uri = $"mana://todo/{created["structuredContent"]!["task"]!["id"]}";
        ((string)(await send("resources/list", "{}"))["result"]!["resources"]![0]!["uri"]!).Should().Be(uri);
        ((string)(await send("resources/read", $$"""{"uri":"{{uri}}"}"""))["result"]!["contents"]![0]!["text"]!).Should().Contain("\"raw\"");
        ((int)(await send("resources/read", """{"uri":"mana://todo/none"}"""))["error"]!["code"]!).Should().Be(resourceMissing);
        (await send("resources/templates/list", "{}"))["result"]!["resourceTemplates"]!.AsArray().Should().ContainSingle();
        ((bool)(await send("tools/call", """{"name":"todo.create","arguments":{}}"""))["result"]!["isError"]!).Should().BeTrue();
        ((int)(await send("tools/call", """{"name":"no.tool","arguments":{}}"""))["error"]!["code"]!).Should().Be(-32602);
    }

    private static async Task<JsonNode> SendAsync(McpUnderTest mcp, string? version, string method, string parameters) =>
        KeyedCalls.Message(await TextAsync(mcp, version, method, parameters));

    private static async Task<string> TextAsync(McpUnderTest mcp, string? version, string method, string parameters)
    {
        using var response = await mcp.PostAsync(
            $$"""{"jsonrpc":"2.0","id":1,"method":"{{method}}","params":{{parameters}}}""",
            request =>
            {
                if (version is not null)
                {
                    request.Headers.Add("MCP-Protocol-Version", version);
                }
            });
        return await response.Content.ReadAsStringAsync(Cancellation);
    }

    private static async Task<JsonNode> SendNewAsync(McpUnderTest mcp, string version, string method, string parameters)
    {
        var body = JsonNode.Parse(parameters)!.AsObject();
        body["_meta"] = new JsonObject
        {
            ["io.modelcontextprotocol/protocolVersion"] = version,
            ["io.modelcontextprotocol/clientInfo"] = new JsonObject { ["name"] = "raw", ["version"] = "1" },
            ["io.modelcontextprotocol/clientCapabilities"] = new JsonObject(),
        };
        using var response = await mcp.PostAsync(
            $$"""{"jsonrpc":"2.0","id":1,"method":"{{method}}","params":{{body.ToJsonString()}}}""",
            request =>
            {
                request.Headers.Add("MCP-Protocol-Version", version);
                request.Headers.Add("Mcp-Method", method);
                if ((string?)(body["name"] ?? body["uri"]) is { } name)
                {
                    request.Headers.Add("Mcp-Name", name);
                }
            });
        return KeyedCalls.Message(await response.Content.ReadAsStringAsync(Cancellation));
    }
}
