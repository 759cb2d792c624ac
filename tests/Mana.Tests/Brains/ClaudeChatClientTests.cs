using System.Text.Json;
using Mana.Hosting;
using Mana.PersonaRunner.Brains;
using Mana.PersonaRunner.Conversation;
using Mana.Testing;
using Microsoft.Extensions.AI;

namespace Mana.Tests.Brains;

public sealed class ClaudeChatClientTests
{
    private const string OddSchema = """
        {"$schema":"http://json-schema.org/draft-07/schema#","type":"object","required":["z","a"],"additionalProperties":false,
         "properties":{"z":{"type":"integer","minimum":1,"exclusiveMaximum":9007199254740993,"default":7},
                       "a":{"anyOf":[{"type":"string","pattern":"^\\d{4}-\\d{2}-\\d{2}$","format":"date"},{"type":"null"}],"default":null},
                       "m":{"type":"array","items":{"type":"string","enum":["glücklich","wütend"]},"maxItems":5}}}
        """;

    private static readonly AIFunctionDeclaration TodoCreate =
        ClaudeTestBed.Tool("todo_create", """{"type":"object","properties":{"title":{"type":"string"}},"required":["title"]}""");

    private static readonly AIFunctionDeclaration MoodLog =
        ClaudeTestBed.Tool("mood_log", """{"type":"object","properties":{"level":{"type":"integer"}},"required":["level"]}""");

    [Fact]
    public async Task Tool_schemas_arrive_unchanged()
    {
        await using var bed = await ClaudeTestBed.StartAsync();
        var odd = ClaudeTestBed.Tool("odd_tool", OddSchema, "Odd, but „exact“.");

        await bed.AskAsync(options: new ChatOptions { Tools = [odd, TodoCreate, RatingTool.Declaration] });

        var tools = bed.Server.Requests[0].GetProperty("tools");
        tools.EnumerateArray().Select(tool => tool.GetProperty("name").GetString()).Should().Equal("odd_tool", "todo_create", "rate_modules");
        tools[0].GetProperty("description").GetString().Should().Be("Odd, but „exact“.");
        JsonElement.DeepEquals(tools[0].GetProperty("input_schema"), JsonDocument.Parse(OddSchema).RootElement).Should().BeTrue();
        tools[0].GetProperty("input_schema").GetProperty("properties").EnumerateObject().Select(p => p.Name).Should().Equal("z", "a", "m");
        tools[0].GetProperty("input_schema").GetProperty("properties").GetProperty("z").GetProperty("exclusiveMaximum").GetRawText().Should().Be("9007199254740993");
        JsonElement.DeepEquals(tools[2].GetProperty("input_schema"), RatingTool.Declaration.JsonSchema).Should().BeTrue();
    }

    [Fact]
    public async Task Lists_that_begin_with_the_same_tool_and_a_list_that_has_changed_are_sent_as_they_are()
    {
        await using var bed = await ClaudeTestBed.StartAsync();
        IList<AITool> list = [TodoCreate, MoodLog];

        await bed.AskAsync(options: new ChatOptions { Tools = list });
        await bed.AskAsync(options: new ChatOptions { Tools = [TodoCreate, RatingTool.Declaration] });
        await bed.AskAsync(options: new ChatOptions { Tools = list });
        list.Add(RatingTool.Declaration);
        await bed.AskAsync(options: new ChatOptions { Tools = list });
        await bed.AskAsync();

        bed.Server.Requests.Select(request => request.TryGetProperty("tools", out var tools) ? string.Join(' ', tools.EnumerateArray().Select(tool => tool.GetProperty("name").GetString())) : "none")
            .Should().Equal("todo_create mood_log", "todo_create rate_modules", "todo_create mood_log", "todo_create mood_log rate_modules", "none");
        bed.Server.Requests.Where(request => request.TryGetProperty("tools", out _)).Should().OnlyContain(request => Marked(request.GetProperty("tools")).Count(marked => marked) == 1);
    }

    [Fact]
    public async Task The_prompt_is_cached_at_four_places_from_the_common_to_the_particular()
    {
        await using var bed = await ClaudeTestBed.StartAsync();
        await bed.Brain.Client.GetResponseAsync(
            [new(ChatRole.System, "The rules."), new(ChatRole.System, "Du bist Mira."), new(ChatRole.User, "Los."), new(ChatRole.User, "Bitte.")],
            new ChatOptions { Tools = [TodoCreate, MoodLog] },
            TestContext.Current.CancellationToken);

        var request = bed.Server.Requests[0];
        Marked(request.GetProperty("tools")).Should().Equal(false, true);
        request.GetProperty("system").EnumerateArray().Select(block => block.GetProperty("text").GetString()).Should().Equal("The rules.", "Du bist Mira.");
        Marked(request.GetProperty("system")).Should().Equal(true, true);
        Marked(request.GetProperty("messages")[0].GetProperty("content")).Should().Equal(false, true);
        request.TryGetProperty("tool_choice", out _).Should().BeFalse();
    }

    [Fact]
    public async Task A_second_turn_reads_from_the_cache_and_the_usage_says_so()
    {
        await using var bed = await ClaudeTestBed.StartAsync();
        List<ChatMessage> history = [new(ChatRole.System, new string('r', 4000)), new(ChatRole.User, "Los.")];
        var options = new ChatOptions { Tools = [TodoCreate, MoodLog] };
        var first = await bed.Brain.Client.GetResponseAsync(history, options, TestContext.Current.CancellationToken);
        history.AddRange(first.Messages);
        history.Add(new ChatMessage(ChatRole.Tool, [.. Calls(first).Select(call => new FunctionResultContent(call.CallId, "{}"))]));

        var second = await bed.Brain.Client.GetResponseAsync(history, options, TestContext.Current.CancellationToken);

        first.Usage!.CachedInputTokenCount.Should().Be(0);
        var written = first.Usage.AdditionalCounts!["CacheCreationInputTokens"];
        written.Should().BeGreaterThan(1000);
        second.Usage!.CachedInputTokenCount.Should().Be(written);
        second.Usage.InputTokenCount.Should().BeGreaterThan(written + second.Usage.AdditionalCounts!["CacheCreationInputTokens"]);
        second.Usage.OutputTokenCount.Should().BePositive();
        second.Usage.TotalTokenCount.Should().Be(second.Usage.InputTokenCount + second.Usage.OutputTokenCount);
    }

    [Fact]
    public async Task Unusual_arguments_come_as_they_are_and_the_turn_goes_back_exactly()
    {
        const string Content = """
            [{"type":"thinking","thinking":"Hm.","signature":"c2ln"},
             {"type":"text","text":"Zwei Dinge 👩‍👩‍👧 \u2028 ok"},
             {"type":"tool_use","id":"toolu_b","name":"todo_create","input":{"z":1.0,"a":1e400,"title":"Grüße \u0000 \u202e \"x\" 😀","n":12345678901234567890.10,"deep":{"b":[],"a":null}},"caller":{"type":"direct"}},
             {"type":"tool_use","id":"toolu_a","name":"mood_log","input":{"level":-0.0},"caller":{"type":"direct"}}]
            """;
        await using var bed = await ClaudeTestBed.StartAsync();
        bed.Server.Enqueue(ScriptedReply.Blocks(Content, "tool_use"));
        var options = new ChatOptions { Tools = [TodoCreate, MoodLog] };

        var response = await bed.AskAsync(options: options);

        response.FinishReason.Should().Be(ChatFinishReason.ToolCalls);
        response.Text.Should().Be("Zwei Dinge 👩‍👩‍👧 \u2028 ok");
        var calls = Calls(response);
        calls.Select(call => (call.CallId, call.Name)).Should().Equal(("toolu_b", "todo_create"), ("toolu_a", "mood_log"));
        calls[0].Arguments!.Keys.Should().Equal("z", "a", "title", "n", "deep");
        calls[0].Arguments!.Values.Cast<JsonElement>().Select(value => value.GetRawText()).Take(2).Should().Equal("1.0", "1e400");
        ((JsonElement)calls[0].Arguments!["title"]!).GetString().Should().Be("Grüße \0 \u202e \"x\" 😀");
        ((JsonElement)calls[0].Arguments!["n"]!).GetRawText().Should().Be("12345678901234567890.10");

        List<ChatMessage> history =
        [
            new(ChatRole.User, "Guten Morgen."),
            .. response.Messages,
            new(ChatRole.Tool, [new FunctionResultContent("toolu_a", "fine"), new FunctionResultContent("toolu_b", JsonDocument.Parse("""{"id":1.50}""").RootElement)]),
        ];
        await bed.Brain.Client.GetResponseAsync(history, options, TestContext.Current.CancellationToken);

        var messages = bed.Server.Requests[1].GetProperty("messages");
        var echoed = messages[1].GetProperty("content");
        var sent = JsonDocument.Parse(Content).RootElement;
        echoed.GetArrayLength().Should().Be(4);
        foreach (var (ours, theirs) in echoed.EnumerateArray().Zip(sent.EnumerateArray()))
        {
            ours.EnumerateObject().Select(p => p.Name).Should().Equal(theirs.EnumerateObject().Select(p => p.Name));
            JsonElement.DeepEquals(ours, theirs).Should().BeTrue();
        }

        echoed[2].GetProperty("input").EnumerateObject().Select(p => p.Name).Should().Equal("z", "a", "title", "n", "deep");
        echoed[2].GetProperty("input").GetProperty("a").GetRawText().Should().Be("1e400");
        var results = messages[2].GetProperty("content");
        results.EnumerateArray().Select(r => (r.GetProperty("tool_use_id").GetString(), r.GetProperty("content").GetString()))
            .Should().Equal(("toolu_a", "fine"), ("toolu_b", """{"id":1.50}"""));
        Marked(results).Should().Equal(false, true);
    }

    [Fact]
    public async Task A_failed_result_says_so()
    {
        await using var bed = await ClaudeTestBed.StartAsync();
        var options = new ChatOptions { Tools = [TodoCreate, MoodLog] };
        var response = await bed.AskAsync(options: options);
        var calls = Calls(response);
        calls.Should().HaveCount(2);
        List<ChatMessage> history =
        [
            new(ChatRole.User, "Guten Morgen."),
            .. response.Messages,
            new(ChatRole.Tool,
            [
                new FunctionResultContent(calls[0].CallId, "title is too long") { Exception = new InvalidOperationException("failed") },
                new FunctionResultContent(calls[1].CallId, null) { Exception = new InvalidOperationException("the server is gone") },
            ]),
            new(ChatRole.User, "Weiter."),
        ];
        await bed.Brain.Client.GetResponseAsync(history, options, TestContext.Current.CancellationToken);

        var content = bed.Server.Requests[1].GetProperty("messages")[2].GetProperty("content");
        content.EnumerateArray().Take(2).Select(r => (r.GetProperty("is_error").GetBoolean(), r.GetProperty("content").GetString()))
            .Should().Equal((true, "title is too long"), (true, "the server is gone"));
        content[2].GetProperty("text").GetString().Should().Be("Weiter.");
        Marked(content).Should().Equal(false, false, true);
    }

    [Fact]
    public async Task A_whole_visit_is_five_model_calls_four_tool_calls_and_a_valid_rating()
    {
        await using var bed = await ClaudeTestBed.StartAsync();
        List<ChatMessage> history = [new(ChatRole.System, "Rules."), new(ChatRole.User, "Today is 2026-11-22.")];
        var options = new ChatOptions { Tools = [TodoCreate, MoodLog, ClaudeTestBed.Tool("notes_search", """{"type":"object"}"""), RatingTool.Declaration], ToolMode = ChatToolMode.Auto };
        var called = 0;
        while (true)
        {
            var turn = await bed.Brain.Client.GetResponseAsync(history, options, TestContext.Current.CancellationToken);
            history.AddRange(turn.Messages);
            if (turn.FinishReason == ChatFinishReason.Stop)
            {
                break;
            }

            called += Calls(turn).Count;
            history.Add(new ChatMessage(ChatRole.Tool, [.. Calls(turn).Select(call => new FunctionResultContent(call.CallId, """{"id":"x"}"""))]));
        }

        history.Add(new ChatMessage(ChatRole.User, "Rate."));
        var rated = await bed.Brain.Client.GetResponseAsync(
            history,
            new ChatOptions { Tools = options.Tools, ToolMode = ChatToolMode.RequireSpecific(RatingTool.Name) },
            TestContext.Current.CancellationToken);

        called.Should().Be(4);
        bed.Server.Requests.Should().HaveCount(5);
        bed.Server.Requests[0].GetProperty("tool_choice").GetRawText().Should().Be("""{"type":"auto"}""");
        bed.Server.Requests[4].GetProperty("tool_choice").GetRawText().Should().Be("""{"type":"tool","name":"rate_modules"}""");
        var rating = Calls(rated).Should().ContainSingle().Subject;
        rating.Name.Should().Be("rate_modules");
        var entries = ((JsonElement)rating.Arguments!["ratings"]!).EnumerateArray().ToList();
        entries.Should().AllSatisfy(entry =>
        {
            entry.GetProperty("rating").GetInt32().Should().BeInRange(1, 5);
            entry.GetProperty("actions").GetArrayLength().Should().BePositive();
        });
        entries.SelectMany(entry => entry.GetProperty("actions").EnumerateArray()).Select(id => id.GetString()).Should().BeEquivalentTo("a0", "a1", "a2", "a3");
    }

    [Theory]
    [InlineData("end_turn", "stop")]
    [InlineData("max_tokens", "length")]
    [InlineData("refusal", "content_filter")]
    [InlineData("model_context_window_exceeded", "length")]
    public async Task The_reason_for_the_end_is_told(string stopReason, string expected)
    {
        await using var bed = await ClaudeTestBed.StartAsync();
        bed.Server.Enqueue(ScriptedReply.Text("Genug.", stopReason));
        (await bed.AskAsync()).FinishReason!.Value.Value.Should().Be(expected);
    }

    [Fact]
    public async Task An_empty_answer_does_not_spoil_the_conversation()
    {
        await using var bed = await ClaudeTestBed.StartAsync();
        bed.Server.Enqueue(ScriptedReply.Blocks("[]", "end_turn"));
        var empty = await bed.AskAsync();

        await bed.Brain.Client.GetResponseAsync(
            [new(ChatRole.User, "Guten Morgen."), .. empty.Messages, new(ChatRole.User, "Noch da?")], null, TestContext.Current.CancellationToken);

        var messages = bed.Server.Requests[1].GetProperty("messages");
        messages.GetArrayLength().Should().Be(1);
        messages[0].GetProperty("content").GetArrayLength().Should().Be(2);
    }

    [Fact]
    public async Task A_conversation_restored_from_text_and_calls_is_sent_too()
    {
        await using var bed = await ClaudeTestBed.StartAsync();
        var arguments = new Dictionary<string, object?> { ["title"] = JsonDocument.Parse("\"Lesen\"").RootElement, ["count"] = 3 };
        await bed.Brain.Client.GetResponseAsync(
            [
                new(ChatRole.User, "Los."),
                new(ChatRole.Assistant, [new TextContent("So. "), new FunctionCallContent("toolu_9", "todo_create", arguments)]),
                new(ChatRole.Tool, [new FunctionResultContent("toolu_9", "ok")]),
            ],
            new ChatOptions { Tools = [TodoCreate] },
            TestContext.Current.CancellationToken);

        bed.Server.Requests[0].GetProperty("messages")[1].GetProperty("content").GetRawText().Should()
            .Be("""[{"type":"text","text":"So."},{"type":"tool_use","id":"toolu_9","name":"todo_create","input":{"title":"Lesen","count":3}}]""");
    }

    [Fact]
    public async Task The_stream_holds_the_whole_answer()
    {
        await using var bed = await ClaudeTestBed.StartAsync();
        bed.Server.Enqueue(ScriptedReply.Text("Guten Abend."));
        var response = await bed.Brain.Client.GetStreamingResponseAsync([new(ChatRole.User, "Hallo.")], null, TestContext.Current.CancellationToken)
            .ToChatResponseAsync(TestContext.Current.CancellationToken);
        response.Text.Should().Be("Guten Abend.");
    }

    [Fact]
    public void Settings_come_from_the_environment_names_and_hide_the_key()
    {
        var reader = new SettingsReader(HostUnderTest.Configuration(new Dictionary<string, string?>
        {
            ["ANTHROPIC_API_KEY"] = ClaudeTestBed.Key,
            ["ANTHROPIC_BASE_URL"] = "http://127.0.0.1:9/anthropic/",
            ["ANTHROPIC_MAX_TOKENS"] = "77",
            ["CLAUDE_CALL_TIMEOUT_MS"] = "1500",
        }));
        var settings = ClaudeSettings.Read(reader)!;

        settings.Should().Be(new ClaudeSettings(ClaudeTestBed.Key, new Uri("http://127.0.0.1:9/anthropic"), "claude-haiku-4-5", 77, TimeSpan.FromSeconds(1.5)));
        settings.ToString().Should().NotContain(ClaudeTestBed.Key).And.Contain("claude-haiku-4-5");
        reader.Errors.Should().BeEmpty();
        ClaudeSettings.Read(new SettingsReader(HostUnderTest.Configuration(new Dictionary<string, string?>()))).Should().BeNull();
    }

    [Fact]
    public void A_key_that_no_header_can_carry_is_a_fault_that_does_not_show_it()
    {
        var reader = new SettingsReader(HostUnderTest.Configuration(new Dictionary<string, string?> { ["ANTHROPIC_API_KEY"] = "sk-ant-ü 1" }));
        ClaudeSettings.Read(reader).Should().BeNull();
        reader.Errors.Should().ContainSingle().Which.Should().Contain("ANTHROPIC_API_KEY").And.NotContain("sk-ant");
    }

    private static List<FunctionCallContent> Calls(ChatResponse response) => [.. response.Messages.SelectMany(message => message.Contents).OfType<FunctionCallContent>()];

    private static IEnumerable<bool> Marked(JsonElement blocks) =>
        blocks.EnumerateArray().Select(block => block.TryGetProperty("cache_control", out var control) && control.GetProperty("type").ValueEquals("ephemeral"));
}
