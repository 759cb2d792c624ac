using Mana.Cli;
using Mana.Cli.Catalog;
using Mana.Contracts;
using Mana.Tests.Mcp.Modules;

namespace Mana.Tests.Fleet;

/// <summary>What the ten personas came for is there, and they use it.</summary>
public sealed class ModuleMixTests
{
    // A module of a tenth of the mix is all but certain to have been used by then.
    private const int MostDays = 30;

    private const string Feed =
        """
        <rss version="2.0"><channel><title>Linguistik</title>
          <item><guid>1</guid><title>Code-Switching im Alltag</title><link>http://127.0.0.1/1</link><description>Eine Studie.</description></item>
          <item><guid>2</guid><title>Neue Korpora</title><link>http://127.0.0.1/2</link><description>Offen und frei.</description></item>
        </channel></rss>
        """;

    private static readonly DateTimeOffset Monday = new(2026, 11, 23, 9, 0, 0, TimeSpan.Zero);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_persona_uses_every_module_of_its_mix_with_success_and_the_lint_finds_nothing()
    {
        await using var feeds = (await FeedServer.StartAsync()).With("/feed", Feed);
        await using var fleet = await Fleet.StartAsync(Monday, ("NEWS_FEEDS", "linguistik=" + feeds.Url("/feed")));
        var unused = PersonaCatalog.Embedded().Personas.ToDictionary(
            persona => persona.Email, persona => persona.ModuleMix.Keys.Select(ModuleNames.Normalise).ToHashSet(StringComparer.Ordinal), StringComparer.Ordinal);
        unused.Should().HaveCount(10);

        var lint = await fleet.RunAsync("personas", "lint");

        lint.Lines.Should().Equal("✓ 10 personas, every module of their mixes has tools");
        lint.ExitCode.Should().Be(ExitCode.Ok);
        List<TickDetail> ticks = [];
        for (var day = 0; day < MostDays && unused.Values.Any(modules => modules.Count > 0); day++)
        {
            var today = await fleet.TickAsync(TickScopes.All, Token);
            today.Should().HaveCount(10).And.OnlyContain(tick => tick.Tick.Outcome == TickOutcomes.Completed);
            foreach (var tick in today)
            {
                unused[tick.Tick.Email].ExceptWith(tick.Calls.Where(call => call.Result == "ok").Select(call => ModuleNames.Normalise(ModuleNames.OfTool(call.Tool))));
            }

            ticks.AddRange(today);
            fleet.Clock.Advance(TimeSpan.FromDays(1));
        }

        unused.Where(persona => persona.Value.Count > 0).Select(persona => $"{persona.Key}: {string.Join(", ", persona.Value)}")
            .Should().BeEmpty("{0} ticks made these calls fail: {1}", ticks.Count, string.Join("; ", Failed(ticks)));
        feeds.Requests.Should().BePositive("Julia's news come from the feed");
    }

    private static IEnumerable<string> Failed(IEnumerable<TickDetail> ticks) =>
        ticks.SelectMany(tick => tick.Calls).Where(call => call.Result != "ok").Select(call => $"{call.Tool} {call.Input} {call.Output}").Distinct().Take(10);
}
