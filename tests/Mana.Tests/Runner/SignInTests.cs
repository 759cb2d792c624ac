using Mana.Tests.Runner.Support;
using Microsoft.AspNetCore.Http;

namespace Mana.Tests.Runner;

public sealed class SignInTests
{
    private const string Anna = "persona.anna@mana.test";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_session_that_was_revoked_while_its_token_lived_costs_a_login_and_not_the_tick()
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Personas.Add(FakeMana.Anna());
        await using var runner = await RunnerUnderTest.StartAsync(mana, TestBrain.Visit());
        await runner.TickAsync(Anna, Token);

        // As mana-auth does: the token's session is checked live when spaces are listed.
        var revoked = "Bearer " + mana.LastJwt;
        mana.RevokeSession();
        mana.Fault = context => context.Request.Path.Value!.EndsWith("/organization/list", StringComparison.Ordinal) && context.Request.Headers.Authorization == revoked
            ? Unauthorized()
            : null;
        var tick = await runner.TickAsync(Anna, Token);

        tick.Tick.Should().BeEquivalentTo(new { Outcome = "completed", Error = (string?)null });
        mana.Logins.Should().Be(2);
    }

    [Fact]
    public async Task A_token_that_the_gateway_refuses_mid_tick_is_renewed_once_and_the_call_repeated()
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Personas.Add(FakeMana.Anna());
        var revoked = "";
        mana.Fault = context => context.Request.Path == "/mcp" && context.Request.Headers.Authorization == revoked ? Unauthorized() : null;
        var brain = TestBrain.Create(request =>
        {
            if (request.Turn == 1 && !request.IsRating)
            {
                revoked = "Bearer " + mana.LastJwt;
                mana.RevokeSession();
            }

            return request.IsRating
                ? TestBrain.Rate(request, TestBrain.Entry("todo", 4, ["a0", "a1"]))
                : request.Turn < 2 ? request.Calls(("todo_create", "{}")) : TestBrain.Say("fertig");
        });
        await using var runner = await RunnerUnderTest.StartAsync(mana, brain);

        var tick = await runner.TickAsync(Anna, Token);

        tick.Calls.Select(call => call.Result).Should().Equal("ok", "ok");
        mana.Calls.Should().HaveCount(2, "a refused call was not carried out, and is sent once more");
        mana.Logins.Should().Be(2);
    }

    [Fact]
    public async Task A_token_that_the_gateway_refuses_at_the_start_is_renewed_once()
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Personas.Add(FakeMana.Anna());
        await using var runner = await RunnerUnderTest.StartAsync(mana, TestBrain.Visit());
        await runner.TickAsync(Anna, Token);

        // The signing key was withdrawn: mana-auth still knows the session.
        var revoked = "Bearer " + mana.LastJwt;
        mana.Fault = context => context.Request.Path == "/mcp" && context.Request.Headers.Authorization == revoked ? Unauthorized() : null;

        (await runner.TickAsync(Anna, Token)).Tick.Outcome.Should().Be("completed");
        (mana.Logins, mana.TokensIssued).Should().Be((1, 2));
    }

    [Fact]
    public async Task A_gateway_that_refuses_every_token_is_asked_twice_and_not_for_ever()
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Personas.Add(FakeMana.Anna());
        var asked = 0;
        mana.Fault = context => context.Request.Path == "/mcp" && Interlocked.Increment(ref asked) > 0 ? Unauthorized() : null;
        await using var runner = await RunnerUnderTest.StartAsync(mana, TestBrain.Visit());

        var tick = await runner.TickAsync(Anna, Token);

        tick.Tick.Outcome.Should().Be("failed");
        tick.Tick.Error.Should().Contain("refuses the persona's token (401)");
        asked.Should().BeLessThanOrEqualTo(4, "two connections, each of which may try two versions of the protocol");
    }

    [Fact]
    public async Task The_gateway_is_told_the_persona_s_time_zone()
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Personas.Add(FakeMana.Anna() with { TimeZone = "Asia/Tokyo" });
        mana.Personas.Add(FakeMana.Persona("ben"));
        await using var runner = await RunnerUnderTest.StartAsync(mana, TestBrain.Visit(4, "todo_create"));

        await runner.TickAsync(Anna, Token);
        await runner.TickAsync("persona.ben@mana.test", Token);

        mana.TimeZones.Should().Equal("Asia/Tokyo", "UTC");
    }

    private static IResult Unauthorized() => Results.Json(new { message = "Unauthorized" }, statusCode: 401);
}
