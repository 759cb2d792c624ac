using Mana.Contracts;
using Mana.Tests.Runner.Support;

namespace Mana.Tests.Runner;

/// <summary>What becomes of ticks that a stop or a pause finds queued or running: they wait, and go on where they stood.</summary>
public sealed class StopAndPauseTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_tick_that_a_stop_cuts_short_goes_on_after_the_restart_without_asking_or_doing_anything_again()
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Personas.Add(FakeMana.Anna());
        var acting = new TaskCompletionSource();
        var stuck = TestBrain.Create(async request =>
        {
            if (request.Turn > 0)
            {
                acting.TrySetResult();
                await new TaskCompletionSource().Task;
            }

            return request.Calls(("todo_create", """{"title":"Milch"}"""));
        });
        await using var runner = await RunnerUnderTest.StartAsync(mana, stuck, ("DRAIN_MS", "50"));
        await runner.StartTicksAsync(new RunTicksRequest(TickScopes.All));
        await acting.Task.WaitAsync(Token);

        var brain = TestBrain.Create(request => request.IsRating
            ? TestBrain.Rate(request, [.. request.Modules.Select(module => TestBrain.Entry(module.Name, 4, module.Actions))])
            : TestBrain.Say("fertig"));
        runner.Clock.Advance(TimeSpan.FromMinutes(1));
        await runner.RestartAsync(mana, brain);
        await runner.EndedAsync(1);

        var tick = await runner.FindAsync((await runner.ListAsync()).Should().ContainSingle().Subject.Id, Token);
        tick.Tick.Should().BeEquivalentTo(new { Outcome = "completed", ToolCalls = 1, Ratings = 1, Delivered = true });
        tick.Calls.Should().ContainSingle().Which.Should().BeEquivalentTo(new { Tool = "todo.create", Result = "ok" });
        tick.Usage.ModelCalls.Should().Be(3, "one turn before the stop, the closing and the rating after it");
        mana.Calls.Should().ContainSingle("the call was finished before the stop");
        var first = ((TestBrain)brain.Client).Requests[0];
        first.Messages.Select(message => message.Role.Value).Should().Equal("system", "system", "user", "assistant", "tool");
        first.Messages[2].Text.Should().Contain("09:00", "the conversation goes on as it began");
        first.LastResults.Should().ContainSingle().Which.Result!.ToString().Should().Contain("Milch");
        mana.Delivered.Select(row => row.Kind).Should().Equal("actions", "feedback", "ticks");
    }

    [Fact]
    public async Task A_queued_tick_that_a_stop_finds_runs_after_the_restart()
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Personas.Add(FakeMana.Anna());
        mana.Personas.Add(FakeMana.Persona("ben"));
        var acting = new TaskCompletionSource();
        var brain = TestBrain.Create(async _ =>
        {
            acting.TrySetResult();
            await new TaskCompletionSource().Task;
            return TestBrain.Say("");
        });
        await using var runner = await RunnerUnderTest.StartAsync(mana, brain, ("DRAIN_MS", "50"), ("PERSONA_CONCURRENCY", "1"));
        var started = await runner.StartTicksAsync(new RunTicksRequest(TickScopes.All));
        await acting.Task.WaitAsync(Token);

        await runner.RestartAsync(mana, TestBrain.Visit());
        await runner.EndedAsync(2);

        (await runner.ListAsync()).Select(tick => tick.Id).Should().BeEquivalentTo(started.Ticks.Select(tick => tick.TickId));
        (await runner.ListAsync()).Should().OnlyContain(tick => tick.Outcome == "completed");
    }

    [Fact]
    public async Task A_pause_holds_back_what_is_queued_until_it_is_lifted()
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Personas.Add(FakeMana.Anna());
        mana.Personas.Add(FakeMana.Persona("ben"));
        var acting = new TaskCompletionSource();
        var release = new TaskCompletionSource();
        var brain = TestBrain.Create(async _ =>
        {
            acting.TrySetResult();
            await release.Task;
            return TestBrain.Say("fertig");
        });
        await using var runner = await RunnerUnderTest.StartAsync(mana, brain, ("RUNNER_PAUSED", "false"), ("PERSONA_CONCURRENCY", "1"));
        await acting.Task.WaitAsync(Token);
        while ((await runner.ListAsync()).Count < 2)
        {
            await Task.Yield();
        }

        await runner.Client.PostAsync("/api/v1/pause", null, Token);
        release.SetResult();
        await runner.EndedAsync(1);
        (await runner.ListAsync()).Count(tick => tick.EndedAt is null && tick.Phase == "queued").Should().Be(1);

        await runner.Client.PostAsync("/api/v1/resume", null, Token);
        await runner.EndedAsync(2);
        (await runner.ListAsync()).Should().HaveCount(2).And.OnlyContain(tick => tick.Outcome == "idle");
    }
}
