using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Mana.Contracts;
using Mana.PersonaRunner.Brains;
using Mana.Tests.Runner.Support;
using Microsoft.AspNetCore.Http;

namespace Mana.Tests.Runner;

/// <summary>What operators do: cancel, retry, look at what is undelivered and at the cluster.</summary>
public sealed class OperationsTests
{
    private const string Anna = "persona.anna@mana.test";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_running_tick_that_is_cancelled_stops_at_once_and_what_it_did_is_delivered()
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Personas.Add(FakeMana.Anna());
        var (brain, acting) = HangingAfterOneCall();
        await using var runner = await RunnerUnderTest.StartAsync(mana, brain);
        var id = (await runner.StartTicksAsync(new RunTicksRequest(TickScopes.All))).Ticks[0].TickId;
        await acting.WaitAsync(Token);

        var cancelled = await CancelAsync(runner, id);
        await runner.AtRestAsync();
        await runner.EndedAsync(1);

        cancelled.Should().BeEquivalentTo(new { Ok = true, TickId = id, Email = Anna, Name = "Anna", Phase = "act" });
        cancelled.Node.Should().Be((await runner.HealthAsync(Token)).Node);
        var tick = await runner.FindAsync(id, Token);
        tick.Tick.Should().BeEquivalentTo(new { Outcome = "failed", Stage = "cancelled", Error = "cancelled by an operator", ToolCalls = 1, Delivered = true });
        mana.Delivered.Select(row => row.Kind).Should().Equal("actions", "ticks");
        var outcome = mana.Delivered.Last().Body;
        ((string)outcome["outcome"]!, (string)outcome["error"]!).Should().Be(("idle", "cancelled by an operator"), "a failure would bring her back in a minute");
        var anna = JsonNode.Parse(await runner.Client.GetStringAsync("/api/v1/live", Token))!["personas"]![0]!;
        ((int)anna["failures"]!).Should().Be(0, "it says nothing of the persona");
    }

    [Fact]
    public async Task A_batch_that_mana_auth_fails_on_for_ever_is_seen_and_can_be_set_aside_and_nothing_is_lost()
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Personas.Add(FakeMana.Anna());
        mana.Fault = context => context.Request.Path.Value!.EndsWith("/actions", StringComparison.Ordinal) ? Results.StatusCode(500) : null;
        await using var runner = await RunnerUnderTest.StartAsync(mana, TestBrain.Visit());
        var first = (await runner.TickAsync(Anna, Token)).Tick.Id;
        while ((await runner.FindAsync(first, Token)).Tick.DeliveryAttempts < 3)
        {
            runner.Clock.Advance(TimeSpan.FromSeconds(5));
        }

        var health = await runner.HealthAsync(Token);
        var metrics = await runner.Client.GetStringAsync("/metrics", Token);
        (health.Undelivered, health.SetAside, health.UndeliveredSince).Should().Be((3, 0, RunnerUnderTest.Start));
        metrics.Should().MatchRegex("(?m)^mana_persona_runner_undelivered_age_seconds(\\{[^}]*\\})? [1-9]");

        var done = await PostAsync($"/api/v1/ticks/{first}/set-aside");
        var again = await PostAsync($"/api/v1/ticks/{first}/set-aside");
        (await done.Content.ReadFromJsonAsync(RunnerJson.Default.SetAsideTickResponse, Token)).Should().BeEquivalentTo(new { Ok = true, TickId = first, Email = Anna, SetAside = 3 });
        again.StatusCode.Should().Be(HttpStatusCode.Conflict);
        health = await runner.HealthAsync(Token);
        (health.Undelivered, health.SetAside, health.UndeliveredSince).Should().Be((3, 3, null));

        mana.Fault = _ => null;
        (await runner.TickAsync(Anna, Token)).Tick.Delivered.Should().BeTrue("it does not wait for the earlier one any more");
        (await PostAsync($"/api/v1/ticks/{first}/retry")).StatusCode.Should().Be(HttpStatusCode.Accepted);
        await runner.EndedAsync(2);
        mana.Delivered.Should().HaveCount(6);

        async Task<HttpResponseMessage> PostAsync(string path) => await runner.Client.PostAsync(path, null, Token);
    }

    [Fact]
    public async Task A_queued_tick_that_is_cancelled_never_begins()
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Personas.Add(FakeMana.Anna());
        mana.Personas.Add(FakeMana.Persona("ben"));
        var (brain, acting) = HangingAfterOneCall();
        await using var runner = await RunnerUnderTest.StartAsync(mana, brain, ("PERSONA_CONCURRENCY", "1"));
        var ticks = (await runner.StartTicksAsync(new RunTicksRequest(TickScopes.All))).Ticks;
        await acting.WaitAsync(Token);
        var queued = (await runner.ListAsync()).Single(tick => tick.Phase == "queued").Id;

        (await CancelAsync(runner, queued)).Should().BeEquivalentTo(new { Phase = "queued", Node = (string?)null });
        await CancelAsync(runner, ticks.Single(tick => tick.TickId != queued).TickId);
        await runner.EndedAsync(2);
        await runner.AtRestAsync();

        (await runner.FindAsync(queued, Token)).Turns.Should().BeEmpty();
        mana.Logins.Should().Be(1);
    }

    [Fact]
    public async Task A_parked_tick_that_is_cancelled_does_not_go_on_with_the_end_of_the_pause()
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Personas.Add(FakeMana.Anna());
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var paused = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var brain = TestBrain.Create(async request =>
        {
            asked.TrySetResult();
            await paused.Task;
            return request.Calls(("todo_create", "{}"));
        });
        await using var runner = await RunnerUnderTest.StartAsync(mana, brain, ("RUNNER_PAUSED", "false"));
        await asked.Task.WaitAsync(Token);
        var id = (await runner.ListAsync()).Should().ContainSingle("the first beat began it").Subject.Id;
        await runner.Client.PostAsync("/api/v1/pause", null, Token);
        paused.SetResult();
        await runner.UntilAsync(id, tick => tick.Tick.Node is null);
        (await ClusterAsync(runner)).Should().BeEquivalentTo(new { Paused = true, Parked = 1, Queued = 0 });

        (await CancelAsync(runner, id)).Should().BeEquivalentTo(new { Phase = "act", Node = (string?)null });
        await runner.Client.PostAsync("/api/v1/resume", null, Token);
        await runner.EndedAsync(1);
        await runner.AtRestAsync();

        mana.Calls.Should().ContainSingle();
        ((TestBrain)brain.Client).Requests.Should().ContainSingle();
    }

    [Fact]
    public async Task Unknown_and_ended_ticks_are_refused_with_a_sentence()
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Personas.Add(FakeMana.Anna());
        await using var runner = await RunnerUnderTest.StartAsync(mana, TestBrain.Visit());
        var id = (await runner.TickAsync(Anna, Token)).Tick.Id;
        await runner.EndedAsync(1);

        (await PostAsync(runner, $"/api/v1/ticks/{id}/cancel")).Should().Be((409, "This tick has ended already (completed); there is nothing to cancel"));
        (await PostAsync(runner, $"/api/v1/ticks/{id}/retry")).Should().Be((409, "This tick ended as completed and mana-auth has all of it; there is nothing to do again"));
        (await PostAsync(runner, "/api/v1/ticks/none/cancel")).Status.Should().Be(404);
        (await PostAsync(runner, "/api/v1/ticks/none/retry")).Status.Should().Be(404);
        (await runner.Client.GetAsync("/api/v1/ticks?undelivered=maybe", Token)).StatusCode.Should().Be(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task An_open_tick_is_not_retried()
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Personas.Add(FakeMana.Anna());
        var (brain, acting) = HangingAfterOneCall();
        await using var runner = await RunnerUnderTest.StartAsync(mana, brain, ("DRAIN_MS", "1"));
        var id = (await runner.StartTicksAsync(new RunTicksRequest(TickScopes.All))).Ticks[0].TickId;
        await acting.WaitAsync(Token);

        (await PostAsync(runner, $"/api/v1/ticks/{id}/retry")).Should().Be((409, "This tick has not ended; it goes on by itself, unless it is cancelled"));
    }

    [Fact]
    public async Task What_was_set_aside_is_listed_with_its_reason_and_sent_again_by_a_retry()
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Personas.Add(FakeMana.Anna());
        mana.Personas.Add(FakeMana.Persona("ben"));
        mana.Fault = context => context.Request.Path.Value!.EndsWith("anna/feedback", StringComparison.Ordinal)
            ? Results.Json(new { error = "One or more feedback rows failed validation" }, statusCode: 400)
            : null;
        await using var runner = await RunnerUnderTest.StartAsync(mana, TestBrain.Visit());
        var id = (await runner.TickAsync(Anna, Token)).Tick.Id;
        await runner.TickAsync("persona.ben@mana.test", Token);
        await runner.EndedAsync(1);

        var listed = (await runner.Client.GetFromJsonAsync("/api/v1/ticks?undelivered=true", RunnerJson.Default.TickListResponse, Token))!.Ticks;
        listed.Should().ContainSingle().Which.Should().BeEquivalentTo(new { Id = id, Undelivered = 1, SetAside = 1 });
        listed[0].DeliveryError.Should().Contain("failed validation");
        (await runner.FindAsync(id, Token)).Undelivered.Should().ContainSingle().Which.Should().BeEquivalentTo(
            new { Kind = "feedback", SetAside = true, Attempts = 1, NextAttemptAt = (DateTimeOffset?)null });

        mana.Fault = _ => null;
        var retried = await RetryAsync(runner, id);
        await runner.EndedAsync(2);

        retried.Should().Be(new RetryTickResponse(true, id, 1, null, null));
        mana.Delivered.Where(row => row.Persona == "user-anna").Select(row => row.Kind).Should().Equal("actions", "ticks", "feedback");
    }

    [Fact]
    public async Task The_retry_of_a_failed_tick_begins_a_new_one()
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Personas.Add(FakeMana.Anna());
        var works = false;
        var brain = TestBrain.Create(_ => works ? TestBrain.Say("fertig") : throw new BrainException(BrainFailure.Rejected, "no"));
        await using var runner = await RunnerUnderTest.StartAsync(mana, brain);
        var id = (await runner.TickAsync(Anna, Token)).Tick.Id;
        await runner.EndedAsync(1);

        works = true;
        var retried = await RetryAsync(runner, id);
        await runner.EndedAsync(2);

        retried.Should().BeEquivalentTo(new { Ok = true, Resent = 0, Problem = (string?)null });
        (await runner.FindAsync(retried.Started!.TickId, Token)).Tick.Outcome.Should().Be("idle");
    }

    [Fact]
    public async Task A_retry_while_mana_auth_is_away_says_why_no_tick_begins()
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Personas.Add(FakeMana.Anna());
        await using var runner = await RunnerUnderTest.StartAsync(mana, TestBrain.Create(request => request.Turn < 0 ? TestBrain.Say("") : throw new BrainException(BrainFailure.Rejected, "no")));
        var id = (await runner.TickAsync(Anna, Token)).Tick.Id;
        await runner.EndedAsync(1);
        mana.Fault = _ => Results.StatusCode(502);

        var retried = await RetryAsync(runner, id);

        retried.Should().BeEquivalentTo(new { Ok = false, Resent = 0, Started = (StartedTick?)null });
        retried.Problem.Should().Contain("502");
    }

    [Fact]
    public async Task The_cluster_of_one_node_says_that_it_is_alone_and_what_it_runs()
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Personas.Add(FakeMana.Anna());
        mana.Personas.Add(FakeMana.Persona("ben"));
        var (brain, acting) = HangingAfterOneCall();
        await using var runner = await RunnerUnderTest.StartAsync(mana, brain, ("PERSONA_CONCURRENCY", "1"), ("DRAIN_MS", "1"));
        await runner.StartTicksAsync(new RunTicksRequest(TickScopes.All));
        await acting.WaitAsync(Token);
        while ((await runner.HealthAsync(Token)).LastBeatAt is null)
        {
            await Task.Yield();
        }

        var cluster = await ClusterAsync(runner);
        var health = await runner.HealthAsync(Token);

        cluster.Should().BeEquivalentTo(new { Shared = false, Cluster = "mana", Queued = 1, Parked = 0, Orphaned = 0, Paused = true });
        cluster.Nodes.Should().ContainSingle().Which.Should().BeEquivalentTo(new { Name = cluster.Node, Status = "active", Running = 1 });
        cluster.Nodes[0].Since.Should().NotBeNull();
        cluster.ClockNode.Should().Be(cluster.Node);
        cluster.NextBeatAt.Should().Be(cluster.LastBeatAt!.Value.AddMinutes(1));
        (health.Node, health.Nodes).Should().Be((cluster.Node, 1));
    }

    private static (Brain Brain, Task Acting) HangingAfterOneCall()
    {
        var acting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return (
            TestBrain.Create(async request =>
            {
                if (request.Turn > 0)
                {
                    acting.TrySetResult();
                    await new TaskCompletionSource().Task;
                }

                return request.Calls(("todo_create", "{}"));
            }),
            acting.Task);
    }

    private static async Task<CancelTickResponse> CancelAsync(RunnerUnderTest runner, TickId id)
    {
        using var response = await runner.Client.PostAsync($"/api/v1/ticks/{id}/cancel", null, Token);
        response.StatusCode.Should().Be(HttpStatusCode.OK);
        return (await response.Content.ReadFromJsonAsync(RunnerJson.Default.CancelTickResponse, Token))!;
    }

    private static async Task<RetryTickResponse> RetryAsync(RunnerUnderTest runner, TickId id)
    {
        using var response = await runner.Client.PostAsync($"/api/v1/ticks/{id}/retry", null, Token);
        response.StatusCode.Should().Be(HttpStatusCode.Accepted);
        return (await response.Content.ReadFromJsonAsync(RunnerJson.Default.RetryTickResponse, Token))!;
    }

    private static async Task<ClusterResponse> ClusterAsync(RunnerUnderTest runner) =>
        (await runner.Client.GetFromJsonAsync("/api/v1/cluster", RunnerJson.Default.ClusterResponse, Token))!;

    private static async Task<(int Status, string Message)> PostAsync(RunnerUnderTest runner, string path)
    {
        using var response = await runner.Client.PostAsync(path, null, Token);
        return ((int)response.StatusCode, (string)JsonNode.Parse(await response.Content.ReadAsStringAsync(Token))!["message"]!);
    }
}
