using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mana.Testing;

namespace Mana.Tests.Brains;

/// <summary>ScriptedClaude refuses what the real API refuses: an error of ours must not pass here.</summary>
public sealed class ScriptedClaudeTests
{
    private const string Todo = """{"name":"todo_create","input_schema":{"type":"object","properties":{"title":{"type":"string"}},"required":["title"]}}""";
    private const string Call = """{"type":"tool_use","id":"toolu_1","name":"todo_create","input":{"title":"x"}}""";
    private const string Result = """{"type":"tool_result","tool_use_id":"toolu_1","content":"ok"}""";
    private const string User = """{"role":"user","content":"Go."}""";

    public static TheoryData<string, string> Violations => new()
    {
        { """{"messages":[USER],"max_tokens":9}""", "model: Field required" },
        { """{"model":"claude-x","messages":[USER]}""", "max_tokens: Field required" },
        { """{"model":"claude-x","max_tokens":9}""", "messages: Field required" },
        { """{"model":"claude-x","max_tokens":0,"messages":[USER]}""", "max_tokens: Input should be greater than or equal to 1" },
        { """{"model":"claude-x","max_tokens":9,"messages":[USER],"top":1}""", "top: Extra inputs are not permitted" },
        { With("[]"), "messages: at least one message is required" },
        { With("""[{"role":"tool","content":"x"}]"""), "messages.0.role: Input should be 'user' or 'assistant'" },
        { With("""[{"role":"assistant","content":"x"},USER]"""), "messages: first message must use the \"user\" role" },
        { With("""[{"role":"user","content":[{"type":"text","text":""}]}]"""), "messages: text content blocks must be non-empty" },
        { With("""[{"role":"user","content":[]}]"""), "messages.0: all messages must have non-empty content*" },
        { With("""[{"role":"user","content":[{"type":"text","text":"x","colour":1}]}]"""), "messages.0.content.0.text.colour: Extra inputs are not permitted" },
        { With("""[USER,{"role":"assistant","content":"so "}]"""), "messages: final assistant content cannot end with trailing whitespace" },
        { With("""[USER,{"role":"assistant","content":[CALL]}]"""), "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_1.*" },
        { With("""[USER,{"role":"assistant","content":[CALL]},USER]"""), "messages.1: `tool_use` ids were found without*" },
        { With("""[USER,{"role":"assistant","content":[CALL]},{"role":"user","content":[{"type":"text","text":"so:"},RESULT]}]"""), "messages.1: `tool_use` ids were found without*" },
        { With("""[USER,{"role":"assistant","content":[CALL]},{"role":"user","content":[RESULT,RESULT]}]"""), "messages.2.content.1: each tool_use must have a single result.*" },
        { With("""[USER,{"role":"assistant","content":[CALL]},{"role":"user","content":[RESULT]},{"role":"assistant","content":[CALL]},{"role":"user","content":[RESULT]}]"""), "messages.3.content.0: `tool_use` ids must be unique" },
        { With("""[{"role":"user","content":[RESULT]}]"""), "messages.0.content.0: unexpected `tool_use_id` found in `tool_result` blocks: toolu_1.*" },
        { With("""[USER,{"role":"assistant","content":[CALL]},{"role":"user","content":[RESULT]}]""", tools: ""), "Requests which include `tool_use` or `tool_result` blocks must define tools" },
        { With("""[USER,{"role":"assistant","content":[{"type":"tool_use","id":"toolu_1","name":"todo.create","input":{}}]},{"role":"user","content":[RESULT]}]"""), "messages.1.content.0.tool_use.name: String should match pattern*" },
        { With("""[USER,{"role":"assistant","content":[{"type":"tool_use","id":"toolu_1","name":"todo_create","input":"{}"}]},{"role":"user","content":[RESULT]}]"""), "messages.1.content.0.tool_use.input: Input should be a valid dictionary" },
        { With("""[USER,{"role":"assistant","content":[CALL]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","is_error":true}]}]"""), "*content cannot be empty if `is_error` is true" },
        { With("[USER]", """[{"name":"todo.create","input_schema":{"type":"object"}}]"""), "tools.0.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,64}$'" },
        { With("[USER]", $$$"""[{"name":"{{{new string('a', 65)}}}","input_schema":{"type":"object"}}]"""), "tools.0.custom.name: String should match pattern*" },
        { With("[USER]", "[TODO,TODO]"), "tools: Tool names must be unique." },
        { With("[USER]", """[{"name":"todo_create"}]"""), "tools.0.custom.input_schema: Field required" },
        { With("[USER]", """[{"name":"todo_create","input_schema":{}}]"""), "tools.0.custom.input_schema.type: Field required" },
        { With("[USER]", """[{"name":"todo_create","input_schema":{"type":"array"}}]"""), "tools.0.custom.input_schema.type: Input should be 'object'" },
        { With("[USER]", """[{"name":"todo_create","input_schema":{"type":"object","properties":{"a":{"type":"text"}}}}]"""), "tools.0.custom.input_schema: JSON schema is invalid.*" },
        { With("[USER]", """[TODO],"tool_choice":{"type":"tool","name":"other"}"""), "tool_choice: Tool 'other' not found in provided tools" },
        { With("[USER]", """[TODO],"tool_choice":{"type":"must"}"""), "tool_choice: Input tag should be one of:*" },
        { With("[USER]", "", ""","tool_choice":{"type":"auto"}"""), "tool_choice: tool_choice may only be specified while providing tools." },
        { With("[USER]", "[TODO]", $$""","system":[{{string.Join(',', Enumerable.Repeat("""{"type":"text","text":"x","cache_control":{"type":"ephemeral"}}""", 5))}}]"""), "A maximum of 4 blocks with cache_control may be provided. Found 5." },
    };

    [Theory]
    [MemberData(nameof(Violations))]
    public async Task A_request_that_the_API_would_refuse_is_refused_with_its_words(string body, string message)
    {
        await using var claude = await ScriptedClaude.StartAsync();
        claude.Enqueue(ScriptedReply.Text("must not be reached"));

        using var response = await SendAsync(claude, body.Replace("USER", User, StringComparison.Ordinal).Replace("CALL", Call, StringComparison.Ordinal)
            .Replace("RESULT", Result, StringComparison.Ordinal).Replace("TODO", Todo, StringComparison.Ordinal));

        response.StatusCode.Should().Be(HttpStatusCode.BadRequest);
        var error = await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
        error.GetProperty("type").GetString().Should().Be("error");
        error.GetProperty("error").GetProperty("type").GetString().Should().Be("invalid_request_error");
        error.GetProperty("error").GetProperty("message").GetString().Should().Match(message);
        error.GetProperty("request_id").GetString().Should().Be(response.Headers.GetValues("request-id").Single());
    }

    [Theory]
    [InlineData(null, null, HttpStatusCode.Unauthorized)]
    [InlineData("key", "", HttpStatusCode.BadRequest)]
    [InlineData("key", "2023-06-01", HttpStatusCode.OK)]
    public async Task Key_and_version_are_asked_for(string? key, string? version, HttpStatusCode expected)
    {
        await using var claude = await ScriptedClaude.StartAsync();
        using var response = await SendAsync(claude, With($"[{User}]", ""), key, version);
        response.StatusCode.Should().Be(expected);
        claude.Requests.Should().HaveCount(expected == HttpStatusCode.OK ? 1 : 0);
    }

    [Fact]
    public async Task Consecutive_messages_of_one_role_are_one_turn()
    {
        await using var claude = await ScriptedClaude.StartAsync();
        using var response = await SendAsync(claude, With(
            $$"""[{{User}},{"role":"assistant","content":[{{Call}}]},{"role":"user","content":[{{Result}}]},{{User}}]""", $"[{Todo}]"));
        response.StatusCode.Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task The_rating_prompt_names_the_modules_and_ids()
    {
        await using var claude = await ScriptedClaude.StartAsync();
        var prompt = JsonSerializer.Serialize("""
            Now rate.
            {"modules":[{"module":"notes","actions":[{"id":"a0","tool":"notes.create","result":"ok"}]},
                        {"module":"todo","actions":[{"id":"a1","tool":"todo.create","result":"error"}]},
                        {"module":"mood","actions":[]}]}
            One entry each.
            """);
        var body = With($$"""[{"role":"user","content":{{prompt}}}]""", """[{"name":"rate_modules","input_schema":{"type":"object"}}],"tool_choice":{"type":"tool","name":"rate_modules"}""");

        using var response = await SendAsync(claude, body);

        var message = await response.Content.ReadFromJsonAsync<JsonObject>(TestContext.Current.CancellationToken);
        message!["stop_reason"]!.GetValue<string>().Should().Be("tool_use");
        var ratings = message["content"]![0]!["input"]!["ratings"]!.AsArray();
        ratings.Select(entry => (entry!["module"]!.GetValue<string>(), entry["actions"]!.ToJsonString())).Should()
            .Equal(("notes", "[\"a0\"]"), ("todo", "[\"a1\"]"), ("mood", "[]"));
        ratings[0]!["rating"]!.GetValue<int>().Should().BeGreaterThanOrEqualTo(4);
        ratings[1]!["rating"]!.GetValue<int>().Should().Be(1);
        ratings[2]!["rating"].Should().BeNull();
    }

    [Fact]
    public async Task A_script_answers_by_index_and_a_wrong_one_says_where()
    {
        var script = ReplyScript.Parse("""{ "0": { "status": 529, "retryAfter": 3 }, "1-2": { "text": "no", "stopReason": "refusal" } }""");
        await using var claude = await ScriptedClaude.StartAsync(new ScriptedClaudeOptions { Script = script });
        var answers = new List<(int, string?)>();
        for (var i = 0; i < 4; i++)
        {
            using var response = await SendAsync(claude, With($"[{User}]", ""));
            var body = await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
            answers.Add(((int)response.StatusCode, body.TryGetProperty("stop_reason", out var reason) ? reason.GetString() : response.Headers.RetryAfter?.ToString()));
        }

        answers.Should().Equal((529, "3"), (200, "refusal"), (200, "refusal"), (200, "end_turn"));
        FluentActions.Invoking(() => ReplyScript.Parse("""{ "x": {} }""")).Should().Throw<ReplyScriptException>().WithMessage("*\"x\" is no request index*");
        FluentActions.Invoking(() => ReplyScript.Parse("""{ "1": { "stop": 1 } }""")).Should().Throw<ReplyScriptException>().WithMessage("entry 1 is none of*");
    }

    private static string With(string messages, string tools = $"[{Todo}]", string more = "") =>
        $$"""{"model":"claude-x","max_tokens":9,"messages":{{messages}}{{(tools.Length > 0 ? $",\"tools\":{tools}" : "")}}{{more}}}""";

    private static async Task<HttpResponseMessage> SendAsync(ScriptedClaude claude, string body, string? key = "key", string? version = "2026-10-21")
    {
        using var client = new HttpClient { BaseAddress = claude.Address };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/messages") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        if (key is not null)
        {
            request.Headers.Add("x-api-key", key);
        }

        if (!string.IsNullOrEmpty(version))
        {
            request.Headers.Add("anthropic-version", version);
        }

        return await client.SendAsync(request, TestContext.Current.CancellationToken);
    }
}
