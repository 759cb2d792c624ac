using System.Text.Json;
using System.Text.RegularExpressions;
using Mana.EndToEnd.Stores;
using Mana.Testing;

namespace Mana.EndToEnd;

/// <summary>A process that is killed in the middle of ticks, and the next one on the same data.</summary>
public sealed partial class KilledUpTests : IDisposable
{
    private readonly TemporaryDirectory _data = new();

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task The_next_start_goes_on_where_a_kill_cut_the_ticks_short_and_nothing_is_lost_or_done_twice()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        // A slow model keeps ticks open for as long as the kill takes.
        var (claude, address) = await ManaProgram.StartScriptedClaudeAsync(cancellationToken, "--latency-ms", "400");
        await using var scripted = claude;
        var settings = new Dictionary<string, string> { ["ANTHROPIC_API_KEY"] = "sk-ant-end-to-end-killed", ["ANTHROPIC_BASE_URL"] = address.AbsoluteUri };
        await using (var killed = ManaUp.Start(_data.Path, settings))
        {
            await killed.LineAsync(ToolCall().IsMatch, cancellationToken);
            await killed.KillAsync(cancellationToken);
        }

        settings["PERSONA_CONCURRENCY"] = "10";
        await using (var up = ManaUp.Start(_data.Path, settings))
        {
            await up.FirstRoundAsync(cancellationToken);
            await ShouldDeliverEverythingAsync(up.RunnerUrl, cancellationToken);
            (await up.StopAsync(cancellationToken)).Should().Be(0);
        }

        var rows = await StoreRows.ReadSqliteAsync(_data.Path, cancellationToken);
        rows.ShouldAgreeOnOneTickOfEverybody("claude");
    }

    private static async Task ShouldDeliverEverythingAsync(Uri runner, CancellationToken cancellationToken)
    {
        using var client = new HttpClient { BaseAddress = runner };
        await Until.TrueAsync(
            async () =>
            {
                using var health = JsonDocument.Parse(await client.GetStringAsync("health", cancellationToken));
                return health.RootElement.GetProperty("undelivered").GetInt32() == 0 && health.RootElement.GetProperty("inFlight").GetInt32() == 0;
            },
            "everything has been delivered",
            cancellationToken);
    }

    [GeneratedRegex(@"✓ [a-z]+\.[a-z]+ +\d+ ms")]
    private static partial Regex ToolCall();
}
