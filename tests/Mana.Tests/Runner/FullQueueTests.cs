using System.Collections.Concurrent;
using Mana.Contracts;
using Mana.PersonaRunner.Brains;
using Mana.PersonaRunner.Recording;
using Mana.PersonaRunner.Ticks;
using Mana.Tests.Runner.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Mana.Tests.Runner;

/// <summary>More personas are due at once than may wait for a slot.</summary>
public sealed class FullQueueTests
{
    private static readonly string[] Names = ["anna", "ben", "julia", "kai", "lena", "maya", "paul"];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task All_come_in_the_order_of_their_being_due_without_another_beat_and_never_more_wait_than_may()
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Personas.AddRange(Names.Select(name => FakeMana.Persona(name)));
        var began = new ConcurrentQueue<string>();
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var most = 0;
        RunnerUnderTest? runner = null;
        var brain = TestBrain.Create(async request =>
        {
            began.Enqueue(((PersonaHints)request.Options.AdditionalProperties![PersonaHints.Key]!).Email.Split('.', '@')[1]);
            await release.Task;
            most = Math.Max(most, (await runner!.Host.Services.GetRequiredService<OpenTicks>().CountAsync(Token)).Queued);
            return TestBrain.Say("nichts zu tun");
        });
        runner = await RunnerUnderTest.StartAsync(mana, brain, ("RUNNER_PAUSED", "false"), ("PERSONA_CONCURRENCY", "1"), ("PERSONA_QUEUE", "2"));
        await using var _ = runner;

        // One runs, two wait; the others are still only due.
        while ((await runner.ListAsync()).Count < 3)
        {
            await Task.Yield();
        }

        release.SetResult();
        await runner.EndedAsync(Names.Length);

        // The clock stood still: no other beat was there to help. Those that wait together begin in any order.
        began.Should().BeEquivalentTo(Names);
        began.Select((name, place) => Math.Abs(place - Array.IndexOf(Names, name))).Max().Should().BeLessThanOrEqualTo(2, "who is due longest is let in first");
        most.Should().BeInRange(1, 2);
        (await runner.HealthAsync(Token)).Should().BeEquivalentTo(new { Status = "ok", LastBeatError = (string?)null });
    }

    [Fact]
    public async Task Of_everybody_that_is_asked_for_at_once_no_more_wait_on_the_node_than_may_and_all_have_their_visit()
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Personas.AddRange(Names.Select(name => FakeMana.Persona(name)));
        RunnerUnderTest? runner = null;
        var most = 0;
        var brain = TestBrain.Create(_ =>
        {
            most = Math.Max(most, runner!.Host.Services.GetRequiredService<TickRunner>().Active.Count());
            return TestBrain.Say("nichts zu tun");
        });
        runner = await RunnerUnderTest.StartAsync(mana, brain, ("PERSONA_CONCURRENCY", "1"), ("PERSONA_QUEUE", "2"));
        await using var _ = runner;

        var started = await runner.StartTicksAsync(new RunTicksRequest(TickScopes.All));
        await runner.EndedAsync(Names.Length);

        started.Ticks.Should().HaveCount(Names.Length);
        most.Should().BeInRange(1, 3, "one runs and two wait");
    }

    [Fact]
    public async Task Diag_tick_waits_for_those_that_did_not_fit_at_first()
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Personas.AddRange(Names.Take(3).Select(name => FakeMana.Persona(name)));
        await using var runner = await RunnerUnderTest.StartAsync(mana, TestBrain.Visit(), ("PERSONA_CONCURRENCY", "1"), ("PERSONA_QUEUE", "1"));

        // The clock's own first beat must have met the pause, or it lets somebody in as well.
        while (runner.Host.Services.GetRequiredService<TickClock>().LastEnd is null)
        {
            await Task.Yield();
        }

        await runner.Client.PostAsync("/api/v1/resume", null, Token);

        var answer = await (await runner.Client.PostAsync("/diag/tick", null, Token)).Content.ReadAsStringAsync(Token);

        answer.Should().StartWith("""{"ok":true,"result":{"due":3,"ranSuccessfully":3,"failed":[]""");
    }

    [Fact]
    public async Task A_pause_ends_the_letting_in_and_a_resume_takes_it_up_with_the_next_beat()
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Personas.AddRange(Names.Select(name => FakeMana.Persona(name)));
        await using var runner = await RunnerUnderTest.StartAsync(mana, TestBrain.Visit(), ("RUNNER_PAUSED", "false"), ("PERSONA_CONCURRENCY", "1"), ("PERSONA_QUEUE", "1"));
        await runner.EndedAsync(1);

        await runner.Client.PostAsync("/api/v1/pause", null, Token);
        await runner.AtRestAsync();
        var atPause = (await runner.ListAsync()).Count;
        await runner.Client.PostAsync("/api/v1/resume", null, Token);
        runner.Clock.Advance(TimeSpan.FromMinutes(1));
        await runner.EndedAsync(Names.Length);

        atPause.Should().BeLessThan(Names.Length);
        (await runner.ListAsync()).Should().HaveCount(Names.Length);
    }
}
