using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using Mana.Mcp.Tools.Schemas;

namespace Mana.Tests.Mcp;

public sealed class ArgumentTests
{
    [Theory]
    [InlineData("todo.create", "{}", "\"title\" is missing; give text of 1 to 500 characters.")]
    [InlineData("todo.create", """{"title":""}""", "\"title\" must be text of 1 to 500 characters; you sent \"\".")]
    [InlineData("todo.create", """{"title":5}""", "\"title\" must be text of 1 to 500 characters; you sent 5.")]
    [InlineData("todo.create", """{"title":"x","description":null}""", "\"description\" must be text of at most 10000 characters; you sent null. Leave the field out instead of sending null.")]
    [InlineData("todo.create", """{"title":"x","titel":"y"}""", "\"titel\" is no field of this tool; it takes title, description, priority, dueDate, projectId, recurrence, subtasks, recurrenceRule. Did you mean \"title\"?")]
    [InlineData("todo.create", """{"title":"x","priority":"hihg"}""", "\"priority\" must be one of low, medium, high, urgent; you sent \"hihg\". Did you mean \"high\"?")]
    [InlineData("todo.create", """{"title":"x","dueDate":"tomorrow"}""", "\"dueDate\" must be a date-time with zone such as 2026-11-22T18:00:00Z or a date such as 2026-11-22 or null; you sent \"tomorrow\".")]
    [InlineData("todo.create", """{"title":"x","dueDate":"2026-02-30"}""", "\"dueDate\" must be")]
    [InlineData("todo.create", """{"title":"x","dueDate":"2026-11-25T18:00:00"}""", "\"dueDate\" must be")]
    [InlineData("todo.create", """{"title":"\u0000"}""", "\"title\" holds characters that are no valid Unicode text")]
    [InlineData("todo.complete", """{"id":"1"}""", "\"id\" must be an id (a UUID as another tool returned it")]
    [InlineData("todo.list", """{"limit":0}""", "\"limit\" must be a whole number above 0 and at most 500; you sent 0.")]
    [InlineData("todo.list", """{"limit":1.5}""", "\"limit\" must be a whole number above 0 and at most 500; you sent 1.5.")]
    [InlineData("todo.list", """{"limit":1e400}""", "\"limit\" must be a whole number")]
    [InlineData("todo.list", """{"includeCompleted":"true"}""", "\"includeCompleted\" must be true or false; you sent \"true\". Send it without quotes.")]
    [InlineData("mood.log", """{"level":7,"emotion":"happy","time":"7:00"}""", "\"time\" must be a time of day such as 07:30 (HH:mm); you sent \"7:00\".")]
    [InlineData("mood.log", """{"level":"7","emotion":"happy"}""", "\"level\" must be a whole number from 1 to 10; you sent \"7\". Send it without quotes.")]
    [InlineData("mood.log", """{"level":7,"emotion":"happy","secondaryEmotions":["calm","fine"]}""", "\"secondaryEmotions[1]\" must be one of happy, calm,")]
    [InlineData("mood.log", """{"level":7,"emotion":"happy","tags":"a"}""", "\"tags\" must be a list of at most 20 items, each text of at most 60 characters; you sent \"a\".")]
    [InlineData("notes.create", """{"title":"x","color":"red"}""", "\"color\" must be a color such as #6366f1; you sent \"red\".")]
    [InlineData("notes.create", """{"title":"x","color":"#6366f1\n"}""", "\"color\" must be a color such as #6366f1")]
    [InlineData("habits.create", """{"title":"x","targetPerDay":99999999999999999999}""", "\"targetPerDay\" must be a whole number above 0; you sent 99999999999999999999.")]
    [InlineData("spaces.list", """{"space":"x"}""", "\"space\" is no field of this tool, which takes no arguments; leave it out.")]
    public async Task A_fault_is_said_in_a_sentence_that_helps(string tool, string arguments, string sentence)
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var client = await mcp.ConnectAsync();

        var answer = await client.FailAsync(tool, arguments);

        answer.Should().StartWith($"Invalid input for {tool}: {sentence}");
    }

    [Fact]
    public async Task Taking_the_quotes_off_is_advised_only_where_it_helps()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var client = await mcp.ConnectAsync();

        (await client.FailAsync("notes.create", """{"title":"x","isPinned":"no"}""")).Should()
            .Be("Invalid input for notes.create: \"isPinned\" must be true or false; you sent \"no\".");
    }

    [Fact]
    public async Task All_faults_are_told_at_once_and_what_was_sent_is_cut_short()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var client = await mcp.ConnectAsync();

        var answer = await client.FailAsync("mood.log", $$"""{"level":11,"emotion":"{{new string('x', 1000)}}","extra":1}""");

        answer.Should().ContainAll("\"level\" must be", "\"emotion\" must be", "\"extra\" is no field").And.Contain("(1000 characters)");
        answer.Length.Should().BeLessThan(1000);
    }

    [Fact]
    public async Task Half_a_surrogate_pair_is_refused_and_the_service_lives_on()
    {
        await using var mcp = await McpUnderTest.StartAsync();

        using var response = await mcp.PostAsync(
            """{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"todo.create","arguments":{"title":"\ud800"}}}""");

        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))
            .Should().Contain("half a surrogate pair");
        await (await mcp.ConnectAsync()).CallAsync("todo.list");
    }

    [Fact]
    public async Task A_whole_number_may_be_written_with_a_fraction_of_nothing()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var client = await mcp.ConnectAsync();

        (await client.CallAsync("mood.log", """{"level":7.0,"emotion":"happy"}"""))["entry"]!["level"]!.GetValue<int>().Should().Be(7);
    }

    [Fact]
    public async Task An_unknown_tool_is_an_error_of_the_protocol()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var client = await mcp.ConnectAsync();

        var call = async () => await client.TryCallAsync("todo.creat", "{}");

        (await call.Should().ThrowAsync<ModelContextProtocol.McpProtocolException>()).Which.ErrorCode.Should().Be(ModelContextProtocol.McpErrorCode.InvalidParams);
    }

    [Fact]
    public async Task Whatever_fits_the_schema_passes_and_whatever_does_not_is_a_fault()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        foreach (var tool in mcp.Tools)
        {
            var schema = tool.Input.Exported;
            SchemaExamples.GenerateObject(schema).Sample(
                example =>
                {
                    Faults(tool.Input, example!.AsObject(), out var result).Should().BeEmpty(because: $"{tool.Name} {example.ToJsonString()}");
                    foreach (var property in schema.GetProperty("properties").EnumerateObject())
                    {
                        (result.ContainsKey(property.Name)
                            || (!example.AsObject().ContainsKey(property.Name) && !property.Value.TryGetProperty("default", out _)))
                            .Should().BeTrue("defaults are filled in");

                        var wrong = (JsonObject)example.DeepClone();
                        wrong[property.Name] = property.Value.TryGetProperty("properties", out _) ? "no object" : new JsonObject { ["no"] = "object" };
                        Faults(tool.Input, wrong, out _).Should().ContainSingle().Which.Should().Contain($"\"{property.Name}\"");
                    }

                    foreach (var name in schema.TryGetProperty("required", out var required) ? required.EnumerateArray().Select(n => n.GetString()!) : [])
                    {
                        var lacking = (JsonObject)example.DeepClone();
                        lacking.Remove(name);
                        Faults(tool.Input, lacking, out _).Should().ContainSingle().Which.Should().StartWith($"\"{name}\" is missing");
                    }

                    var strange = (JsonObject)example.DeepClone();
                    strange["xyzzy"] = 1;
                    Faults(tool.Input, strange, out _).Should().ContainSingle().Which.Should().StartWith("\"xyzzy\" is no field");
                },
                iter: 40,
                threads: 1);
        }
    }

    [Theory]
    [InlineData("""{"type":"string","contentEncoding":"base64"}""")]
    [InlineData("""{"type":"string","format":"email"}""")]
    [InlineData("""{"type":"thing"}""")]
    [InlineData("""{"type":"object","additionalProperties":{"type":"string"}}""")]
    [InlineData("""{"anyOf":[{"const":1}]}""")]
    public void A_schema_that_promises_what_is_not_checked_stops_the_start(string schema)
    {
        using var document = JsonDocument.Parse(schema);
        FluentActions.Invoking(() => SchemaCompiler.Compile(document.RootElement)).Should().Throw<InvalidOperationException>();
    }

    private static IReadOnlyList<string> Faults(InputSchema input, JsonObject arguments, out JsonObject result)
    {
        using var document = JsonDocument.Parse(arguments.ToJsonString());
        result = input.Check(
            document.RootElement.EnumerateObject().Select(property => KeyValuePair.Create(property.Name, property.Value.Clone())), out var faults);
        return faults;
    }
}
