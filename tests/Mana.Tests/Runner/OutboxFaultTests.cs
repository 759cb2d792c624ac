using CsCheck;
using Mana.Contracts;
using Mana.Tests.Runner.Support;

namespace Mana.Tests.Runner;

/// <summary>Whatever befalls the way to mana-auth: its rows are the same in the end, each once, in order per persona.</summary>
public sealed class OutboxFaultTests
{
    private static readonly string[] Personas = ["anna", "ben", "kai"];

    private static readonly Gen<string?> PoisonedKind = Gen.Frequency(
        (6, Gen.Const((string?)null)), (1, OneOf<string?>("actions", "feedback", "ticks")));

    private static readonly Gen<Step> Steps = Gen.Frequency(
        (4, Gen.Select(OneOf(Personas), PoisonedKind, (persona, poison) => new Step("tick", persona, poison))),
        (3, OneOf(Personas).Select(persona => new Step("deliver", persona))),
        (3, Gen.Const(new Step("round"))),
        (6, OneOf(Enum.GetValues<DeliveryFault>()).Select(fault => new Step("fault", Fault: fault))),
        (2, OneOf(5, 30, 300).Select(seconds => new Step("pass", Seconds: seconds))),
        (1, Gen.Const(new Step("away"))),
        (1, Gen.Const(new Step("restart"))));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Any_interleaving_of_faults_ends_in_the_same_rows_once_and_in_order() =>
        await Steps.Array[5, 40].SampleAsync(
            async steps =>
            {
                var delivery = new ScriptedDelivery();
                try
                {
                    foreach (var step in steps)
                    {
                        await ApplyAsync(delivery, step);
                        if (delivery.IsDead)
                        {
                            await delivery.RestartAsync();
                        }
                    }

                    await SettleAsync(delivery);
                    delivery.Arrived.Should().BeEquivalentTo(delivery.Expected, options => options.WithStrictOrdering());
                    var left = await delivery.LeftAsync();
                    left.Should().HaveCount(delivery.Poisoned).And.OnlyContain(row => row.SetAside && row.LastError!.Contains("400"));
                }
                finally
                {
                    await delivery.CloseAsync();
                }
            },
            iter: 60,
            threads: 1);

    [Fact]
    public async Task A_mana_auth_that_is_away_for_an_hour_gets_everything_within_minutes_of_its_return()
    {
        var delivery = new ScriptedDelivery { AwayUntil = RunnerUnderTest.Start.AddHours(1) };
        foreach (var persona in Personas)
        {
            await delivery.EndTickAsync(persona, null);
        }

        while (delivery.Clock.GetUtcNow() < RunnerUnderTest.Start.AddMinutes(65))
        {
            delivery.Clock.Advance(await delivery.Delivery.RoundAsync(Token));
        }

        await delivery.Delivery.RoundAsync(Token);
        delivery.Arrived.Should().BeEquivalentTo(delivery.Expected, options => options.WithStrictOrdering());
        (await delivery.LeftAsync()).Should().BeEmpty();
        await delivery.CloseAsync();
    }

    [Fact]
    public async Task A_stop_lets_the_request_under_way_finish_and_begins_no_other()
    {
        var delivery = new ScriptedDelivery();
        await delivery.EndTickAsync("anna", null);
        using var stop = new CancellationTokenSource();
        delivery.Handled = async _ => await stop.CancelAsync();

        await delivery.Delivery.DeliverAsync(new UserId("anna"), stop.Token);

        delivery.Arrived["anna"].Should().ContainSingle();
        (await delivery.LeftAsync()).Select(row => row.Kind).Should().Equal(["feedback", "ticks"], "the answer to the first was heard");
        await delivery.CloseAsync();
    }

    [Fact]
    public async Task A_request_that_hangs_holds_up_a_stop_for_a_few_seconds_only()
    {
        var delivery = new ScriptedDelivery();
        await delivery.EndTickAsync("anna", null);
        using var stop = new CancellationTokenSource();
        var hanging = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        delivery.Handled = async token =>
        {
            hanging.TrySetResult();
            await new TaskCompletionSource().Task.WaitAsync(token);
        };

        var sent = delivery.Delivery.DeliverAsync(new UserId("anna"), stop.Token);
        await hanging.Task.WaitAsync(Token);
        await stop.CancelAsync();
        sent.IsCompleted.Should().BeFalse();
        delivery.Time.Advance(TimeSpan.FromSeconds(5));
        await sent.WaitAsync(Token);

        (await delivery.LeftAsync()).Should().HaveCount(3);
        await delivery.CloseAsync();
    }

    private static Gen<T> OneOf<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    private static async Task ApplyAsync(ScriptedDelivery delivery, Step step)
    {
        switch (step.Kind)
        {
            case "tick":
                await delivery.EndTickAsync(step.Persona!, step.Poison);
                break;
            case "deliver":
                await delivery.Delivery.DeliverAsync(new UserId(step.Persona!), Token);
                break;
            case "round":
                await RoundAsync(delivery);
                break;
            case "fault":
                delivery.Faults.Enqueue(step.Fault);
                break;
            case "pass":
                delivery.Clock.Advance(TimeSpan.FromSeconds(step.Seconds));
                break;
            case "away":
                delivery.AwayUntil = delivery.Clock.GetUtcNow().AddHours(1);
                break;
            case "restart":
                await delivery.RestartAsync();
                break;
        }
    }

    private static async Task RoundAsync(ScriptedDelivery delivery)
    {
        try
        {
            await delivery.Delivery.RoundAsync(Token);
        }
        catch (Exception) when (delivery.IsDead)
        {
            // The test starts it again.
        }
    }

    /// <summary>All is well from here on; the longest pause is five minutes.</summary>
    private static async Task SettleAsync(ScriptedDelivery delivery)
    {
        delivery.Faults.Clear();
        delivery.AwayUntil = default;
        for (var round = 0; round < 3; round++)
        {
            delivery.Clock.Advance(TimeSpan.FromMinutes(5));
            await delivery.Delivery.RoundAsync(Token);
        }
    }

    private sealed record Step(string Kind, string? Persona = null, string? Poison = null, DeliveryFault Fault = DeliveryFault.None, int Seconds = 0);
}
