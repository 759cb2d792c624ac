using System.Net;
using System.Net.Http.Json;
using Mana.Contracts;
using Mana.Hosting.Storage;
using Mana.Tests.Runner.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Mana.Tests.Runner;

public sealed class PurgeTests
{
    private static readonly string[] NotPersonal = ["settings", "schemaversions", "sqlite_sequence"];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_purged_persona_leaves_no_row_and_others_keep_theirs()
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Personas.AddRange([FakeMana.Anna(), FakeMana.Persona("ben")]);
        mana.Fault = context => context.Request.Path.Value!.EndsWith("/actions", StringComparison.Ordinal) ? Microsoft.AspNetCore.Http.Results.StatusCode(503) : null;
        await using var runner = await RunnerUnderTest.StartAsync(mana, TestBrain.Visit());
        await runner.TickAsync("persona.anna@mana.test", Cancellation);
        var ben = await runner.TickAsync("persona.ben@mana.test", Cancellation);
        var tables = await TablesAsync(runner);

        var purged = await PurgeAsync(runner, new PurgeRequest("Persona.Anna@mana.test"));

        purged.Ok.Should().BeTrue();
        purged.Deleted.Should().AllSatisfy(table => table.Value.Should().BePositive("{0} was filled, or the test shows nothing", table.Key));
        purged.Remaining.Should().AllSatisfy(table => table.Value.Should().Be(0));
        tables.Except(NotPersonal, StringComparer.OrdinalIgnoreCase).Should().BeEquivalentTo(purged.Deleted.Keys, "a new table has to be thought of here, too");
        (await runner.ListAsync()).Select(tick => tick.Email).Should().Equal("persona.ben@mana.test");
        (await runner.FindAsync(ben.Tick.Id, Cancellation)).Calls.Should().NotBeEmpty();
        (await PurgeAsync(runner, new PurgeRequest("persona.anna@mana.test"))).Deleted.Values.Sum().Should().Be(0);
    }

    [Fact]
    public async Task A_visit_that_is_under_way_ends_and_writes_no_more()
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Personas.Add(FakeMana.Anna());
        var asked = new TaskCompletionSource();
        var answer = new TaskCompletionSource();
        var brain = TestBrain.Create(async request =>
        {
            asked.TrySetResult();
            await answer.Task;
            return request.Turn == 0 ? request.Calls(("todo_create", """{"title":"x"}""")) : TestBrain.Say("Fertig.");
        });
        await using var runner = await RunnerUnderTest.StartAsync(mana, brain);
        await runner.StartTicksAsync(new RunTicksRequest(TickScopes.All, ["persona.anna@mana.test"]));
        await asked.Task.WaitAsync(Cancellation);

        var purged = await PurgeAsync(runner, new PurgeRequest("persona.anna@mana.test"));
        answer.SetResult();
        await runner.AtRestAsync();

        purged.Ok.Should().BeTrue();
        (await runner.ListAsync()).Should().BeEmpty();
        mana.Calls.Should().BeEmpty();
        (await PurgeAsync(runner, new PurgeRequest("persona.anna@mana.test"))).Deleted.Values.Sum().Should().Be(0);
    }

    [Fact]
    public async Task A_tick_is_purged_by_its_id_and_the_persona_stays()
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Personas.Add(FakeMana.Anna());
        await using var runner = await RunnerUnderTest.StartAsync(mana, TestBrain.Visit());
        var first = await runner.TickAsync("persona.anna@mana.test", Cancellation);
        var second = await runner.TickAsync("persona.anna@mana.test", Cancellation);

        var purged = await PurgeAsync(runner, new PurgeRequest(TickIds: [first.Tick.Id, new TickId("unknown")]));

        purged.Deleted["ticks"].Should().Be(1);
        purged.Deleted["persona_states"].Should().Be(0);
        purged.Remaining.Values.Sum().Should().Be(0);
        (await runner.ListAsync()).Select(tick => tick.Id).Should().Equal(second.Tick.Id);
    }

    [Fact]
    public async Task Every_start_is_a_run_of_its_own_and_its_ticks_are_found_by_it()
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Personas.AddRange([FakeMana.Anna(), FakeMana.Persona("ben")]);
        await using var runner = await RunnerUnderTest.StartAsync(mana, TestBrain.Visit());
        var first = await runner.TickAsync("persona.anna@mana.test", Cancellation);
        await runner.TickAsync("persona.ben@mana.test", Cancellation);
        runner.Clock.Advance(TimeSpan.FromHours(1));
        await runner.RestartAsync(mana, TestBrain.Visit());
        runner.Clock.Advance(TimeSpan.FromMinutes(1));
        var second = await runner.TickAsync("persona.anna@mana.test", Cancellation);

        var runs = (await runner.Client.GetFromJsonAsync("/api/v1/runs", RunnerJson.Default.RunListResponse, Cancellation))!.Runs;
        runs.Should().HaveCount(2);
        runs[0].Should().Be(new RunSummary(second.Tick.Run!, 1, 0, 0, 1, second.Tick.StartedAt, second.Tick.StartedAt));
        runs[1].Should().BeEquivalentTo(new { Run = first.Tick.Run!, Ticks = 2, Open = 0, Failed = 0, Personas = 2, FirstTickAt = first.Tick.StartedAt });
        runs.Select(run => run.Run[..16]).Should().Equal("20261122-100000-", "20261122-090000-");
        (await ListAsync(runner, "?run=" + first.Tick.Run)).Should().HaveCount(2);
        (await ListAsync(runner, "?run=" + second.Tick.Run)).Select(tick => tick.Id).Should().Equal(second.Tick.Id);
        (await ListAsync(runner, "?run=unknown")).Should().BeEmpty();
        (await runner.Client.GetFromJsonAsync("/health", RunnerJson.Default.RunnerHealth, Cancellation))!.Run.Should().Be(second.Tick.Run);
    }

    [Fact]
    public async Task A_wish_that_is_not_clear_is_refused()
    {
        await using var mana = await FakeMana.StartAsync();
        await using var runner = await RunnerUnderTest.StartAsync(mana, TestBrain.Visit());
        foreach (var body in (string[])["{}", "[", "{\"email\":\"a@b\",\"tickIds\":[\"t\"]}", "{\"tickIds\":[]}"])
        {
            using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
            (await runner.Client.PostAsync("/api/v1/purge", content, Cancellation)).StatusCode.Should().Be(HttpStatusCode.BadRequest, body);
        }
    }

    private static async Task<PurgeResponse> PurgeAsync(RunnerUnderTest runner, PurgeRequest request)
    {
        var response = await runner.Client.PostAsJsonAsync("/api/v1/purge", request, RunnerJson.Default.PurgeRequest, Cancellation);
        response.StatusCode.Should().Be(HttpStatusCode.OK);
        return (await response.Content.ReadFromJsonAsync(RunnerJson.Default.PurgeResponse, Cancellation))!;
    }

    private static async Task<IReadOnlyList<TickSummary>> ListAsync(RunnerUnderTest runner, string query) =>
        (await runner.Client.GetFromJsonAsync("/api/v1/ticks" + query, RunnerJson.Default.TickListResponse, Cancellation))!.Ticks;

    private static Task<List<string>> TablesAsync(RunnerUnderTest runner) =>
        runner.Host.Services.GetRequiredService<ServiceDatabase>().ReadAsync(
            (db, ct) => db.RowsAsync<string>("select name from sqlite_master where type = 'table'", ct), Cancellation);
}
