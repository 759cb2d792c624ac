using System.Text.Json;
using System.Text.Json.Nodes;
using Mana.Tests.Mcp;
using Mana.Tests.Mcp.Generated;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace Mana.EndToEnd.Mcp;

/// <summary>
/// Every tool through the official TypeScript SDK: it compiles the output schemas when it lists the tools, and refuses an
/// answer that does not fit. A new tool is covered by being there.
/// </summary>
public sealed class TypeScriptClientTests : IAsyncDisposable
{
    private readonly Dictionary<string, int> _accepted = [];
    private readonly List<string> _refused = [];
    private TypeScriptClient? _client;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        if (_client is not null)
        {
            await _client.DisposeAsync();
        }
    }

    [Fact]
    public async Task The_official_typescript_client_calls_every_tool_and_takes_every_answer()
    {
        await using var world = await ToolWorld.StartAsync(async (mcp, _) =>
        {
            _client = await TypeScriptClient.StartAsync(mcp.Endpoint, Cancellation);
            var headers = new JsonObject { ["Authorization"] = $"Bearer {mcp.Token()}", ["X-Mana-Space"] = McpUnderTest.Space };
            var connected = await _client.DoAsync("connect", new JsonObject { ["headers"] = headers }, Cancellation);
            connected["protocol"].Should().NotBeNull(connected.ToJsonString());
            var listed = await _client.DoAsync("list", null, Cancellation);
            listed["tools"].Should().NotBeNull(listed.ToJsonString());
            listed["withoutOutputSchema"]!.AsArray().Should().BeEmpty();
            listed["nextCursor"].Should().BeNull("the SDK checks answers by the last page alone");
            foreach (var tool in listed["tools"]!.AsArray())
            {
                _accepted.Add((string)tool!, 0);
            }

            return CallAsync;
        });
        _accepted.Keys.Should().Equal(world.Tools.Select(tool => tool.Name));
        _accepted.Should().HaveCountGreaterThan(70);

        var faults = new List<string>();
        foreach (var tool in world.Tools)
        {
            // Alone and with each further field; what deletes is given something new to delete.
            foreach (var field in (string?[])[null, .. tool.Optional.Except(ToolHints.FromAnswers)])
            {
                var (arguments, result) = await world.TryAsync(tool, field is null ? tool.Required : [.. tool.Required, field]);
                if (result.IsError == true)
                {
                    faults.Add($"{tool} {arguments.ToJsonString()}: {result.Text()}");
                }

                if (tool.IsDestructive)
                {
                    await world.FillAsync(tool.Module);
                }
            }
        }

        _refused.Should().BeEmpty();
        faults.Should().BeEmpty();
        _accepted.Where(tool => tool.Value == 0).Should().BeEmpty();
    }

    private async Task<CallToolResult> CallAsync(string tool, JsonObject arguments)
    {
        var answer = await _client!.CallAsync(tool, arguments, Cancellation);
        if (answer["result"] is not { } received)
        {
            _refused.Add($"{tool} {arguments.ToJsonString()}: {answer.ToJsonString()}");
            return new CallToolResult { IsError = true, Content = [new TextContentBlock { Text = answer.ToJsonString() }] };
        }

        var result = received.Deserialize<CallToolResult>(McpJsonUtilities.DefaultOptions)!;
        if (result.IsError != true)
        {
            _accepted[tool]++;
        }

        return result;
    }
}
