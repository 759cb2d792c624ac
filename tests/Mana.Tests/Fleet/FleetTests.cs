using Mana.Contracts;

namespace Mana.Tests.Fleet;

/// <summary>The three services together: what one writes, the others hold.</summary>
public sealed class FleetTests
{
    private static readonly DateTimeOffset Sunday = new(2026, 11, 22, 9, 0, 0, TimeSpan.Zero);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task On_a_Sunday_all_ten_tick_once_whatever_their_cadence_and_their_rows_agree()
    {
        await using var fleet = await Fleet.StartAsync(Sunday);

        var ticks = await fleet.TickAsync(TickScopes.NeverTicked, Token);

        ticks.Should().HaveCount(10);
        ticks.Should().OnlyContain(tick => tick.Tick.Outcome == TickOutcomes.Completed || tick.Tick.Error!.StartsWith("no usable module"));
        var personas = await fleet.PersonasAsync(Token);
        personas.Personas.Should().HaveCount(10).And.OnlyContain(persona => persona.LastActiveAt != null && persona.Failures == 0);
        foreach (var tick in ticks)
        {
            var detail = await fleet.PersonaAsync(tick.Tick.PersonaId, Token);
            detail.RecentActions.OrderBy(row => row.Seq).Select(row => (row.TickId, row.ToolName, row.Result))
                .Should().Equal(tick.Calls.Select(call => (tick.Tick.Id, call.Tool, call.Result!)));
            detail.FeedbackByModule.OrderBy(row => row.Module, StringComparer.Ordinal).Select(row => (row.Module, row.AvgRating))
                .Should().Equal(tick.Ratings.Where(rating => rating.Rating is not null).Select(rating => (rating.Module, (double)rating.Rating!)));
        }

        (await fleet.TickAsync(TickScopes.NeverTicked, Token)).Should().BeEmpty("everyone has ticked");
        (await fleet.TickAsync(TickScopes.Due, Token)).Should().BeEmpty("nobody is due again on the same Sunday");
    }

    [Fact]
    public async Task A_week_of_simulated_visits_is_valid_uses_what_it_met_and_the_weekdays_rest_at_the_weekend()
    {
        await using var fleet = await Fleet.StartAsync(Sunday);
        var ticks = new List<TickDetail>(await fleet.TickAsync(TickScopes.NeverTicked, Token));
        for (var day = 1; day <= 7; day++)
        {
            fleet.Clock.Advance(TimeSpan.FromDays(1));
            ticks.AddRange(await fleet.TickAsync(TickScopes.Due, Token));
        }

        var calls = ticks.SelectMany(tick => tick.Calls).ToList();
        calls.Count.Should().BeGreaterThan(200);
        var errors = calls.Where(call => call.Result != "ok").ToList();
        ((double)errors.Count / calls.Count).Should().BeLessThan(0.05, "of {0} calls these failed: {1}", calls.Count, string.Join("; ", errors.Take(5).Select(call => $"{call.Tool} {call.Input} {call.Output}")));
        var acting = ticks.Where(tick => tick.Calls.Count > 0).ToList();
        ((double)acting.Count(UsesAnIdItMet) / acting.Count).Should().BeGreaterThan(0.4);

        var byName = ticks.GroupBy(tick => tick.Tick.Name).ToDictionary(group => group.Key, group => group.Count());
        byName["Anna"].Should().Be(8, "daily");
        byName["Lena"].Should().Be(6, "the first Sunday, then Monday to Friday");
    }

    private static bool UsesAnIdItMet(TickDetail tick)
    {
        var met = "";
        foreach (var call in tick.Calls)
        {
            if (call.Input.TryGetProperty("id", out var id) && met.Contains(id.GetString()!, StringComparison.Ordinal))
            {
                return true;
            }

            met += call.Output;
        }

        return false;
    }
}
