using System.Text.Json;
using Mana.Cli;
using Mana.Contracts;
using Mana.Testing;

namespace Mana.Tests.Cli;

public sealed class OperationsCommandsTests : IDisposable
{
    private readonly TemporaryDirectory _data = new();
    private readonly FakeRunner _runner = new();

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task Tick_cancel_says_where_it_stood_and_fails_with_the_runner_s_sentence()
    {
        var done = await RunAsync("tick", "cancel", "running");
        var refused = await RunAsync("tick", "cancel", "ended");

        (done.ExitCode, done.Out).Should().Be((ExitCode.Ok, "Anna: cancelled in phase act; node-1 ran it. What was done is kept and delivered.\n"));
        refused.ExitCode.Should().Be(ExitCode.Failed);
        refused.Error.Should().Be("mana: This tick has ended already (completed); there is nothing to cancel\n");
    }

    [Theory]
    [InlineData("cancel")]
    [InlineData("retry")]
    [InlineData("set-aside")]
    [InlineData("show")]
    public async Task A_tick_that_nobody_knows_is_answered_with_where_the_ids_are(string verb)
    {
        var unknown = await RunAsync("tick", verb, "unknown");
        var empty = await RunAsync("tick", verb, "");

        unknown.ExitCode.Should().Be(ExitCode.Failed);
        unknown.Error.Should().MatchRegex(@"^mana: mana-persona-runner at http://\S+ knows no tick unknown; \./mana tick list shows the latest\n$");
        empty.ExitCode.Should().Be(ExitCode.Usage);
        empty.Error.Should().Contain("mana tick list");
    }

    [Fact]
    public async Task Tick_list_of_a_persona_that_has_none_does_not_pretend_that_there_are_none_at_all()
    {
        (await RunAsync("tick", "list", "--persona", "nobody")).Out.Should().Be("No ticks of nobody; ./mana personas list shows who there is.\n");
        (await RunAsync("tick", "list")).Out.Should().StartWith("No ticks yet");
    }

    [Fact]
    public async Task On_eighty_columns_no_line_is_broken_and_ids_are_whole()
    {
        const string Id = "01a23117-04fb-79d5-ad15-3eec11f67e87";
        var tick = Interrupted();
        _runner.Add(tick with { Tick = tick.Tick with { Id = new TickId(Id), Name = "Marcus-Aurelius 0012" } });
        _runner.Cluster = _runner.Cluster with
        {
            Nodes = [_runner.Cluster.Nodes[0] with { Name = "127.0.0.1:26879@155124721", Address = "127.0.0.1:26879" }],
            ClockNode = "127.0.0.1:26879@155124721",
            Node = "127.0.0.1:26879@155124721",
        };

        var list = await NarrowAsync("tick", "list");
        var undelivered = await NarrowAsync("tick", "list", "--undelivered");
        var status = await NarrowAsync("cluster", "status");

        list.Should().ContainSingle(line => line.Contains(Id)).Which.Should().MatchRegex(@"Marcus-Au… +11-22 12:00Z +failed");
        undelivered[0].Should().StartWith(Id);
        undelivered[1].Should().StartWith("    1 waiting, 1 set aside, 7 attempts: mana-auth answered with 400");
        status.Should().ContainSingle(line => line.Contains("127.0.0.1:26879@155124721")).Which.Should().MatchRegex("active +3 +tick clock, answers here");
        list.Concat(status).Should().AllSatisfy(line => line.Length.Should().BeLessThanOrEqualTo(80));

        async Task<string[]> NarrowAsync(params string[] args)
        {
            await using var runner = await HostUnderTest.StartAsync(_runner.Create, new Dictionary<string, string?>());
            await using var output = new StringWriter();
            var environment = CliRun.Environment(_data.Path, [], "", null, output, TextWriter.Null);
            environment.Console.Profile.Width = 80;
            (await ManaCli.RunAsync([.. args, "--runner-url", runner.Address.AbsoluteUri], environment, TestContext.Current.CancellationToken)).Should().Be(0);
            return output.ToString().Split('\n');
        }
    }

    [Fact]
    public async Task Tick_retry_says_what_was_done_and_fails_when_no_tick_begins()
    {
        var done = await RunAsync("tick", "retry", "failed");
        var away = await RunAsync("tick", "retry", "away");
        var json = await RunAsync("tick", "retry", "away", "--json");

        done.ExitCode.Should().Be(ExitCode.Ok);
        done.Out.Should().Contain("2 batches are sent to mana-auth again").And.Contain("Anna: a new tick has begun, new");
        (away.ExitCode, away.Out).Should().Be((ExitCode.Failed, "No new tick has begun: mana-auth is away\n"));
        (json.ExitCode, json.Json.GetProperty("problem").GetString()).Should().Be((ExitCode.Failed, "mana-auth is away"));
    }

    [Fact]
    public async Task Tick_set_aside_tells_how_to_undo_it()
    {
        var done = await RunAsync("tick", "set-aside", "t-1");
        var json = await RunAsync("tick", "set-aside", "t-1", "--json");

        (done.ExitCode, done.Out).Should().Be((ExitCode.Ok, "Anna: 1 batch set aside; ./mana tick retry t-1 sends it again.\n"));
        json.Json.GetProperty("setAside").GetInt32().Should().Be(1);
    }

    [Fact]
    public async Task Tick_list_undelivered_and_tick_show_tell_what_waits_and_why()
    {
        _runner.Add(Interrupted());

        var list = await RunAsync("tick", "list", "--undelivered");
        var show = await RunAsync("tick", "show", "t-1");

        list.Out.Should().MatchRegex(@"t-1  Anna  since 2026-11-22 12:00:00Z\n +1 waiting, 1 set aside, 7 attempts: mana-auth answered with 400")
            .And.Contain("tick set-aside ID");
        show.Out.Should().Contain("failed (model): overloaded")
            .And.Contain("taken up 3 times, 1 model call made again, 1 tool call made again, 2 tool calls in doubt")
            .And.MatchRegex(@"\? a0 todo\.create .*in doubt").And.MatchRegex(@"✓ a1 todo\.list .*sent 2 times").And.MatchRegex(@"\? a2 notes\.create .*in doubt")
            .And.Contain("feedback: set aside after 1 attempt: mana-auth answered with 400")
            .And.Contain("ticks: next attempt 2026-11-22 12:00:00Z after 0 attempts");
    }

    [Fact]
    public async Task Tick_list_tells_waiting_and_parked_ticks_from_running_ones()
    {
        var ended = Interrupted();
        _runner.Add(ended with { Tick = ended.Tick with { Id = new TickId("t-2"), Name = "Ben", Outcome = null, Phase = "queued", Epoch = 0 } });
        _runner.Add(ended with { Tick = ended.Tick with { Id = new TickId("t-3"), Name = "Kai", Outcome = null, Phase = "act", Epoch = 1 } });
        _runner.Add(ended with { Tick = ended.Tick with { Id = new TickId("t-4"), Name = "Tom", Outcome = null, Phase = "act", Epoch = 1, Node = "node-1" } });

        var list = await RunAsync("tick", "list");

        list.Out.Should().MatchRegex(@"Ben .*queued\s+queued").And.MatchRegex(@"Kai .*act\s+parked").And.MatchRegex(@"Tom .*act\s+running");
    }

    [Fact]
    public async Task Cluster_status_shows_the_nodes_the_clock_and_what_nobody_runs()
    {
        var run = await RunAsync("cluster", "status");
        var json = await RunAsync("cluster", "status", "--json");
        _runner.Cluster = _runner.Cluster with { Shared = false, Nodes = [_runner.Cluster.Nodes[0]] };
        var alone = await RunAsync("cluster", "status");

        run.ExitCode.Should().Be(ExitCode.Ok);
        run.Out.Should().Contain("Cluster mana in PostgreSQL, 2 nodes, paused")
            .And.MatchRegex(@"node-1\s+10\.0\.0\.5:11111\s+active\s+2026-11-22 12:00:00Z\s+3\s+answers here")
            .And.MatchRegex(@"node-2\s+10\.0\.0\.6:11111\s+stopping\s+1\s+tick clock")
            .And.Contain("no node runs: 4 queued, 2 parked, 1 whose node is gone")
            .And.Contain("last asked who is due 2026-11-22 12:00:00Z, next 2026-11-22 12:01:00Z");
        json.Json.GetProperty("nodes").GetArrayLength().Should().Be(2);
        alone.Out.Should().StartWith("One node, alone on SQLite");
    }

    [Fact]
    public async Task Doctor_mentions_the_cluster_in_one_line()
    {
        var run = await RunAsync("doctor");

        run.Lines.Should().ContainSingle(line => line.Contains("! cluster")).Which.Should().Contain("2 nodes, 1 tick of nodes that are gone");
    }

    [Fact]
    public async Task Personas_list_has_from_the_runner_what_mana_auth_does_not_say_of_failures()
    {
        var fake = new FakeAuth();
        fake.Seed("persona.anna@mana.test", "persona.ben@mana.test");
        _runner.Resting =
        [
            new { email = "persona.anna@mana.test", failures = 3, lastError = "mana-auth answered /login with 401", notBefore = FakeAuth.Noon.AddMinutes(4) },
            new { email = "persona.ben@mana.test", failures = 0, lastError = (string?)null, notBefore = (DateTimeOffset?)null },
        ];
        await using var auth = await HostUnderTest.StartAsync(fake.Create, new Dictionary<string, string?>());
        await using var runner = await HostUnderTest.StartAsync(_runner.Create, new Dictionary<string, string?>());
        string[] args = ["personas", "list", "--auth-url", auth.Address.AbsoluteUri, "--runner-url", runner.Address.AbsoluteUri];
        var admin = new Dictionary<string, string> { ["MANA_ADMIN_EMAIL"] = "admin@mana.test", ["MANA_ADMIN_PASSWORD"] = fake.AdminPassword };

        var run = await CliRun.RunAsync(_data.Path, admin, "", null, args);

        run.Out.Should().MatchRegex(@"persona\.anna@mana\.test .*2026-11-22 12:04:00Z\s+7\s+3\s+mana-auth answered /login with 401")
            .And.MatchRegex(@"persona\.ben@mana\.test .*7\s+0");
    }

    private async Task<CliRun> RunAsync(params string[] args)
    {
        await using var runner = await HostUnderTest.StartAsync(_runner.Create, new Dictionary<string, string?>());
        return await CliRun.RunAsync(_data.Path, [.. args, "--runner-url", runner.Address.AbsoluteUri]);
    }

    private static TickDetail Interrupted()
    {
        var input = JsonElement.Parse("{}");
        return new TickDetail(
            new TickSummary(
                new TickId("t-1"), new UserId("u"), "persona.anna@mana.test", "Anna", "claude", "m", "ended", "failed", "overloaded", FakeAuth.Noon, FakeAuth.Noon,
                3, 0, 0, false, "model", 3, null, 2, 1, "mana-auth answered with 400", DeliveryAttempts: 7),
            null,
            [],
            [
                new TickCall(0, 1, "a", "todo.create", "todo", input, "in-doubt", "Nobody knows", 0, FakeAuth.Noon),
                new TickCall(1, 1, "b", "todo.list", "todo", input, "ok", "[]", 5, FakeAuth.Noon, 2),
                new TickCall(2, 2, "c", "notes.create", "notes", input, null, null, null, FakeAuth.Noon),
            ],
            [],
            new TickUsage(2, 100, 20, 0, 0),
            1,
            [
                new UndeliveredBatch("t-1/2-000", "feedback", 1, true, "mana-auth answered with 400", null),
                new UndeliveredBatch("t-1/3-000", "ticks", 0, false, null, FakeAuth.Noon),
            ]);
    }
}
