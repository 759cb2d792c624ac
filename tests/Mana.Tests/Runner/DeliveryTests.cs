using System.Text.Json.Nodes;
using Mana.PersonaRunner.Recording;
using Mana.Tests.Runner.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Mana.Tests.Runner;

public sealed class DeliveryTests
{
    private const string Anna = "persona.anna@mana.test";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_mana_auth_misses_is_delivered_later_in_order_and_once()
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Personas.Add(FakeMana.Anna());
        var away = true;
        mana.Fault = context => away && IsDelivery(context) ? Results.StatusCode(502) : null;
        await using var runner = await RunnerUnderTest.StartAsync(mana, TestBrain.Visit());

        var tick = await runner.TickAsync(Anna, Token);
        tick.Tick.Should().BeEquivalentTo(new { Outcome = "completed", Delivered = false });
        (await runner.HealthAsync(Token)).Undelivered.Should().Be(3);

        away = false;
        await DeliveredAsync(runner, mana, 3);

        mana.Delivered.Select(row => row.Kind).Should().Equal("actions", "feedback", "ticks");
        (await runner.FindAsync(tick.Tick.Id, Token)).Tick.Delivered.Should().BeTrue();
    }

    [Fact]
    public async Task What_is_undelivered_survives_a_restart()
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Personas.Add(FakeMana.Anna());
        mana.Fault = context => IsDelivery(context) ? Results.StatusCode(500) : null;
        await using var runner = await RunnerUnderTest.StartAsync(mana, TestBrain.Visit());
        await runner.TickAsync(Anna, Token);

        runner.WhileDown = () =>
        {
            mana.Fault = _ => null;
            runner.Clock.Advance(TimeSpan.FromHours(1));
        };
        await runner.RestartAsync(mana, TestBrain.Visit());

        await DeliveredAsync(runner, mana, 3);
        mana.Delivered.Select(row => row.Kind).Should().Equal("actions", "feedback", "ticks");
    }

    [Fact]
    public async Task A_batch_that_mana_auth_refuses_for_good_is_set_aside_and_blocks_nothing()
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Personas.Add(FakeMana.Anna());
        mana.Fault = context => context.Request.Path.Value!.EndsWith("/feedback", StringComparison.Ordinal)
            ? Results.Json(new { error = "One or more feedback rows failed validation" }, statusCode: 400)
            : null;
        await using var runner = await RunnerUnderTest.StartAsync(mana, TestBrain.Visit());

        var tick = await runner.TickAsync(Anna, Token);

        mana.Delivered.Select(row => row.Kind).Should().Equal("actions", "ticks");
        tick.Tick.Delivered.Should().BeFalse("its ratings are still here");
        (await runner.HealthAsync(Token)).Undelivered.Should().Be(1);
    }

    [Fact]
    public async Task An_answer_in_a_character_set_that_nobody_knows_is_a_failed_attempt_and_holds_up_no_other_persona()
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Personas.AddRange([FakeMana.Anna(), FakeMana.Persona("ben")]);
        mana.Fault = context => IsDelivery(context) && context.Request.Path.Value!.Contains(FakeMana.Anna().UserId.Value, StringComparison.Ordinal)
            ? Results.Text("<html>", "text/html; charset=nonsense", statusCode: 502)
            : null;
        await using var runner = await RunnerUnderTest.StartAsync(mana, TestBrain.Visit());

        var tick = await runner.TickAsync(Anna, Token);

        tick.Tick.Undelivered.Should().Be(3);
        tick.Undelivered![0].Should().BeEquivalentTo(new { Attempts = 1, SetAside = false });
        tick.Undelivered[0].LastError.Should().Contain("mana-auth answered");
    }

    [Fact]
    public async Task An_auth_service_without_the_outcome_endpoint_is_no_problem()
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Personas.Add(FakeMana.Anna());
        mana.Fault = context => context.Request.Path.Value!.EndsWith("/ticks", StringComparison.Ordinal) && IsDelivery(context)
            ? Results.Text("404 Not Found", statusCode: 404)
            : null;
        await using var runner = await RunnerUnderTest.StartAsync(mana, TestBrain.Visit());

        (await runner.TickAsync(Anna, Token)).Tick.Delivered.Should().BeTrue();
    }

    [Fact]
    public async Task While_a_persona_s_first_row_waits_nothing_of_it_is_due()
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Personas.Add(FakeMana.Anna());
        mana.Fault = context => IsDelivery(context) ? Results.StatusCode(502) : null;
        await using var runner = await RunnerUnderTest.StartAsync(mana, TestBrain.Visit());

        await runner.TickAsync(Anna, Token);

        var outbox = runner.Host.Services.GetRequiredService<Outbox>();
        var now = runner.Clock.GetUtcNow();
        (await outbox.DuePersonasAsync(now, Token)).Should().BeEmpty("feedback and outcome wait for the actions; a loop that took them for due would never rest");
        (await outbox.NextAttemptAsync(Token)).Should().BeAfter(now);
    }

    [Fact]
    public async Task Two_ticks_of_a_persona_arrive_one_after_the_other()
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Personas.Add(FakeMana.Anna());
        var away = true;
        mana.Fault = context => away && IsDelivery(context) ? Results.StatusCode(502) : null;
        await using var runner = await RunnerUnderTest.StartAsync(mana, TestBrain.Visit());

        var first = await runner.TickAsync(Anna, Token);
        runner.Clock.Advance(TimeSpan.FromSeconds(1));
        var second = await runner.TickAsync(Anna, Token);
        away = false;
        await DeliveredAsync(runner, mana, 6);

        mana.Delivered.Select(row => (row.Kind, TickOf(row.Body))).Should().Equal(
            ("actions", first.Tick.Id.Value), ("feedback", first.Tick.Id.Value), ("ticks", first.Tick.Id.Value),
            ("actions", second.Tick.Id.Value), ("feedback", second.Tick.Id.Value), ("ticks", second.Tick.Id.Value));
    }

    private static string TickOf(JsonNode body) => (string)(body["actions"]?[0] ?? body["feedback"]?[0] ?? body)["tickId"]!;

    private static bool IsDelivery(HttpContext context) =>
        context.Request.Method == "POST" && context.Request.Path.StartsWithSegments("/api/v1/internal");

    /// <summary>Lets domain time pass until the rows have arrived: the delivery waits on that clock.</summary>
    private static async Task DeliveredAsync(RunnerUnderTest runner, FakeMana mana, int rows)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(TimeSpan.FromMinutes(2));
        while (mana.Delivered.Count < rows || (await runner.HealthAsync(limit.Token)).Undelivered > 0)
        {
            runner.Clock.Advance(TimeSpan.FromSeconds(5));
        }
    }
}
