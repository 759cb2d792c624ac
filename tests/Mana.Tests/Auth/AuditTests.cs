using System.Text.Json;

namespace Mana.Tests.Auth;

public sealed class AuditTests(AuthFixture fixture) : IClassFixture<AuthFixture>
{
    private const string BadAction = """{"error":"One or more action rows failed validation"}""";
    private const string BadFeedback = """{"error":"One or more feedback rows failed validation"}""";
    private readonly AuthUnderTest _auth = fixture.Auth;

    public static object Actions(string tickId, int count, int? firstSeq = null) => new
    {
        actions = Enumerable.Range(0, count).Select(i => new Dictionary<string, object?>
        {
            ["tickId"] = tickId,
            ["toolName"] = "todo.create",
            ["result"] = "ok",
            ["inputHash"] = "44136fa355b3678a",
            ["latencyMs"] = i,
            ["seq"] = firstSeq + i,
        }),
    };

    [Fact]
    public async Task A_repeated_batch_writes_nothing_new()
    {
        var id = await _auth.NewPersonaAsync("persona.repeat@mana.test");
        (await PostAsync(id, "actions", Actions("t1", 3))).ShouldBe(200, """{"ok":true,"written":3}""");
        (await PostAsync(id, "actions", Actions("t1", 3))).ShouldBe(200, """{"ok":true,"written":0}""");
        (await PostAsync(id, "actions", Actions("t1", 5))).ShouldBe(200, """{"ok":true,"written":2}""");
        (await CountAsync(id)).Should().Be(5);
    }

    [Fact]
    public async Task Split_batches_with_seq_neither_collide_nor_lose_their_order()
    {
        var id = await _auth.NewPersonaAsync("persona.split@mana.test");
        (await PostAsync(id, "actions", Actions("t1", 8, firstSeq: 0))).ShouldBe(200, """{"ok":true,"written":8}""");
        (await PostAsync(id, "actions", Actions("t1", 8, firstSeq: 8))).ShouldBe(200, """{"ok":true,"written":8}""");
        var recent = await RecentAsync(id);
        recent.Select(action => action.GetProperty("seq").GetInt32()).Should().Equal(Enumerable.Range(0, 16).Reverse());
        recent[0].GetProperty("id").GetString().Should().Be("t1-15-todo.create");
        recent[0].EnumerateObject().Select(member => member.Name).Should().Equal(
            "id", "personaId", "tickId", "toolName", "inputHash", "result", "errorMessage", "latencyMs", "createdAt", "seq");
    }

    [Fact]
    public async Task Without_seq_the_index_in_the_batch_is_the_id_as_in_the_contract()
    {
        var id = await _auth.NewPersonaAsync("persona.index@mana.test");
        await PostAsync(id, "actions", Actions("t1", 12));
        (await RecentAsync(id)).Select(action => action.GetProperty("id").GetString())
            .Should().Equal(Enumerable.Range(0, 12).Reverse().Select(i => $"t1-{i}-todo.create"));
    }

    [Fact]
    public async Task The_same_tick_id_of_two_personas_does_not_collide()
    {
        foreach (var email in (string[])["persona.x@mana.test", "persona.y@mana.test"])
        {
            var id = await _auth.NewPersonaAsync(email);
            (await PostAsync(id, "actions", Actions("shared", 2))).ShouldBe(200, """{"ok":true,"written":2}""");
            (await PostAsync(id, "feedback", Feedback("shared", ("todo", 4)))).ShouldBe(200, """{"ok":true,"written":1}""");
        }
    }

    [Fact]
    public async Task Rows_of_concurrent_and_overlapping_batches_are_counted_once()
    {
        var id = await _auth.NewPersonaAsync("persona.overlap@mana.test");
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => PostAsync(id, "actions", Actions("t1", 100, firstSeq: i * 50))));
        answers.Sum(answer => answer.Json.GetProperty("written").GetInt32()).Should().Be(450);
        (await CountAsync(id)).Should().Be(450);
    }

    [Fact]
    public async Task The_checks_come_in_the_contract_order()
    {
        var id = await _auth.NewPersonaAsync("persona.order@mana.test");
        foreach (var (kind, max) in ((string, int)[])[("actions", 500), ("feedback", 100)])
        {
            (await PostAsync("nobody", kind, "{")).ShouldBe(404, """{"error":"Persona not found"}""");
            (await PostAsync(id, kind, "{")).ShouldBe(400, """{"error":"Invalid JSON"}""");
            foreach (var body in (string[])["{}", "[]", $$"""{"{{kind}}":[]}""", $$"""{"{{kind}}":7}"""])
            {
                (await PostAsync(id, kind, body)).ShouldBe(400, $$"""{"error":"`{{kind}}` array required"}""");
            }

            var tooMany = $$"""{"{{kind}}":[{{string.Join(',', Enumerable.Repeat("1", max + 1))}}]}""";
            (await PostAsync(id, kind, tooMany)).ShouldBe(400, $$"""{"error":"`{{kind}}` batch size must be ≤ {{max}}"}""");
        }
    }

    [Theory]
    [InlineData("1")]
    [InlineData("""{"toolName":"a.b","result":"ok"}""")]
    [InlineData("""{"tickId":"","toolName":"a.b","result":"ok"}""")]
    [InlineData("""{"tickId":"t","toolName":7,"result":"ok"}""")]
    [InlineData("""{"tickId":"t","toolName":"a.b","result":"fine"}""")]
    [InlineData("""{"tickId":"t","toolName":"a.b","result":"ok","latencyMs":"5"}""")]
    [InlineData("""{"tickId":"t","toolName":"a.b","result":"ok","latencyMs":5.5}""")]
    [InlineData("""{"tickId":"t","toolName":"a.b","result":"ok","latencyMs":-1}""")]
    [InlineData("""{"tickId":"t","toolName":"a.b","result":"ok","inputHash":{}}""")]
    [InlineData("""{"tickId":"t","toolName":"a.b","result":"ok","errorMessage":1}""")]
    [InlineData("""{"tickId":"t","toolName":"a.b","result":"ok","errorMessage":"\u0000"}""")]
    [InlineData("""{"tickId":"t","toolName":"a.b","result":"ok","seq":1.5}""")]
    public async Task A_bad_action_row_fails_the_whole_batch(string row)
    {
        var id = await _auth.NewPersonaAsync("persona.badaction@mana.test");
        var good = """{"tickId":"t","toolName":"a.b","result":"ok","inputHash":null,"errorMessage":null,"latencyMs":null}""";
        (await PostAsync(id, "actions", $$"""{"actions":[{{good}},{{row}}]}""")).ShouldBe(400, BadAction);
        (await CountAsync(id)).Should().Be(0);
    }

    [Theory]
    [InlineData("tickId", 100)]
    [InlineData("toolName", 128)]
    [InlineData("inputHash", 128)]
    [InlineData("errorMessage", 4000)]
    public async Task Action_texts_have_a_cap(string member, int cap)
    {
        var id = await _auth.NewPersonaAsync($"persona.cap.{member}@mana.test");
        var row = new Dictionary<string, object?> { ["tickId"] = "t", ["toolName"] = "a.b", ["result"] = "error", [member] = new string('x', cap) };
        (await PostAsync(id, "actions", new { actions = new[] { row } })).Status.Should().Be(200);
        row[member] = new string('x', cap + 1);
        (await PostAsync(id, "actions", new { actions = new[] { row } })).ShouldBe(400, BadAction);
    }

    [Theory]
    [InlineData("""{"tickId":"t","module":"todo","rating":3.5}""")]
    [InlineData("""{"tickId":"t","module":"todo","rating":"3"}""")]
    [InlineData("""{"tickId":"t","module":"todo","rating":0}""")]
    [InlineData("""{"tickId":"t","module":"todo","rating":6}""")]
    [InlineData("""{"tickId":"t","module":"todo","rating":null}""")]
    [InlineData("""{"tickId":"t","module":"","rating":3}""")]
    [InlineData("""{"module":"todo","rating":3}""")]
    [InlineData("""{"tickId":"t","module":"todo","rating":3,"notes":7}""")]
    public async Task A_bad_rating_fails_the_whole_batch(string row)
    {
        var id = await _auth.NewPersonaAsync("persona.badrating@mana.test");
        (await PostAsync(id, "feedback", $$"""{"feedback":[{"tickId":"t","module":"notes","rating":5},{{row}}]}""")).ShouldBe(400, BadFeedback);
        (await DetailAsync(id)).GetProperty("feedbackByModule").GetArrayLength().Should().Be(0);
    }

    [Fact]
    public async Task Feedback_is_averaged_with_its_count_and_does_not_move_the_last_activity()
    {
        var id = await _auth.NewPersonaAsync("persona.rate@mana.test");
        await PostAsync(id, "feedback", Feedback("t1", ("todo", 4), ("notes", 2)));
        await PostAsync(id, "feedback", Feedback("t2", ("todo", 5)));
        await PostAsync(id, "feedback", Feedback("t3", ("todo", 5)));
        (await PostAsync(id, "feedback", Feedback("t3", ("todo", 1)))).ShouldBe(200, """{"ok":true,"written":0}""");

        var detail = await DetailAsync(id);
        JsonElement.DeepEquals(
            detail.GetProperty("feedbackByModule"),
            JsonDocument.Parse("""[{"module":"notes","avgRating":2,"count":1},{"module":"todo","avgRating":4.67,"count":3}]""").RootElement).Should().BeTrue();
        detail.GetProperty("persona").GetProperty("lastActiveAt").ValueKind.Should().Be(JsonValueKind.Null);
    }

    [Fact]
    public async Task Only_the_twenty_newest_actions_are_shown()
    {
        await using var auth = await AuthUnderTest.StartAsync();
        var id = await auth.NewPersonaAsync("persona.twenty@mana.test");
        await auth.InternalAsync(HttpMethod.Post, $"/api/v1/internal/personas/{id}/actions", Actions("old", 15));
        auth.Clock.Advance(TimeSpan.FromMinutes(1));
        await auth.InternalAsync(HttpMethod.Post, $"/api/v1/internal/personas/{id}/actions", Actions("new", 12));
        var recent = (await auth.AdminAsync(HttpMethod.Get, $"/api/v1/admin/personas/{id}")).Json.GetProperty("recentActions").EnumerateArray().ToList();
        recent.Should().HaveCount(20);
        recent.Select(action => action.GetProperty("tickId").GetString()).Should().Equal(Enumerable.Repeat("new", 12).Concat(Enumerable.Repeat("old", 8)));
        recent[12].GetProperty("seq").GetInt32().Should().Be(14);
    }

    private static object Feedback(string tickId, params (string Module, int Rating)[] rows) =>
        new { feedback = rows.Select(row => new { tickId, module = row.Module, rating = row.Rating, notes = "ok" }) };

    private Task<Answer> PostAsync(string id, string kind, object body) =>
        _auth.InternalAsync(HttpMethod.Post, $"/api/v1/internal/personas/{id}/{kind}", body);

    private async Task<JsonElement> DetailAsync(string id) => (await _auth.AdminAsync(HttpMethod.Get, $"/api/v1/admin/personas/{id}")).Json;

    private async Task<IReadOnlyList<JsonElement>> RecentAsync(string id) => [.. (await DetailAsync(id)).GetProperty("recentActions").EnumerateArray()];

    private async Task<int> CountAsync(string id) =>
        (await _auth.AdminAsync(HttpMethod.Get, "/api/v1/admin/personas")).Json.GetProperty("personas").EnumerateArray()
            .Single(persona => persona.GetProperty("userId").GetString() == id).GetProperty("actions7d").GetInt32();
}
