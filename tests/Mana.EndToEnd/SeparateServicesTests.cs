using System.Globalization;
using System.Text.Json;
using Mana.EndToEnd.Stores;
using Mana.Testing;
using Npgsql;

namespace Mana.EndToEnd;

/// <summary>Three services in three processes on PostgreSQL, in production, run by the command line from start to end.</summary>
public sealed class SeparateServicesTests(PostgresFixture postgres) : IDisposable
{
    private const string AdminEmail = "operator@example.org";
    private const string AdminPassword = "end-to-end-operator-93";

    private readonly TemporaryDirectory _data = new();

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task Seeding_ticking_linting_and_cleaning_up_work_across_processes_on_PostgreSQL()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var cluster = await postgres.ClusterAsync();
        var database = await cluster.CreateDatabaseAsync(cancellationToken);
        await using var services = await ServeThree.StartAsync(database, _data.Path, cancellationToken);
        var client = services.ClientSettings(AdminEmail, AdminPassword);

        // The first administrator has nobody to ask, and the password stands in no argument list.
        var admin = await ManaProgram.RunAsync(
            new Dictionary<string, string> { ["DATABASE_URL"] = database, ["MANA_DATA"] = _data.Path },
            AdminPassword + "\n",
            cancellationToken,
            "admin", "create", AdminEmail, "--password-stdin");
        admin.ExitCode.Should().Be(0, "{0}", admin);
        admin.Everything.Should().NotContain(AdminPassword);

        var seed = await Run("seed");
        seed.ExitCode.Should().Be(0, "{0}", seed);
        var ticks = await Run("tick", "run", "--all", "--wait", "--json");
        ticks.ExitCode.Should().Be(0, "{0}", ticks);
        var rows = await StoreRows.ReadPostgresAsync(schema => cluster.ConnectionString(database, schema), cancellationToken);
        rows.ShouldAgreeOnOneTickOfEverybody("simulated");

        var busiest = rows.RunnerTicks.MaxBy(tick => tick.Calls)!;
        TickIds(ticks.Output).Should().BeEquivalentTo(rows.RunnerTicks.Select(tick => tick.Id));
        var show = await Run("tick", "show", busiest.Id);
        show.ExitCode.Should().Be(0, "{0}", show);
        show.Output.Should().ContainAll(rows.RunnerCalls.Where(call => call.Tick == busiest.Id).Select(call => call.Tool));
        show.Output.Should().ContainAll(rows.RunnerRatings.Where(rating => rating.Tick == busiest.Id).Select(rating => rating.Module));

        var doctor = await Run("doctor");
        doctor.ExitCode.Should().Be(0, "{0}", doctor);
        var lint = await Run("personas", "lint");
        lint.ExitCode.Should().Be(0, "{0}", lint);
        lint.Output.Trim().Should().Be("✓ 10 personas, every module of their mixes has tools");

        var cleanup = await Run("personas", "cleanup", "--yes");
        cleanup.ExitCode.Should().Be(0, "{0}", cleanup);
        (await Run("personas", "list", "--json")).Output.Trim().Should().Be("[]");
        await using var records = NpgsqlDataSource.Create(cluster.ConnectionString(database, "mana_mcp"));
        await Until.TrueAsync(
            async () => await CountAsync(records, cancellationToken) == 0, "mana-mcp has removed the records of the deleted spaces", cancellationToken);

        foreach (var service in services.All)
        {
            (await service.StopAsync("TERM", cancellationToken)).Should().Be(0);
            service.Everything.Should().NotContainAny(services.Secrets).And.NotContain("ModelContextProtocol", "three lines a call drown the rest");
        }

        services.All.First().Everything.Should().Contain("The brain is SIMULATED (as BRAIN says)");

        Task<CommandResult> Run(params string[] arguments) => ManaProgram.RunAsync(client, cancellationToken, [.. arguments, "--data", _data.Path]);
    }

    private static IEnumerable<string> TickIds(string report)
    {
        using var document = JsonDocument.Parse(report);
        return [.. document.RootElement.GetProperty("ticks").EnumerateArray().Select(tick => tick.GetProperty("id").GetString()!)];
    }

    private static async Task<long> CountAsync(NpgsqlDataSource source, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand("select count(*) from records");
        return Convert.ToInt64(await command.ExecuteScalarAsync(cancellationToken), CultureInfo.InvariantCulture);
    }
}
