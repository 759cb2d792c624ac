using Mana.PersonaRunner.Brains;
using Mana.PersonaRunner.Platform;

namespace Mana.Tests.Brains.Simulated;

public sealed class SimulatedSpaceTests
{
    private static readonly SharedSpace Family = new("WG", "wg-ben-anna", "family", "member");

    [Fact]
    public async Task A_shared_space_is_named_now_and_then_and_never_with_an_id_of_the_own_one()
    {
        var product = new ProductDouble(isWide: true, takesSpace: true);
        var plays = new List<TickPlay>();
        for (var i = 0; i < 150; i++)
        {
            plays.Add(await new TickPlay(product, Hints(i, Family)).ActAsync());
        }

        var calls = plays.SelectMany(play => play.Calls).ToList();
        var shared = calls.Where(call => call.Arguments.TryGetProperty("space", out _)).ToList();
        ((double)shared.Count / calls.Count).Should().BeInRange(0.01, 0.15);
        shared.Should().AllSatisfy(call =>
        {
            call.Arguments.GetProperty("space").GetString().Should().Be("wg-ben-anna");
            call.Arguments.TryGetProperty("id", out _).Should().BeFalse();
            call.Answer.Tool.Split('.')[0].Should().NotBe("journal", "a diary is never shared").And.NotBe("mood");
        });
        calls.Count(call => call.Answer.Text.Contains("not found", StringComparison.Ordinal)).Should().Be(0, "a record of the shared space is not looked for in the own one");
    }

    [Fact]
    public async Task A_viewer_only_looks()
    {
        var product = new ProductDouble(isWide: true, takesSpace: true);
        var shared = new List<string>();
        for (var i = 0; i < 150; i++)
        {
            var play = await new TickPlay(product, Hints(i, Family with { Role = "viewer" })).ActAsync();
            shared.AddRange(play.Calls.Where(call => call.Arguments.TryGetProperty("space", out _)).Select(call => call.Answer.Tool));
        }

        shared.Should().NotBeEmpty().And.NotContain(tool => tool.EndsWith(".create", StringComparison.Ordinal) || tool.EndsWith(".add", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task Without_a_space_to_share_or_a_tool_that_takes_one_none_is_named(bool takesSpace, bool hasSpace)
    {
        var product = new ProductDouble(isWide: true, takesSpace);
        for (var i = 0; i < 40; i++)
        {
            var play = await new TickPlay(product, hasSpace ? Hints(i, Family) : Hints(i)).ActAsync();
            play.Calls.Should().NotContain(call => call.Arguments.EnumerateObject().Any(argument => argument.Name == "space"));
        }
    }

    private static PersonaHints Hints(int seed, params SharedSpace[] spaces) => Crew.Hints(1, seed * 7919) with { Spaces = spaces };
}
