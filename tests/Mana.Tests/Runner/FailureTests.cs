using System.Net;
using System.Text.Json.Nodes;
using LinqToDB.Data;
using Mana.Contracts;
using Mana.Hosting.Storage;
using Mana.PersonaRunner.Brains;
using Mana.Tests.Runner.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;

namespace Mana.Tests.Runner;

/// <summary>Faults are told apart, a persona that fails rests, and a runner that is stuck says so.</summary>
public sealed class FailureTests
{
    private const string Anna = "persona.anna@mana.test";

    // So that only the test says when somebody is asked for.
    private static readonly (string, string?)[] NoBeats = [("RUNNER_PAUSED", "false"), ("TICK_INTERVAL_MS", "2000000000")];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("sign-in")]
    [InlineData("mcp")]
    [InlineData("model")]
    [InlineData("storage")]
    public async Task A_fault_is_counted_under_its_stage(string stage)
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Personas.Add(FakeMana.Anna());
        var brain = TestBrain.Create(request => stage == "model"
            ? throw new BrainException(BrainFailure.Rejected, "the model refused the request")
            : request.Calls(("todo_create", "{}")));
        await using var runner = await RunnerUnderTest.StartAsync(mana, brain);
        mana.Fault = context => (stage, context.Request.Path.Value) switch
        {
            ("sign-in", "/api/v1/auth/login") => Results.Json(new { message = "Invalid email or password" }, statusCode: 401),
            ("mcp", "/mcp") => Results.StatusCode(500),
            _ => null,
        };
        if (stage == "storage")
        {
            await runner.Host.Services.GetRequiredService<ServiceDatabase>().WriteAsync(
                (db, ct) => db.ExecuteAsync("create trigger worn_out before update of result on calls begin select raise(abort, 'worn out'); end", ct), Token);
        }

        var tick = await runner.TickAsync(Anna, Token);

        tick.Tick.Should().BeEquivalentTo(new { Outcome = "failed", Stage = stage });
        tick.Tick.Error.Should().NotBeNullOrEmpty();
        var errors = (await runner.Client.GetStringAsync("/metrics", Token)).Split('\n').Where(line => line.StartsWith("persona_errors_total{", StringComparison.Ordinal));
        errors.Should().ContainSingle().Which.Should().Contain($"stage=\"{stage}\"").And.MatchRegex(@"\} 1( \d+)?$");
    }

    [Fact]
    public async Task A_beat_that_cannot_store_what_it_opens_is_a_fault_of_the_storage()
    {
        await using var mana = await FakeMana.StartAsync();
        await using var runner = await RunnerUnderTest.StartAsync(mana, TestBrain.Visit(), ("RUNNER_PAUSED", "false"));
        await runner.Host.Services.GetRequiredService<ServiceDatabase>().WriteAsync(
            (db, ct) => db.ExecuteAsync("create trigger worn_out before insert on ticks begin select raise(abort, 'worn out'); end", ct), Token);
        mana.Personas.Add(FakeMana.Anna());
        while ((await runner.HealthAsync(Token)).LastBeatError is null)
        {
            runner.Clock.Advance(TimeSpan.FromMinutes(1));
        }

        (await runner.Client.GetStringAsync("/metrics", Token)).Split('\n')
            .Where(line => line.StartsWith("persona_errors_total{", StringComparison.Ordinal))
            .Should().ContainSingle().Which.Should().Contain("stage=\"storage\"");
    }

    [Fact]
    public async Task A_persona_that_fails_rests_longer_each_time_and_recovers_by_itself()
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Fault = context => context.Request.Path == "/api/v1/auth/login"
            ? Results.Json(new { message = "Invalid email or password" }, statusCode: 401)
            : null;
        await using var runner = await RunnerUnderTest.StartAsync(mana, TestBrain.Visit(), NoBeats);
        mana.Personas.Add(FakeMana.Anna());

        var rests = new List<TimeSpan>();
        for (var failures = 1; failures <= 11; failures++)
        {
            await BeatAsync(runner);
            await runner.EndedAsync(failures);
            var anna = await LiveAsync(runner);
            ((int)anna["failures"]!).Should().Be(failures);
            ((string)anna["lastError"]!).Should().Contain("401");
            var rest = DateTimeOffset.Parse((string)anna["notBefore"]!, null) - runner.Clock.GetUtcNow();
            rests.Add(rest);

            // mana-auth does not know of rests and calls her due all the time.
            runner.Clock.Advance(rest - TimeSpan.FromSeconds(1));
            await BeatAsync(runner);
            (await runner.ListAsync()).Should().HaveCount(failures, "she rests");
            runner.Clock.Advance(TimeSpan.FromSeconds(1));
        }

        for (var i = 0; i < rests.Count; i++)
        {
            var full = TimeSpan.FromMinutes(Math.Min(Math.Pow(2, i), 360));
            rests[i].Should().BeGreaterThanOrEqualTo(TimeSpan.FromMinutes(1)).And.BeLessThanOrEqualTo(TimeSpan.FromHours(6))
                .And.BeCloseTo(full, full / 4 + TimeSpan.FromSeconds(1));
        }

        mana.Fault = _ => null;
        await BeatAsync(runner);
        await runner.EndedAsync(12);
        (await runner.ListAsync())[0].Outcome.Should().Be("completed");
        var recovered = await LiveAsync(runner);
        ((int)recovered["failures"]!, recovered["lastError"], recovered["notBefore"]).Should().Be((0, null, null));
    }

    [Fact]
    public async Task A_clock_of_the_cluster_that_cannot_be_reached_makes_the_runner_unhealthy()
    {
        await using var mana = await FakeMana.StartAsync();
        await using var runner = await RunnerUnderTest.StartAsync(mana, TestBrain.Visit(), ("RUNNER_PAUSED", "false"));
        (await runner.Client.GetAsync("/health", Token)).StatusCode.Should().Be(HttpStatusCode.OK);

        // The node leaves the cluster, the rest of the service goes on.
        var silo = runner.Host.Services.GetServices<IHostedService>().Single(service => service.GetType().FullName!.StartsWith("Orleans.", StringComparison.Ordinal));
        await silo.StopAsync(Token);
        runner.Clock.Advance(TimeSpan.FromMinutes(10));

        var stuck = await runner.Client.GetAsync("/health", Token);
        stuck.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
        (await stuck.Content.ReadAsStringAsync(Token)).Should().Contain("the tick loop has not moved");
    }

    [Fact]
    public async Task A_tick_that_does_not_end_at_its_deadline_makes_the_runner_unhealthy()
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Personas.Add(FakeMana.Anna());
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var release = new ManualResetEventSlim();
        var brain = TestBrain.Create(_ =>
        {
            // Hangs in a way that no token ends.
            asked.TrySetResult();
            release.Wait(Token);
            return TestBrain.Say("");
        });
        var time = new FakeTimeProvider(RunnerUnderTest.Start);
        await using var runner = await RunnerUnderTest.StartAsync(mana, brain, time);
        var id = (await runner.StartTicksAsync(new RunTicksRequest(TickScopes.All))).Ticks[0].TickId;
        await asked.Task.WaitAsync(Token);

        time.Advance(TimeSpan.FromMinutes(12));
        var stuck = await runner.Client.GetAsync("/health", Token);
        release.Set();
        await runner.EndedAsync(1);

        stuck.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
        (await stuck.Content.ReadAsStringAsync(Token)).Should().Contain("1 ticks are past their deadline");
        (await runner.FindAsync(id, Token)).Tick.EndedAt.Should().NotBeNull();
        (await runner.Client.GetAsync("/health", Token)).StatusCode.Should().Be(HttpStatusCode.OK);
    }

    /// <summary>Asks mana-auth who is due and waits for the ticks that begin.</summary>
    private static async Task BeatAsync(RunnerUnderTest runner) => (await runner.Client.PostAsync("/diag/tick", null, Token)).EnsureSuccessStatusCode().Dispose();

    private static async Task<JsonNode> LiveAsync(RunnerUnderTest runner) =>
        JsonNode.Parse(await runner.Client.GetStringAsync("/api/v1/live", Token))!["personas"]![0]!;
}
