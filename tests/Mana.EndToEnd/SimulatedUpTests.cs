using System.Globalization;
using System.Text.Json;
using Mana.EndToEnd.Stores;
using Mana.Testing;

namespace Mana.EndToEnd;

/// <summary>What a newcomer does first: <c>mana up</c>, without a key.</summary>
public sealed class SimulatedUpTests : IDisposable
{
    private static readonly DateTimeOffset Sunday = new(2027, 3, 14, 9, 0, 0, TimeSpan.Zero);

    private readonly TemporaryDirectory _data = new();

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task A_machine_whose_time_zone_has_no_name_starts_too()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows names its zones by the registry.");
        var cancellationToken = TestContext.Current.CancellationToken;
        var zone = Path.Combine(_data.Path, "zone");

        // A zone file of one offset, 1:17 east, that no list of zones has: its head, how many of each part, the offset, its name.
        await File.WriteAllBytesAsync(
            zone,
            [.. "TZif"u8, .. new byte[16], .. new byte[16], 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0x12, 0x0c, 0, 0, .. "FOO\0"u8],
            cancellationToken);

        await using var up = ManaUp.Start(_data.Path, new Dictionary<string, string>(Clock(Sunday)) { ["TZ"] = zone });

        (await up.FirstRoundAsync(cancellationToken)).Should().Contain("10 of 10 personas");
        (await up.StopAsync(cancellationToken)).Should().Be(0);
    }

    [Fact]
    public async Task On_a_Sunday_everybody_ticks_once_and_the_three_stores_agree_and_a_second_start_ticks_nobody()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        Sunday.DayOfWeek.Should().Be(DayOfWeek.Sunday);

        await using (var up = ManaUp.Start(_data.Path, Clock(Sunday)))
        {
            (await up.FirstRoundAsync(cancellationToken)).Should().Contain("10 of 10 personas");
            up.Everything.Should().Contain("brain: simulated (no ANTHROPIC_API_KEY").And.Contain("The brain is SIMULATED (no ANTHROPIC_API_KEY)");
            var personas = await up.RunAsync(cancellationToken, "personas", "list", "--json");
            personas.ExitCode.Should().Be(0, "{0}", personas);
            ShouldAllBeActiveOn(Sunday, personas.Output);
            (await up.StopAsync(cancellationToken)).Should().Be(0);
        }

        var first = await StoreRows.ReadSqliteAsync(_data.Path, cancellationToken);
        first.ShouldAgreeOnOneTickOfEverybody("simulated");

        await using (var up = ManaUp.Start(_data.Path, Clock(Sunday.AddMinutes(20))))
        {
            await up.LineAsync("Everybody has ticked before", cancellationToken);
            await ShouldHaveAskedWhoIsDueAsync(up.RunnerUrl, cancellationToken);
            (await up.StopAsync(cancellationToken)).Should().Be(0);
        }

        var second = await StoreRows.ReadSqliteAsync(_data.Path, cancellationToken);
        second.RunnerTicks.Should().Equal(first.RunnerTicks);
    }

    private static Dictionary<string, string> Clock(DateTimeOffset start) =>
        new() { ["MANA_CLOCK_START"] = start.ToString("O", CultureInfo.InvariantCulture) };

    private static void ShouldAllBeActiveOn(DateTimeOffset day, string personas)
    {
        using var list = JsonDocument.Parse(personas);
        list.RootElement.GetArrayLength().Should().Be(10);
        foreach (var persona in list.RootElement.EnumerateArray())
        {
            persona.GetProperty("email").GetString().Should().EndWith("@mana.test");
            persona.GetProperty("archetype").GetString().Should().NotBeEmpty();
            persona.GetProperty("tickCadence").GetString().Should().NotBeEmpty();
            persona.GetProperty("lastActiveAt").GetDateTimeOffset().Should().BeOnOrAfter(day).And.BeBefore(day.AddHours(1));
        }
    }

    // The first beat comes with the start: only once it is over does "nobody ticked" mean anything.
    private static async Task ShouldHaveAskedWhoIsDueAsync(Uri runner, CancellationToken cancellationToken)
    {
        using var client = new HttpClient { BaseAddress = runner };
        await Until.TrueAsync(
            async () =>
            {
                using var health = JsonDocument.Parse(await client.GetStringAsync("health", cancellationToken));
                return health.RootElement.GetProperty("lastBeatAt").ValueKind != JsonValueKind.Null;
            },
            "the runner has asked who is due",
            cancellationToken);
        using var ended = JsonDocument.Parse(await client.GetStringAsync("health", cancellationToken));
        ended.RootElement.GetProperty("lastBeatError").ValueKind.Should().Be(JsonValueKind.Null);
    }
}
