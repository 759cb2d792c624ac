using Mana.Contracts;
using Mana.Hosting;
using Mana.Hosting.Storage;
using Mana.PersonaRunner;
using Mana.PersonaRunner.Recording;
using Mana.Testing;
using Mana.Tests.Runner.Support;

namespace Mana.Tests.Runner;

/// <summary>What becomes of ticks that a stop or a pause finds queued or running.</summary>
public sealed class StopAndPauseTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_tick_that_a_stop_cuts_short_is_ended_and_delivered_with_what_it_did()
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Personas.Add(FakeMana.Anna());
        var acting = new TaskCompletionSource();
        var brain = TestBrain.Create(async request =>
        {
            if (request.Turn > 0)
            {
                acting.TrySetResult();
                await new TaskCompletionSource().Task;
            }

            return request.Calls(("todo_create", "{}"));
        });
        await using var runner = await RunnerUnderTest.StartAsync(mana, brain, ("DRAIN_MS", "50"));
        await runner.StartTicksAsync(new RunTicksRequest(TickScopes.All));
        await acting.Task.WaitAsync(Token);

        await runner.RestartAsync(mana, brain);

        var tick = (await runner.ListAsync()).Should().ContainSingle().Subject;
        tick.Should().BeEquivalentTo(new { Outcome = "failed", Error = "the runner was stopped during this tick", ToolCalls = 1 });
        while (mana.Delivered.Count < 2)
        {
            runner.Clock.Advance(TimeSpan.FromSeconds(5));
            await Task.Yield();
        }

        mana.Delivered.Select(row => row.Kind).Should().Equal("actions", "ticks");
    }

    [Fact]
    public async Task A_queued_tick_that_a_stop_finds_is_closed_and_nothing_is_delivered_of_it()
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
        await runner.StartTicksAsync(new RunTicksRequest(TickScopes.All));
        await acting.Task.WaitAsync(Token);

        await runner.Host.DisposeAsync();
        await using var store = ServiceDatabase.Open(
            DatabaseSettings.Read(new SettingsReader(HostUnderTest.Configuration(new Dictionary<string, string?> { ["MANA_DATA"] = runner.DataDirectory })), "runner"),
            typeof(RunnerHost).Assembly);
        var ticks = await new TickReader(store).ListAsync(10, null, Token);

        ticks.Should().OnlyContain(tick => tick.EndedAt != null, "a stop leaves no tick open");
        ticks.Single(tick => tick.Name == "Ben").Should().BeEquivalentTo(new { Outcome = "failed", Error = "the runner stopped before this tick began; the persona stays due", Delivered = true });
        mana.Delivered.Should().NotContain(row => row.Persona == "user-ben");
        (await new TickReader(store).LastEndedAsync(Token)).Should().NotContainKey("user-ben", "she is still due");
    }

    [Fact]
    public async Task A_pause_holds_back_what_is_queued()
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
        await runner.EndedAsync(2);

        (await runner.ListAsync()).Single(tick => tick.Name == "Ben").Should().BeEquivalentTo(
            new { Outcome = "failed", Error = "the runner was paused before this tick began; the persona stays due" });
        mana.Delivered.Should().NotContain(row => row.Persona == "user-ben");

        await runner.Client.PostAsync("/api/v1/resume", null, Token);
        runner.Clock.Advance(TimeSpan.FromMinutes(1));
        await runner.EndedAsync(3);
        (await runner.ListAsync())[0].Should().BeEquivalentTo(new { Name = "Ben", Outcome = "idle" });
    }
}
