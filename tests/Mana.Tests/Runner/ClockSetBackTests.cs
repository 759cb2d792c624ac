using Mana.Contracts;
using Mana.PersonaRunner.Brains;
using Mana.Tests.Runner.Support;

namespace Mana.Tests.Runner;

/// <summary>The machine's clock was a day ahead and is put right while the runner lives: what was to wait for minutes must not wait for a day.</summary>
public sealed class ClockSetBackTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_could_not_be_delivered_is_tried_again_within_minutes()
    {
        var delivery = new ScriptedDelivery();
        await delivery.EndTickAsync("anna", null);
        delivery.Faults.Enqueue(DeliveryFault.Unavailable);
        await delivery.Delivery.RoundAsync(Token);
        (await delivery.LeftAsync()).Should().HaveCount(3);

        delivery.Clock.AdjustTime(RunnerUnderTest.Start.AddDays(-1));
        await delivery.Delivery.RoundAsync(Token);

        delivery.Arrived.Should().BeEquivalentTo(delivery.Expected, options => options.WithStrictOrdering());
        (await delivery.LeftAsync()).Should().BeEmpty();
        await delivery.CloseAsync();
    }

    [Fact]
    public async Task A_persona_that_rests_after_a_failure_comes_back_and_health_tells_of_the_new_beats()
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Personas.Add(FakeMana.Anna());
        var fails = true;
        var brain = TestBrain.Create(_ => fails ? throw new BrainException(BrainFailure.Rejected, "no") : TestBrain.Say("nichts zu tun"));
        await using var runner = await RunnerUnderTest.StartAsync(mana, brain, ("RUNNER_PAUSED", "false"));
        await runner.EndedAsync(1);
        await runner.AtRestAsync();

        fails = false;
        runner.Clock.AdjustTime(RunnerUnderTest.Start.AddDays(-1));
        runner.Clock.Advance(TimeSpan.FromMinutes(1));
        await runner.EndedAsync(2);

        (await runner.ListAsync()).Select(tick => tick.Outcome).Should().BeEquivalentTo([TickOutcomes.Failed, TickOutcomes.Idle]);
        (await runner.HealthAsync(Token)).LastBeatAt.Should().BeBefore(RunnerUnderTest.Start);
    }
}
