using System.Runtime.CompilerServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using ModelContextProtocol;

namespace Mana.Tests.Mcp;

public sealed class ToolListTests
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    // Wider than the original on purpose: dates take a date-time too, and no tool swallows unknown fields.
    private static readonly HashSet<string> Widened = ["todo.create.dueDate", "journal.add.entryDate", "mood.log.date", "mood.today.date"];

    /// <summary>Run with MANA_UPDATE_SNAPSHOTS=1 after a change that is wanted, and read the difference.</summary>
    [Fact]
    public async Task The_exported_tool_list_is_the_one_in_tools_json()
    {
        var actual = (await ListAsync()).ToJsonString(Readable) + "\n";
        var file = Path.Combine(AppContext.BaseDirectory, "Mcp", "tools.json");
        if (Environment.GetEnvironmentVariable("MANA_UPDATE_SNAPSHOTS") == "1")
        {
            await File.WriteAllTextAsync(SourceFile("tools.json"), actual, TestContext.Current.CancellationToken);
            return;
        }

        actual.Should().Be(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task The_inputs_are_those_of_the_contract()
    {
        var tools = (await ListAsync()).ToDictionary(tool => (string)tool!["name"]!, tool => tool!["inputSchema"]!.AsObject());
        var contract = JsonNode.Parse(await File.ReadAllTextAsync(
            Path.Combine(AppContext.BaseDirectory, "Mcp", "contract-input-schemas.json"), TestContext.Current.CancellationToken))!.AsObject();
        contract.Should().HaveCount(14);
        foreach (var (name, expected) in contract)
        {
            var properties = tools[name]["properties"]!.AsObject();
            properties.Remove("space");

            // Ours may take more, after those of the contract and never required.
            var wanted = expected!["properties"]!.AsObject().Select(property => property.Key).ToList();
            properties.Select(property => property.Key).Take(wanted.Count).Should().Equal(wanted, because: name);
            (tools[name]["required"]?.ToJsonString()).Should().Be(expected["required"]?.ToJsonString(), because: name);
            tools[name]["additionalProperties"]!.GetValue<bool>().Should().BeFalse(because: name);
            foreach (var (property, schema) in expected["properties"]!.AsObject())
            {
                var own = properties[property]!.DeepClone().AsObject();
                own["description"]!.GetValue<string>().Should().EndWith(".", because: $"{name}.{property} is described");
                own.Remove("description");
                if (!Widened.Contains($"{name}.{property}"))
                {
                    JsonNode.DeepEquals(own, schema).Should().BeTrue($"{name}.{property} is {own.ToJsonString()} and should be {schema!.ToJsonString()}");
                }
            }
        }
    }

    [Fact]
    public async Task Every_tool_has_what_a_client_shows_and_a_model_needs()
    {
        string[] reading = ["get", "list", "search", "today", "recent", "history", "stats", "insights", "due", "read", "records", "sources", "latest", "everything"];
        string[] adding = ["create", "add", "log", "append", "review"];
        foreach (var tool in await ListAsync())
        {
            var name = (string)tool!["name"]!;
            var verb = name.Split('.')[1];
            name.Should().MatchRegex("^[a-z-]+\\.[a-zA-Z]+$");
            tool["title"]!.GetValue<string>().Should().NotBeEmpty();
            tool["description"]!.GetValue<string>().Length.Should().BeGreaterThan(40, because: name);
            tool["outputSchema"]!["type"]!.GetValue<string>().Should().Be("object");
            var hints = tool["annotations"]!;
            hints["openWorldHint"]!.GetValue<bool>().Should().Be(name.StartsWith("news-research.", StringComparison.Ordinal), because: name);
            hints["destructiveHint"]!.GetValue<bool>().Should().Be(verb.StartsWith("delete", StringComparison.Ordinal), because: name);
            if (Array.Exists(reading, verb.StartsWith))
            {
                hints["readOnlyHint"]!.GetValue<bool>().Should().BeTrue(because: name);
            }

            if (Array.Exists(adding, verb.StartsWith))
            {
                hints["readOnlyHint"]!.GetValue<bool>().Should().BeFalse(because: name);
                hints["idempotentHint"]!.GetValue<bool>().Should().BeFalse(because: name);
            }
            new[] { "readOnlyHint", "destructiveHint", "idempotentHint" }.Should().AllSatisfy(hint => hints[hint].Should().NotBeNull(because: $"{name} says {hint}"));
            (name.StartsWith("spaces.", StringComparison.Ordinal) ? tool["inputSchema"]!["properties"]!["space"] is null : tool["inputSchema"]!["properties"]!["space"] is not null)
                .Should().BeTrue($"{name} takes a space");
        }
    }

    private static async Task<JsonArray> ListAsync()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var client = await mcp.ConnectAsync();
        var tools = await client.ListToolsAsync(cancellationToken: TestContext.Current.CancellationToken);
        return new JsonArray([.. tools.Select(tool => JsonSerializer.SerializeToNode(tool.ProtocolTool, McpJsonUtilities.DefaultOptions))]);
    }

    private static string SourceFile(string name, [CallerFilePath] string path = "") => Path.Combine(Path.GetDirectoryName(path)!, name);
}
