using System.Text.Json;
using Mana.Cli.Output;
using Mana.Contracts;

namespace Mana.Tests.Contracts;

public sealed class WireTimeTests
{
    private static readonly DateTimeOffset Time = new DateTimeOffset(2026, 11, 22, 20, 20, 1, TimeSpan.FromHours(1)).AddTicks(1_234_567);

    public static TheoryData<string> Written => new()
    {
        JsonSerializer.Serialize(Health(), RunnerJson.Default.RunnerHealth),
        JsonSerializer.Serialize(new TickEvent("phase", new TickId("t"), "e", "n", Time), RunnerJson.Default.TickEvent),
        JsonSerializer.Serialize(new TickOutcomeRequest(new TickId("t"), TickOutcomes.Idle, Time, Time, "simulated", 0), AuthJson.Default.TickOutcomeRequest),
        JsonSerializer.Serialize(new TickEvent("phase", new TickId("t"), "e", "n", Time), CliJson.Lines.TickEvent),
        JsonSerializer.Serialize(Personas(), CliJson.Indented.IReadOnlyListPersonaSummary),
    };

    [Theory]
    [MemberData(nameof(Written))]
    public void Every_context_writes_times_with_milliseconds_and_Z(string json)
    {
        json.Should().Contain("\"2026-11-22T19:20:01.123Z\"");
        json.Should().NotContain("+0");
    }

    private static RunnerHealth Health() =>
        new("ok", "mana-persona-runner", false, 1, 1, "0", "simulated", null, true, null, Time, null, null, 0, 0);

    private static IReadOnlyList<PersonaSummary> Personas() =>
        [new PersonaSummary(new UserId("u"), "e", "n", "a", "daily", Time, Time, 0)];
}
