using System.Text.Json;
using Mana.PersonaRunner.Conversation;
using Mana.Tests.Runner.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Time.Testing;

namespace Mana.Tests.Runner;

public sealed class PersonaTickTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_tick_signs_in_acts_in_the_personal_space_rates_and_delivers_everything()
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Personas.Add(FakeMana.Anna());
        await using var runner = await RunnerUnderTest.StartAsync(mana, TestBrain.Visit());

        var tick = await runner.TickAsync("persona.anna@mana.test", Token);

        tick.Tick.Should().BeEquivalentTo(new { Outcome = "completed", Error = (string?)null, Brain = "test", ToolCalls = 2, Ratings = 2, MissingRatings = 0, Delivered = true });
        tick.Summary.Should().Be("Das war gut.");
        tick.Calls.Select(call => (call.Seq, call.Tool, call.Module, call.Result)).Should().Equal((0, "todo.create", "todo", "ok"), (1, "notes.create", "notes", "ok"));
        tick.Calls.Should().OnlyContain(call => call.LatencyMs >= 0 && call.Output!.Contains("\"input\":{\"title\":\"x\"}"));
        tick.Ratings.Should().BeEquivalentTo([new { Module = "notes", Rating = 4, Evidence = new[] { 1 } }, new { Module = "todo", Rating = 4, Evidence = new[] { 0 } }]);
        tick.Usage.Should().BeEquivalentTo(new { ModelCalls = 3, InputTokens = 300, OutputTokens = 30 });
        mana.Calls.Should().OnlyContain(call => call.Space == "space-1", "the personal space is the second in the list");

        mana.Delivered.Select(row => (row.Persona, row.Kind)).Should().Equal(("user-anna", "actions"), ("user-anna", "feedback"), ("user-anna", "ticks"));
        var actions = mana.Delivered.First().Body["actions"]!.AsArray();
        actions.Select(row => ((int)row!["seq"]!, (string)row["toolName"]!, (string)row["result"]!, (string)row["inputHash"]!)).Should().Equal(
            (0, "todo.create", "ok", InputHash.Of(JsonElement.Parse("""{"title":"x"}"""))),
            (1, "notes.create", "ok", InputHash.Of(JsonElement.Parse("""{"title":"x"}"""))));
        ((string)mana.Delivered.Last().Body["outcome"]!).Should().Be("completed");
    }

    [Fact]
    public async Task The_prompts_are_in_the_persona_s_language_and_name_the_date_and_the_usable_mix()
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Personas.Add(FakeMana.Persona("anna", null, ("todo", 3), ("notes", 1), ("calendar", 4)));
        mana.Personas.Add(FakeMana.Persona("kai") with { Language = "en", TimeZone = "Asia/Tokyo" });
        await using var runner = await RunnerUnderTest.StartAsync(mana, TestBrain.Visit());

        var german = await runner.TickAsync("persona.anna@mana.test", Token);
        var english = await runner.TickAsync("persona.kai@mana.test", Token);

        german.Turns[1].Text.Should().Be("Du bist eine Testperson.");
        german.Turns[2].Text.Should().Contain("Sonntag, 22. November 2026, 09:00 Uhr").And.Contain("todo 75 %, notes 25 %").And.NotContain("calendar");
        english.Turns[2].Text.Should().Contain("Sunday, 22 November 2026, 18:00");
    }

    [Fact]
    public async Task The_next_visit_is_told_how_the_last_one_closed()
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Personas.Add(FakeMana.Anna());
        await using var runner = await RunnerUnderTest.StartAsync(mana, TestBrain.Visit());

        await runner.TickAsync("persona.anna@mana.test", Token);
        runner.Clock.Advance(TimeSpan.FromDays(2));
        var second = await runner.TickAsync("persona.anna@mana.test", Token);

        second.Turns[2].Text.Should().Contain("am Sonntag, 22. November 2026").And.Contain("„Das war gut.“");
    }

    [Fact]
    public async Task Tool_failures_go_back_as_errors_and_are_delivered_as_errors()
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Personas.Add(FakeMana.Anna());
        mana.Tool = (tool, _) => Task.FromResult(FakeMana.Text("title is too long: use at most 3 characters", isError: tool == "todo.create"));
        FunctionResultContent? seen = null;
        var brain = TestBrain.Create(request =>
        {
            seen ??= request.LastResults is [var first, ..] ? first : null;
            return request.IsRating
                ? TestBrain.Rate(request, TestBrain.Entry("todo", 1, ["a0"]))
                : request.Turn == 0 ? request.Calls(("todo_create", """{"title":"abcd"}""")) : TestBrain.Say("Hm.");
        });
        await using var runner = await RunnerUnderTest.StartAsync(mana, brain);

        var tick = await runner.TickAsync("persona.anna@mana.test", Token);

        seen!.Exception.Should().NotBeNull("the wire's is_error comes from it");
        seen.Result.Should().Be("title is too long: use at most 3 characters");
        tick.Calls.Should().ContainSingle().Which.Result.Should().Be("error");
        tick.Tick.Ratings.Should().Be(1, "a module that only failed was met, too");
        var action = mana.Delivered.First().Body["actions"]![0]!;
        ((string)action["result"]!, (string)action["errorMessage"]!).Should().Be(("error", "title is too long: use at most 3 characters"));
    }

    [Fact]
    public async Task A_tool_that_does_not_exist_is_an_error_for_the_model_and_a_row_for_us()
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Personas.Add(FakeMana.Anna());
        var brain = TestBrain.Create(request => request.IsRating
            ? TestBrain.Rate(request, TestBrain.Entry("todo", 3, ["a1"]))
            : request.Turn == 0 ? request.Calls(("calendar_create", "{}"), ("todo_create", "{}")) : TestBrain.Say("ok"));
        await using var runner = await RunnerUnderTest.StartAsync(mana, brain);

        var tick = await runner.TickAsync("persona.anna@mana.test", Token);

        tick.Calls.Select(call => (call.Tool, call.Result)).Should().Equal(("calendar_create", "error"), ("todo.create", "ok"));
        tick.Ratings.Select(rating => rating.Module).Should().Equal("todo");
        mana.Calls.Should().ContainSingle("the made-up tool is not sent");
        (await runner.Client.GetStringAsync("/metrics", Token)).Should().NotContain("calendar_create", "a model must not make metric labels");
    }

    [Fact]
    public async Task A_rating_that_comes_too_early_is_answered_and_the_visit_goes_on()
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Personas.Add(FakeMana.Anna());
        var brain = TestBrain.Create(request => request switch
        {
            { IsRating: true } => TestBrain.Rate(request, TestBrain.Entry("todo", 5, ["a0"])),
            { Turn: 0 } => request.Calls((RatingTool.Name, """{"ratings":[]}"""), ("todo_list", "{}")),
            _ => TestBrain.Say("fertig"),
        });
        await using var runner = await RunnerUnderTest.StartAsync(mana, brain);

        var tick = await runner.TickAsync("persona.anna@mana.test", Token);

        tick.Calls.Select(call => call.Tool).Should().Equal("todo.list");
        tick.Ratings.Should().ContainSingle().Which.Rating.Should().Be(5);
    }

    [Fact]
    public async Task A_malformed_rating_gets_one_repair_turn()
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Personas.Add(FakeMana.Anna());
        var asked = 0;
        var brain = TestBrain.Create(request => !request.IsRating
            ? request.Turn == 0 ? request.Calls(("todo_create", "{}"), ("notes_create", "{}")) : TestBrain.Say("ok")
            : ++asked == 1
                ? TestBrain.Rate(request, TestBrain.Entry("todo", 9, ["a0"]), TestBrain.Entry("kalender", 3, []))
                : TestBrain.Rate(request, TestBrain.Entry("todo", 2, ["a0"]), TestBrain.Entry("notes", null, [])));
        await using var runner = await RunnerUnderTest.StartAsync(mana, brain);

        var tick = await runner.TickAsync("persona.anna@mana.test", Token);

        asked.Should().Be(2);
        tick.Ratings.Select(rating => (rating.Module, rating.Rating)).Should().Equal(("notes", null), ("todo", 2));
        tick.Tick.MissingRatings.Should().Be(0, "null is an answer");
        mana.Delivered.Single(row => row.Kind == "feedback").Body["feedback"]!.AsArray().Should().ContainSingle("a rating that was not given is not invented");
    }

    [Fact]
    public async Task What_is_missing_after_the_repair_stays_missing_and_is_counted()
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Personas.Add(FakeMana.Anna());
        var brain = TestBrain.Create(request => request.IsRating
            ? TestBrain.Rate(request, TestBrain.Entry("todo", "drei", ["a0"]), TestBrain.Entry("notes", 4, ["a1"]))
            : request.Turn == 0 ? request.Calls(("todo_create", "{}"), ("notes_create", "{}")) : TestBrain.Say("ok"));
        await using var runner = await RunnerUnderTest.StartAsync(mana, brain);

        var tick = await runner.TickAsync("persona.anna@mana.test", Token);

        tick.Tick.Outcome.Should().Be("completed");
        tick.Ratings.Select(rating => rating.Module).Should().Equal("notes");
        tick.Tick.MissingRatings.Should().Be(1);
        (await runner.Client.GetStringAsync("/metrics", Token)).Should().MatchRegex(@"mana_persona_runner_ratings_missing_total(\{[^}]*\})? 1\s");
    }

    [Fact]
    public async Task A_persona_without_a_usable_module_is_idle_and_says_why()
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Personas.Add(FakeMana.Persona("paul", null, ("invoices", 0.4), ("contacts", 0.6)));
        await using var runner = await RunnerUnderTest.StartAsync(mana, TestBrain.Visit());

        var tick = await runner.TickAsync("persona.paul@mana.test", Token);

        tick.Tick.Outcome.Should().Be("idle");
        tick.Tick.Error.Should().StartWith("no usable module").And.Contain("invoices, contacts");
        tick.Usage.ModelCalls.Should().Be(0);
        mana.Delivered.Select(row => row.Kind).Should().Equal("ticks");
    }

    [Fact]
    public async Task Without_a_personal_space_nothing_is_written_anywhere()
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Personas.Add(FakeMana.Anna());
        mana.SpacesJson = """[{"id":"team-1","name":"Team","slug":"team","logo":null,"createdAt":"2026-01-01T00:00:00Z","metadata":null}]""";
        await using var runner = await RunnerUnderTest.StartAsync(mana, TestBrain.Visit());

        var tick = await runner.TickAsync("persona.anna@mana.test", Token);

        tick.Tick.Outcome.Should().Be("failed");
        tick.Tick.Error.Should().Contain("no personal space");
        mana.Calls.Should().BeEmpty();
        (await runner.Client.GetStringAsync("/metrics", Token)).Should().Contain("persona_errors_total").And.Contain("stage=\"sign-in\"");
    }

    [Fact]
    public async Task An_auth_service_that_knows_only_cookies_works()
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Personas.Add(FakeMana.Anna());
        mana.CookieOnly = true;
        await using var runner = await RunnerUnderTest.StartAsync(mana, TestBrain.Visit());

        (await runner.TickAsync("persona.anna@mana.test", Token)).Tick.Outcome.Should().Be("completed");
    }

    [Fact]
    public async Task The_session_is_used_again_and_its_token_renewed()
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Personas.Add(FakeMana.Anna());
        await using var runner = await RunnerUnderTest.StartAsync(mana, TestBrain.Visit());

        await runner.TickAsync("persona.anna@mana.test", Token);
        await runner.TickAsync("persona.anna@mana.test", Token);
        (mana.Logins, mana.TokensIssued).Should().Be((1, 1));

        runner.Clock.Advance(TimeSpan.FromMinutes(15));
        await runner.TickAsync("persona.anna@mana.test", Token);
        (mana.Logins, mana.TokensIssued).Should().Be((1, 2), "the token is old, the session is not");
    }

    [Fact]
    public async Task A_tick_past_its_deadline_keeps_what_it_did()
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Personas.Add(FakeMana.Anna());
        var time = new FakeTimeProvider(RunnerUnderTest.Start);
        var brain = TestBrain.Create(async request =>
        {
            if (request.Turn > 0)
            {
                time.Advance(TimeSpan.FromMilliseconds(1500));
                await new TaskCompletionSource().Task;
            }

            return request.Calls(("todo_create", "{}"));
        });
        await using var runner = await RunnerUnderTest.StartAsync(mana, brain, time, ("TICK_DEADLINE_MS", "1500"));

        var tick = await runner.TickAsync("persona.anna@mana.test", Token);

        tick.Tick.Outcome.Should().Be("timed-out");
        mana.Delivered.Select(row => row.Kind).Should().Equal("actions", "ticks");
    }

    [Fact]
    public async Task A_gateway_that_stops_answering_ends_the_tick_with_its_name()
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Personas.Add(FakeMana.Anna());
        var brain = TestBrain.Create(request => request.Calls(("todo_list", "{}")));
        mana.Fault = context => context.Request.Path == "/mcp" && !mana.Calls.IsEmpty ? Results.StatusCode(503) : null;
        await using var runner = await RunnerUnderTest.StartAsync(mana, brain);

        var tick = await runner.TickAsync("persona.anna@mana.test", Token);

        tick.Tick.Outcome.Should().Be("failed");
        tick.Tick.Error.Should().Contain("MCP server").And.Contain("503");
        tick.Calls.Select(call => call.Result).Should().Equal("ok", "error", "error", "error");
    }

    [Fact]
    public async Task The_visit_ends_after_the_most_turns_with_a_valid_history()
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Personas.Add(FakeMana.Anna());
        var brain = TestBrain.Create(request => request.IsRating
            ? TestBrain.Rate(request, TestBrain.Entry("todo", 3, ["a0"]))
            : request.Calls(("todo_list", "{}")));
        await using var runner = await RunnerUnderTest.StartAsync(mana, brain, ("MAX_TURNS", "3"));

        var tick = await runner.TickAsync("persona.anna@mana.test", Token);

        tick.Calls.Should().HaveCount(3);
        tick.Tick.Should().BeEquivalentTo(new { Outcome = "completed", Error = "stopped after 3 turns", Ratings = 1 });
    }
}
