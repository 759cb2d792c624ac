using System.Text.Json;
using Mana.Cli;
using Mana.Testing;
using Microsoft.Data.Sqlite;

namespace Mana.Tests.Cli;

public sealed class SimulateTests : IDisposable
{
    private const string Catalog =
        """
        personas:
          - name: Anna
            email: persona.anna@mana.test
            archetype: student
            tickCadence: daily
            moduleMix: { todo: 0.6, notes: 0.4 }
            systemPrompt: Du bist Anna und hältst deinen Tag in kleinen Schritten fest.
          - name: Ben
            email: persona.ben@mana.test
            archetype: student
            tickCadence: weekdays
            timeZone: Europe/Berlin
            activeHours: 08:00-20:00
            moduleMix: { journal: 1 }
            systemPrompt: Du bist Ben und schreibst am Morgen auf, was der Tag bringen soll.
        """;

    private readonly TemporaryDirectory _work = new();
    private readonly string _catalog;

    public SimulateTests()
    {
        _catalog = Path.Combine(_work.Path, "catalog.yaml");
        File.WriteAllText(_catalog, Catalog);
    }

    public void Dispose() => _work.Dispose();

    [Fact]
    public async Task The_same_seed_plays_the_same_days_without_a_missed_or_doubled_visit()
    {
        var first = await SimulateAsync("--seed", "3", "--json");
        var second = await SimulateAsync("--seed", "3", "--json");
        var other = await SimulateAsync("--seed", "4", "--json");

        first.ExitCode.Should().Be(ExitCode.Ok, first.Error);

        // Sunday to Tuesday: Anna three times, Ben twice.
        var report = first.Json;
        report.GetProperty("ticks").GetInt32().Should().Be(5);
        report.GetProperty("outcomes").GetProperty("completed").GetInt32().Should().Be(5);
        report.GetProperty("missedDays").GetInt32().Should().Be(0);
        report.GetProperty("doubledDays").GetInt32().Should().Be(0);
        report.GetProperty("errors").GetArrayLength().Should().Be(0);
        report.GetProperty("note").GetString().Should().Be("uncalibrated simulation");
        report.GetProperty("driftMaxSeconds").GetDouble().Should().BeInRange(0, 60);
        report.GetProperty("ratings").EnumerateArray().Should().NotBeEmpty().And.AllSatisfy(module =>
        {
            module.GetProperty("count").GetInt32().Should().BeInRange(1, 5);
            module.GetProperty("median").GetDouble().Should().BeInRange(1, 5);
        });
        Counts(second).Should().Be(Counts(first));
        Counts(other).Should().NotBe(Counts(first));
    }

    [Fact]
    public async Task A_kept_play_is_a_data_directory_with_the_history_and_is_not_played_into_twice()
    {
        var data = Path.Combine(_work.Path, "demo");
        var run = await SimulateAsync("--data", data);
        var again = await SimulateAsync("--data", data);

        run.ExitCode.Should().Be(ExitCode.Ok, run.Error);
        run.Out.Should().Contain("2 personas, 3 days from 2026-11-01").And.Contain("5 ticks").And.Contain("0 missed, 0 doubled")
            .And.Contain("(uncalibrated simulation)").And.Contain($"./mana up --data {data}");
        run.Error.Should().Contain("2026-11-01  day 1 of 3");
        ReadAll(data, "runner.db", "select count(*) || ' from ' || min(started_at) from ticks").Should()
            .Be($"5 from {new DateTimeOffset(2026, 11, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds()}");
        File.Exists(Path.Combine(data, "secrets", "service-key")).Should().BeTrue();
        again.ExitCode.Should().Be(ExitCode.Usage);
        again.Error.Should().Be($"mana: {data} is not empty; name a directory that is empty or not there yet\n");
    }

    [Fact]
    public async Task Without_a_directory_nothing_is_left_and_the_callers_services_are_not_touched()
    {
        var run = await SimulateWithAsync(
            new() { ["DATABASE_URL"] = "postgresql://nobody@127.0.0.1:1/none", ["BRAIN"] = "claude", ["PORT"] = "1", ["RUNNER_PAUSED"] = "true" }, "--days", "1");

        run.ExitCode.Should().Be(ExitCode.Ok, run.Error);
        run.Out.Should().Contain("kept nowhere").And.NotContain("mana up");
        Directory.EnumerateFileSystemEntries(_work.Path).Should().Equal(_catalog);
    }

    [Fact]
    public async Task Beyond_the_catalog_come_variants_with_addresses_of_their_own()
    {
        var run = await SimulateAsync("--personas", "6", "--days", "1", "--json");

        run.ExitCode.Should().Be(ExitCode.Ok, run.Error);
        run.Json.GetProperty("personas").GetInt32().Should().Be(6);
    }

    [Theory]
    [InlineData("--days must be 1 to 3660", "--days", "0")]
    [InlineData("--personas must be 1 to 100000", "--personas", "-1")]
    [InlineData("--start must be a day such as 2026-11-01, from 2000 to 2200, not \"tomorrow\"", "--start", "tomorrow")]
    [InlineData("cannot be read", "--catalog", "/nowhere/personas.yaml")]
    public async Task Bad_input_is_refused_before_anything_starts(string message, string option, string value)
    {
        var run = await CliRun.RunAsync(_work.Path, "simulate", option, value);

        run.ExitCode.Should().Be(ExitCode.Usage);
        run.Error.Should().Contain(message);
    }

    [Fact]
    public async Task A_signal_ends_the_play_and_leaves_no_directory()
    {
        await using var simulation = new RunningCommand(
            _work.Path, [], ServiceFactories.Product, "simulate", "--days", "3660", "--start", "2026-11-01", "--catalog", _catalog);
        await simulation.WaitForErrorAsync("day 1 of 3660");

        (await simulation.StopAsync()).Should().Be((int)ExitCode.Interrupted);
        simulation.Error.Should().EndWith("mana: interrupted\n");
    }

    /// <summary>Everything but the wall time; the minutes of a day follow from the personas' random ids.</summary>
    private static string Counts(CliRun run) => string.Join('\n', run.Json.EnumerateObject()
        .Where(member => member.Name is "ticks" or "outcomes" or "toolCalls" or "failedToolCalls" or "ratings" or "errors")
        .Select(member => JsonSerializer.Serialize(member.Value)));

    private static string ReadAll(string data, string file, string query)
    {
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Path.Combine(data, file), Pooling = false }.ToString());
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = query;
        return (string)command.ExecuteScalar()!;
    }

    private Task<CliRun> SimulateAsync(params string[] args) => SimulateWithAsync([], args);

    private Task<CliRun> SimulateWithAsync(Dictionary<string, string> variables, params string[] args)
    {
        List<string> all = ["simulate", "--start", "2026-11-01", "--catalog", _catalog, .. args];
        Add("--days", "3");
        Add("--personas", "2");
        return CliRun.RunAsync(_work.Path, variables, "", null, null, [.. all]);

        void Add(string option, string value)
        {
            if (!all.Contains(option))
            {
                all.AddRange([option, value]);
            }
        }
    }
}
