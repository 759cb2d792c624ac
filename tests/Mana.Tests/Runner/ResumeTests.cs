using Mana.Contracts;
using Mana.PersonaRunner.Brains;
using Mana.PersonaRunner.Recording;
using Mana.Tests.Runner.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Mana.Tests.Runner;

/// <summary>What becomes of a tick that is interrupted in the middle of a call or a model turn, or taken over by another node.</summary>
public sealed class ResumeTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_reading_call_of_unknown_outcome_is_made_again()
    {
        await using var mana = await FakeMana.StartAsync();
        var (tick, _) = await InterruptedInAsync(mana, "todo.list", "todo_list");

        tick.Tick.Should().BeEquivalentTo(new { Outcome = "completed", Epoch = 2L });
        tick.Calls.Should().ContainSingle().Which.Should().BeEquivalentTo(new { Tool = "todo.list", Result = "ok", Sent = 2 });
        mana.Calls.Should().HaveCount(2);
    }

    [Fact]
    public async Task A_writing_call_of_unknown_outcome_is_left_in_doubt_and_the_model_is_told()
    {
        await using var mana = await FakeMana.StartAsync();
        var (tick, after) = await InterruptedInAsync(mana, "todo.create", "todo_create");

        tick.Calls.Should().ContainSingle().Which.Should().BeEquivalentTo(new { Result = "in-doubt", Sent = 1 });
        mana.Calls.Should().ContainSingle("a second one could be a second record");
        after.Requests[0].LastResults.Should().ContainSingle().Which.Result!.ToString().Should().Contain("Schau erst in der App nach");
        mana.Delivered.First(row => row.Kind == "actions").Body["actions"]![0]!["result"]!.ToString().Should().Be("error", "the contract knows no third");
    }

    [Fact]
    public async Task A_writing_call_is_repeated_under_its_key_where_the_server_honours_keys()
    {
        await using var mana = await FakeMana.StartAsync(honoursKeys: true);
        var (tick, _) = await InterruptedInAsync(mana, "todo.create", "todo_create");

        tick.Calls.Should().ContainSingle().Which.Should().BeEquivalentTo(new { Result = "ok", Sent = 2 });
        mana.Keys.Should().Equal($"{tick.Tick.Id}/0", $"{tick.Tick.Id}/0");
    }

    [Fact]
    public async Task Of_calls_side_by_side_only_the_unfinished_one_is_made_again()
    {
        await using var mana = await FakeMana.StartAsync(honoursKeys: true);
        var (tick, after) = await InterruptedInAsync(mana, "notes.create", "todo_create", "notes_create");

        tick.Calls.Select(call => (call.Tool, call.Result, call.Sent)).Should().Equal(("todo.create", "ok", 1), ("notes.create", "ok", 2));
        mana.Calls.Select(call => call.Tool).Order().Should().Equal("notes.create", "notes.create", "todo.create");
        after.Requests.Should().OnlyContain(request => request.Turn > 0, "the first turn was answered before the interruption");
        tick.ModelCallsRepeated.Should().Be(0);
    }

    [Fact]
    public async Task The_model_turn_in_flight_is_asked_again_and_counted()
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Personas.Add(FakeMana.Anna());
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var hanging = TestBrain.Create(async request =>
        {
            if (request.Turn > 0)
            {
                asked.TrySetResult();
                await new TaskCompletionSource().Task;
            }

            return request.Calls(("todo_create", "{}"));
        });
        await using var runner = await RunnerUnderTest.StartAsync(mana, hanging, ("DRAIN_MS", "1"));
        await runner.StartTicksAsync(new RunTicksRequest(TickScopes.All));
        await asked.Task.WaitAsync(Token);

        var brain = Closing();
        await runner.RestartAsync(mana, brain);
        await runner.EndedAsync(1);

        var tick = await runner.FindAsync((await runner.ListAsync())[0].Id, Token);
        tick.ModelCallsRepeated.Should().Be(1);
        tick.Usage.ModelCalls.Should().Be(3);
        ((TestBrain)brain.Client).Requests.Should().HaveCount(2).And.OnlyContain(request => request.Turn > 0);
        mana.Calls.Should().ContainSingle();
        (await runner.Client.GetStringAsync("/metrics", Token)).Should().MatchRegex("""mana_persona_runner_repeated_total\{[^}]*kind="model"[^}]*\} 1""");
    }

    [Fact]
    public async Task Whoever_has_lost_its_tick_to_another_node_sends_and_writes_nothing_more()
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Personas.Add(FakeMana.Anna());
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var brain = TestBrain.Create(async request =>
        {
            asked.TrySetResult();
            await answer.Task;
            return request.Calls(("todo_create", "{}"));
        });

        // Time stands still: nobody looks for ticks whose node is gone.
        await using var runner = await RunnerUnderTest.StartAsync(mana, brain, new FakeTimeProvider(RunnerUnderTest.Start));
        var id = (await runner.StartTicksAsync(new RunTicksRequest(TickScopes.All))).Ticks[0].TickId;
        await asked.Task.WaitAsync(Token);

        var openTicks = runner.Host.Services.GetRequiredService<OpenTicks>();
        var taken = await openTicks.TakeAsync(id, "another-node", RunnerUnderTest.Start, Token);
        answer.SetResult();
        await runner.AtRestAsync();

        taken!.Epoch.Should().Be(2);
        var tick = await runner.FindAsync(id, Token);
        tick.Tick.Should().BeEquivalentTo(new { EndedAt = (DateTimeOffset?)null, Epoch = 2L, Node = "another-node", Phase = "act" });
        tick.Calls.Should().BeEmpty();
        mana.Calls.Should().BeEmpty("the intent could not be stored, so the call was not sent");
        mana.Delivered.Should().BeEmpty();
    }

    [Fact]
    public async Task Orders_diagnostics_and_beats_together_open_one_tick_of_a_persona()
    {
        await using var mana = await FakeMana.StartAsync();
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var visits = 0;
        var brain = TestBrain.Create(async _ =>
        {
            Interlocked.Increment(ref visits);
            await release.Task;
            return TestBrain.Say("fertig");
        });
        await using var runner = await RunnerUnderTest.StartAsync(mana, brain, ("RUNNER_PAUSED", "false"), ("PERSONA_CONCURRENCY", "8"));
        mana.Personas.Add(FakeMana.Anna());

        var orders = Enumerable.Range(0, 8).Select(_ => runner.StartTicksAsync(new RunTicksRequest(TickScopes.All))).ToList();
        var diagnostics = Enumerable.Range(0, 4).Select(_ => runner.Client.PostAsync("/diag/tick", null, Token)).ToList();
        for (var beat = 0; beat < 3; beat++)
        {
            runner.Clock.Advance(TimeSpan.FromMinutes(1));
        }

        await Task.WhenAll(orders);
        (await runner.ListAsync()).Should().ContainSingle();
        release.SetResult();
        foreach (var answer in await Task.WhenAll(diagnostics))
        {
            answer.EnsureSuccessStatusCode().Dispose();
        }

        await runner.EndedAsync(1);
        (await runner.ListAsync()).Should().ContainSingle();
        visits.Should().Be(1);
    }

    /// <summary>A tick whose first turn makes the calls; the runner is stopped while the server works on one of them, and started again.</summary>
    private static async Task<(TickDetail Tick, TestBrain After)> InterruptedInAsync(FakeMana mana, string hanging, params string[] calls)
    {
        mana.Personas.Add(FakeMana.Anna());
        var arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        mana.Tool = async (tool, _) =>
        {
            if (tool == hanging && arrived.TrySetResult())
            {
                await release.Task;
            }

            return FakeMana.Text("done");
        };
        await using var runner = await RunnerUnderTest.StartAsync(
            mana, TestBrain.Create(request => request.Calls([.. calls.Select(call => (call, "{}"))])), ("DRAIN_MS", "1"));
        var id = (await runner.StartTicksAsync(new RunTicksRequest(TickScopes.All))).Ticks[0].TickId;
        await arrived.Task.WaitAsync(Token);
        await runner.UntilAsync(id, tick => tick.Calls.Count(call => call.Result is null) == 1);

        var brain = Closing();
        await runner.RestartAsync(mana, brain);
        await runner.EndedAsync(1);
        release.SetResult();
        return (await runner.FindAsync(id, Token), (TestBrain)brain.Client);
    }

    private static Brain Closing() => TestBrain.Create(request => request.IsRating
        ? TestBrain.Rate(request, [.. request.Modules.Select(module => TestBrain.Entry(module.Name, 4, module.Actions))])
        : TestBrain.Say("fertig"));
}
