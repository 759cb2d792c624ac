using Mana.Crash;

namespace Mana.EndToEnd;

/// <summary>A short run of what <c>./mana test --crash N</c> does at length.</summary>
public sealed class CrashTests(PostgresFixture postgres)
{
    [Fact]
    public async Task Five_kills_of_a_runner_on_SQLite_lose_nothing_and_do_nothing_twice()
    {
        using var output = new StringWriter();
        var report = await CrashRun.RunAsync(new CrashOptions { Kills = 5, Seed = 5 }, output, TestContext.Current.CancellationToken);
        ShouldBeClean(report, output);
        report.Kills.Should().HaveCount(5);
        report.Ticks.Should().BePositive();
    }

    [Fact]
    public async Task Two_kills_of_one_of_two_runners_on_PostgreSQL_lose_nothing_and_the_other_takes_over()
    {
        var cluster = await postgres.ClusterAsync();
        using var output = new StringWriter();
        var report = await CrashRun.RunAsync(
            new CrashOptions { Kills = 2, Seed = 2, OnPostgres = true }, output, TestContext.Current.CancellationToken, cluster);
        ShouldBeClean(report, output);
        report.TakeOvers.Should().HaveCount(2);
    }

    private static void ShouldBeClean(CrashReport report, StringWriter output)
    {
        TestContext.Current.TestOutputHelper?.WriteLine(output.ToString());
        report.Findings.Lost.Should().BeEmpty();
        report.Findings.Doubled.Should().BeEmpty();
        report.Faults.Should().BeEmpty();
    }
}
