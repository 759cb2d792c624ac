using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Mana.Contracts;
using Mana.Hosting;
using Mana.PersonaRunner;
using Mana.PersonaRunner.Brains;
using Mana.PersonaRunner.Dashboard;
using Mana.Testing;
using Mana.Tests.Runner.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Mana.Tests.Runner;

public sealed class TickLoopTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_first_beat_comes_at_once_and_the_next_after_the_interval()
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Personas.Add(FakeMana.Anna());
        await using var runner = await RunnerUnderTest.StartAsync(mana, TestBrain.Visit(), ("RUNNER_PAUSED", "false"));
        await runner.EndedAsync(1);

        // mana-auth goes on calling her due, as one does that never hears of idle ticks; our own record says "not yet".
        runner.Clock.Advance(TimeSpan.FromMinutes(30));
        mana.Personas.Add(FakeMana.Persona("ben"));
        runner.Clock.Advance(TimeSpan.FromMinutes(1));
        await runner.EndedAsync(2);
        (await runner.ListAsync()).Select(tick => tick.Name).Should().Equal("Ben", "Anna");

        runner.Clock.Advance(TimeSpan.FromHours(23.6));
        await runner.EndedAsync(3);
        (await runner.ListAsync())[0].Name.Should().Be("Anna", "24 hours after her tick she is due again");
    }

    [Fact]
    public async Task Never_two_ticks_of_a_persona_and_never_more_side_by_side_than_allowed()
    {
        await using var mana = await FakeMana.StartAsync();
        foreach (var name in (string[])["anna", "ben", "kai", "maya", "tom"])
        {
            mana.Personas.Add(FakeMana.Persona(name));
        }

        var release = new TaskCompletionSource();
        var count = new Lock();
        var running = 0;
        var most = 0;
        var twoRun = new TaskCompletionSource();
        var brain = TestBrain.Create(async request =>
        {
            if (request.Turn == 0)
            {
                lock (count)
                {
                    most = Math.Max(most, ++running);
                    if (running == 2)
                    {
                        twoRun.TrySetResult();
                    }
                }

                await release.Task;
                lock (count)
                {
                    running--;
                }
            }

            return TestBrain.Say("fertig");
        });
        await using var runner = await RunnerUnderTest.StartAsync(mana, brain, ("PERSONA_CONCURRENCY", "2"));

        var first = await runner.StartTicksAsync(new RunTicksRequest(TickScopes.All));
        await twoRun.Task.WaitAsync(Token);
        var second = await runner.StartTicksAsync(new RunTicksRequest(TickScopes.All));
        release.SetResult();
        await runner.EndedAsync(5);

        first.Ticks.Should().HaveCount(5);
        second.Ticks.Should().BeEmpty();
        second.Skipped.Should().HaveCount(5).And.OnlyContain(skipped => skipped.Reason.Contains("under way"));
        most.Should().Be(2);
        (await runner.ListAsync()).Should().HaveCount(5);
    }

    [Fact]
    public async Task Pause_and_resume_work_at_run_time_and_outlive_a_restart()
    {
        await using var mana = await FakeMana.StartAsync();
        var firstBeat = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        mana.Fault = context =>
        {
            context.Response.OnCompleted(() =>
            {
                firstBeat.TrySetResult();
                return Task.CompletedTask;
            });
            return null;
        };
        await using var runner = await RunnerUnderTest.StartAsync(mana, TestBrain.Visit(), ("RUNNER_PAUSED", "false"));

        // The beat at the start is not paused yet: who joins before its answer is given would be run.
        await firstBeat.Task.WaitAsync(Token);
        (await runner.Client.PostAsync("/api/v1/pause", null, Token)).StatusCode.Should().Be(HttpStatusCode.OK);
        mana.Personas.Add(FakeMana.Anna());
        runner.Clock.Advance(TimeSpan.FromMinutes(5));
        var paused = await (await runner.Client.PostAsync("/diag/tick", null, Token)).Content.ReadFromJsonAsync<JsonNode>(Token);
        paused!["result"]!.ToJsonString().Should().StartWith("""{"due":0,"ranSuccessfully":0,"failed":[],"durationMs":""");

        await runner.RestartAsync(mana, TestBrain.Visit(), ("RUNNER_PAUSED", "false"));
        (await runner.HealthAsync(Token)).Paused.Should().BeTrue();
        (await runner.ListAsync()).Should().BeEmpty();

        await runner.Client.PostAsync("/api/v1/resume", null, Token);
        runner.Clock.Advance(TimeSpan.FromMinutes(1));
        await runner.EndedAsync(1);
    }

    [Fact]
    public async Task Diag_tick_runs_who_is_due_and_names_who_failed()
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Personas.Add(FakeMana.Anna());
        mana.Personas.Add(FakeMana.Persona("ben"));
        var brain = TestBrain.Create(request => request.Messages[1].Text.Length > 0 && request.Options.AdditionalProperties![PersonaHints.Key] is PersonaHints { Email: "persona.ben@mana.test" }
            ? throw new BrainException(BrainFailure.Rejected, "Claude refused the request (400 invalid_request_error)")
            : TestBrain.Say("nichts zu tun"));
        await using var runner = await RunnerUnderTest.StartAsync(mana, brain, ("PERSONA_CONCURRENCY", "1"));
        await runner.Client.PostAsync("/api/v1/resume", null, Token);

        var answer = await (await runner.Client.PostAsync("/diag/tick", null, Token)).Content.ReadFromJsonAsync<JsonNode>(Token);

        ((int)answer!["result"]!["due"]!, (int)answer["result"]!["ranSuccessfully"]!).Should().Be((2, 1));
        answer["result"]!["failed"]!.ToJsonString().Should().Be("""[{"persona":"persona.ben@mana.test","error":"Claude refused the request (400 invalid_request_error)"}]""");
    }

    [Fact]
    public async Task Diag_login_answers_as_the_contract_says()
    {
        await using var mana = await FakeMana.StartAsync();
        await using var runner = await RunnerUnderTest.StartAsync(mana, TestBrain.Visit());

        (await runner.Client.GetStringAsync("/diag/login?email=persona.anna@mana.test", Token))
            .Should().Be("""{"ok":true,"email":"persona.anna@mana.test","userId":"user-anna","spaceId":"space-1"}""");

        var missing = await runner.Client.GetAsync("/diag/login", Token);
        ((int)missing.StatusCode, await missing.Content.ReadAsStringAsync(Token)).Should().Be((400, """{"error":"email query required"}"""));

        mana.Fault = _ => Results.Json(new { error = "INVALID_CREDENTIALS", message = "Invalid email or password", status = 401 }, statusCode: 401);
        await runner.RestartAsync(mana, TestBrain.Visit());
        var failed = await runner.Client.GetAsync("/diag/login?email=persona.anna@mana.test", Token);
        ((int)failed.StatusCode).Should().Be(500);
        (await failed.Content.ReadAsStringAsync(Token)).Should().StartWith("""{"ok":false,"error":""").And.Contain("401").And.NotContain("1FJ7w8KbjK5CWVa8", "no password in an error");
    }

    [Fact]
    public async Task In_production_the_diagnostics_are_gone_and_the_api_wants_the_service_key()
    {
        await using var mana = await FakeMana.StartAsync();
        await using var runner = await RunnerUnderTest.StartAsync(
            mana, TestBrain.Visit(), ("NODE_ENV", "production"), ("ANTHROPIC_API_KEY", "sk-test"), ("PERSONA_SEED_SECRET", "rotated"));

        foreach (var path in (string[])["/diag/login?email=a@mana.test", "/diag/login"])
        {
            var gone = await runner.Client.GetAsync(path, Token);
            ((int)gone.StatusCode, await gone.Content.ReadAsStringAsync(Token)).Should().Be((404, """{"error":"diagnostics disabled in production"}"""));
        }

        (await runner.Client.PostAsync("/api/v1/pause", null, Token)).StatusCode.Should().Be(HttpStatusCode.Unauthorized);
        (await runner.Client.GetAsync("/", Token)).StatusCode.Should().Be(HttpStatusCode.Unauthorized);
        runner.Client.DefaultRequestHeaders.Add("X-Service-Key", FakeMana.ServiceKey);
        (await runner.Client.PostAsync("/api/v1/pause", null, Token)).StatusCode.Should().Be(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("Origin", "https://evil.example")]
    [InlineData("Host", "evil.example")]
    [InlineData("X-Forwarded-For", "203.0.113.7")]
    public async Task In_development_a_foreign_page_or_a_proxied_caller_is_not_this_machine(string header, string value)
    {
        await using var mana = await FakeMana.StartAsync();
        await using var runner = await RunnerUnderTest.StartAsync(mana, TestBrain.Visit());
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/pause");
        request.Headers.TryAddWithoutValidation(header, value);

        (await runner.Client.SendAsync(request, Token)).StatusCode.Should().Be(HttpStatusCode.Unauthorized);
    }

    [Theory]
    [InlineData("{\"scope\":\"everyone\"}", 400)]
    [InlineData("no json", 400)]
    [InlineData("{\"scope\":\"all\",\"personas\":[\"nobody@mana.test\"]}", 202)]
    public async Task Bad_requests_for_ticks_are_answered_with_what_would_be_right(string body, int status)
    {
        await using var mana = await FakeMana.StartAsync();
        await using var runner = await RunnerUnderTest.StartAsync(mana, TestBrain.Visit());

        var response = await runner.Client.PostAsync("/api/v1/ticks", new StringContent(body, System.Text.Encoding.UTF8, "application/json"), Token);

        ((int)response.StatusCode).Should().Be(status);
        (await response.Content.ReadAsStringAsync(Token)).Should().ContainAny("scope", "knows no such persona");
        (await runner.Client.GetAsync("/api/v1/ticks/nothing", Token)).StatusCode.Should().Be(HttpStatusCode.NotFound);
        (await runner.Client.GetAsync("/api/v1/ticks?limit=0", Token)).StatusCode.Should().Be(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Health_has_the_contract_s_members_and_turns_unhealthy_when_the_loop_is_stuck()
    {
        await using var mana = await FakeMana.StartAsync();
        var hang = new TaskCompletionSource();
        var asked = new TaskCompletionSource();
        await using var runner = await RunnerUnderTest.StartAsync(mana, TestBrain.Visit(), ("TICK_INTERVAL_MS", "30000"), ("RUNNER_PAUSED", "false"));
        mana.Fault = context =>
        {
            asked.TrySetResult();
            hang.Task.Wait(Token);
            return null;
        };

        var healthy = await runner.Client.GetFromJsonAsync<JsonNode>("/health", Token);
        healthy!.AsObject().Select(member => member.Key).Take(5).Should().Equal("status", "service", "paused", "tickIntervalMs", "concurrency");
        ((string)healthy["status"]!, (string)healthy["service"]!, (int)healthy["tickIntervalMs"]!, (int)healthy["concurrency"]!).Should().Be(("ok", "mana-persona-runner", 30000, 2));

        runner.Clock.Advance(TimeSpan.FromSeconds(30));
        await asked.Task.WaitAsync(Token);
        runner.Clock.Advance(TimeSpan.FromMinutes(10));
        var stuck = await runner.Client.GetAsync("/health", Token);
        hang.SetResult();

        stuck.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
        (await stuck.Content.ReadAsStringAsync(Token)).Should().Contain("the tick loop has not moved");
    }

    [Fact]
    public async Task A_mana_auth_that_is_away_shows_in_health_and_metrics_and_does_not_stop_the_loop()
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Personas.Add(FakeMana.Anna());
        mana.Fault = _ => Results.StatusCode(500);
        await using var runner = await RunnerUnderTest.StartAsync(mana, TestBrain.Visit(), ("RUNNER_PAUSED", "false"));
        while ((await runner.HealthAsync(Token)).LastBeatError is null)
        {
            await Task.Yield();
        }

        (await runner.HealthAsync(Token)).LastBeatError.Should().Contain("500");
        (await runner.Client.GetStringAsync("/metrics", Token)).Should().Contain("stage=\"due\"");
        mana.Fault = _ => null;
        runner.Clock.Advance(TimeSpan.FromMinutes(1));
        await runner.EndedAsync(1);

        // The tick may have ended before the beat that began it has reported.
        while ((await runner.HealthAsync(Token)).LastBeatError is not null)
        {
            await Task.Yield();
        }
    }

    [Fact]
    public void Production_names_everything_that_is_missing_or_unsafe()
    {
        using var directory = new TemporaryDirectory();
        FluentActions.Invoking(() => RunnerHost.Create(HostUnderTest.Configuration(new Dictionary<string, string?> { ["NODE_ENV"] = "production", ["MANA_DATA"] = directory.Path })))
            .Should().Throw<ConfigurationException>()
            .WithMessage("mana-persona-runner production start blocked — missing/unsafe: *PERSONA_SEED_SECRET (dev fallback in prod)*MANA_SERVICE_KEY*ANTHROPIC_API_KEY*");
    }

    [Theory]
    [InlineData("PORT", "70x", "PORT must be a positive integer, got \"70x\"")]
    [InlineData("TICK_INTERVAL_MS", "0", "TICK_INTERVAL_MS must be a positive integer, got \"0\"")]
    [InlineData("MANA_AUTH_URL", "localhost:3001", "MANA_AUTH_URL must be an absolute http(s) URL*")]
    [InlineData("PERSONA_SEED_SECRET", "", "PERSONA_SEED_SECRET is empty*")]
    [InlineData("BRAIN", "gpt", "BRAIN must be auto, claude or simulated*")]
    [InlineData("RUNNER_PAUSED", "maybe", "RUNNER_PAUSED must be true or false*")]
    [InlineData("LOG_LEVEL", "loud", "LOG_LEVEL must be one of*")]
    public void A_bad_setting_stops_the_start_and_says_what_would_be_right(string key, string value, string message)
    {
        using var directory = new TemporaryDirectory();
        FluentActions.Invoking(() => RunnerHost.Create(HostUnderTest.Configuration(new Dictionary<string, string?> { [key] = value, ["MANA_DATA"] = directory.Path })))
            .Should().Throw<ConfigurationException>().WithMessage("*" + message);
    }

    [Fact]
    public async Task Without_a_service_key_the_loop_is_off_and_says_so()
    {
        await using var mana = await FakeMana.StartAsync();
        await using var runner = await RunnerUnderTest.StartAsync(mana, TestBrain.Visit(), ("MANA_SERVICE_KEY", ""));

        (await runner.HealthAsync(Token)).Should().BeEquivalentTo(new { LoopEnabled = false, Status = "ok" });
        var tick = await runner.Client.PostAsync("/diag/tick", null, Token);
        ((int)tick.StatusCode, await tick.Content.ReadAsStringAsync(Token)).Item2.Should().StartWith("""{"error":"MANA_SERVICE_KEY not set""");
    }

    [Fact]
    public async Task A_watcher_that_leaves_before_anything_happens_is_forgotten()
    {
        await using var mana = await FakeMana.StartAsync();
        await using var runner = await RunnerUnderTest.StartAsync(mana, TestBrain.Visit());
        var feed = runner.Host.Services.GetRequiredService<TickFeed>();

        using (var events = await runner.Client.GetStreamAsync("/api/v1/events", Token))
        {
            await events.ReadExactlyAsync(new byte[5], Token);
            feed.Watchers.Should().Be(1);
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(TimeSpan.FromMinutes(2));
        while (feed.Watchers > 0)
        {
            limit.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
