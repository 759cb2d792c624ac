using System.Text.Json;
using Mana.EndToEnd.Stores;
using Mana.Testing;

namespace Mana.EndToEnd;

/// <summary>The way back from a trial: everything that a run did is taken out of the product again.</summary>
public sealed class PurgeRunTests : IDisposable
{
    private readonly TemporaryDirectory _data = new();

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task The_purge_of_a_run_leaves_no_row_of_its_ticks_in_the_three_stores_and_the_personas_stay()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        await using var up = ManaUp.Start(_data.Path, new Dictionary<string, string>());
        (await up.FirstRoundAsync(cancellationToken)).Should().Contain("10 of 10 personas");
        var before = await StoreRows.ReadSqliteAsync(_data.Path, cancellationToken);
        var runs = await up.RunAsync(cancellationToken, "runs", "list", "--json");
        var run = JsonElement.Parse(runs.Output).EnumerateArray().Should().ContainSingle().Which;
        run.GetProperty("ticks").GetInt32().Should().Be(10);

        var purge = await up.RunAsync(cancellationToken, "purge", "--run", run.GetProperty("run").GetString()!, "--yes", "--json");

        purge.ExitCode.Should().Be(0, "{0}", purge);
        var report = JsonElement.Parse(purge.Output);
        Removed("mana-mcp", "records").Should().BeGreaterThanOrEqualTo(before.Records.Count);
        Removed("mana-persona-runner", "calls").Should().Be(before.RunnerCalls.Count);
        report.GetProperty("tables").EnumerateArray().Should().OnlyContain(table => table.GetProperty("remaining").GetInt64() == 0);
        var after = await StoreRows.ReadSqliteAsync(_data.Path, cancellationToken);
        after.Personas.Should().HaveCount(10);
        new[]
        {
            after.RunnerTicks.Count, after.RunnerCalls.Count, after.RunnerRatings.Count, after.ModelCalls.Count, (int)after.Undelivered,
            after.AuthTicks.Count, after.AuthActions.Count, after.AuthFeedback.Count, after.Records.Count,
        }.Should().OnlyContain(rows => rows == 0);
        before.Records.Should().NotBeEmpty();

        long Removed(string service, string table) => report.GetProperty("tables").EnumerateArray()
            .Single(row => row.GetProperty("service").GetString() == service && row.GetProperty("table").GetString() == table)
            .GetProperty("deleted").GetInt64();
    }
}
