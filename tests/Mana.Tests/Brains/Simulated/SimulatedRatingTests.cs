using Mana.PersonaRunner.Conversation;
using Microsoft.Extensions.AI;

namespace Mana.Tests.Brains.Simulated;

public sealed class SimulatedRatingTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(9)]
    public async Task A_module_that_fails_at_times_is_rated_lower_than_the_same_module_healthy(int persona)
    {
        var (healthy, failing) = (new List<int>(), new List<int>());
        for (var seed = 0; seed < 80; seed++)
        {
            var count = 0;
            var faulty = new ProductDouble(false) { Fault = tool => tool.StartsWith("journal.", StringComparison.Ordinal) && count++ % 2 == 0 ? "Tool failed: HTTP 500" : null };
            healthy.AddRange(await JournalAsync(new ProductDouble(false), persona, seed));
            failing.AddRange(await JournalAsync(faulty, persona, seed));
        }

        healthy.Should().HaveCountGreaterThan(30);
        failing.Should().HaveCountGreaterThan(30);
        (healthy.Average() - failing.Average()).Should().BeGreaterThan(1);
        healthy.Distinct().Should().HaveCountGreaterThan(1, "a constant says nothing");
    }

    [Fact]
    public async Task A_module_that_only_fails_gets_one_or_two_and_the_note_says_why()
    {
        for (var seed = 0; seed < 60; seed++)
        {
            var product = new ProductDouble(false) { Fault = tool => tool.StartsWith("todo.", StringComparison.Ordinal) ? "Tool failed: der Speicher ist voll" : null };
            var play = await new TickPlay(product, Crew.Hints(9, seed)).ActAsync();
            var ratings = await play.RateAsync();
            if (ratings.Find(rating => rating.Module == "todo") is { } todo)
            {
                todo.Value.Should().BeInRange(1, 2);
                todo.Note.Should().Contain("der Speicher ist voll").And.Contain("todo.");
                todo.Actions.Should().NotBeEmpty();
            }
        }
    }

    [Fact]
    public async Task Every_used_module_is_rated_with_its_own_calls_as_evidence()
    {
        var unrated = 0;
        var products = Crew.All.Select(_ => new ProductDouble(isWide: true)).ToList();
        var all = new List<Rating>();
        for (var seed = 0; seed < 200; seed++)
        {
            var play = await new TickPlay(products[seed % 10], Crew.Hints(seed % 10, seed)).ActAsync();
            var modules = play.Calls.Index().ToLookup(call => call.Item.Answer.Tool.Split('.')[0], call => $"a{call.Index}");
            var ratings = await play.RateAsync();
            ratings.Select(rating => rating.Module).Should().BeEquivalentTo(modules.Select(module => module.Key));
            foreach (var rating in ratings)
            {
                rating.Actions.Should().NotBeEmpty().And.BeSubsetOf(modules[rating.Module]);
                rating.Note.Should().NotBeEmpty().And.NotContain("{");
                unrated += rating.Value is null ? 1 : 0;
            }

            all.AddRange(ratings);
        }

        unrated.Should().BeInRange(1, all.Count / 10);
        all.Select(rating => rating.Value).Distinct().Should().HaveCountGreaterThan(2);
        all.Select(rating => rating.Note).Distinct().Should().HaveCountGreaterThan(all.Count / 10);
    }

    [Fact]
    public async Task Waiting_lowers_the_rating_and_is_named()
    {
        var (quick, slow) = (new List<int>(), new List<int>());
        for (var seed = 0; seed < 60; seed++)
        {
            quick.AddRange(await JournalAsync(new ProductDouble(false), 3, seed));
            var play = await new TickPlay(new ProductDouble(false), Crew.Hints(3, seed)) { LatencyMs = 4200 }.ActAsync();
            foreach (var rating in (await play.RateAsync()).Where(rating => rating is { Module: "journal", Value: not null }))
            {
                rating.Note.Should().Contain("4200 ms");
                slow.Add(rating.Value!.Value);
            }
        }

        slow.Average().Should().BeLessThan(quick.Average() - 0.4);
    }

    [Fact]
    public async Task Without_evidence_in_the_prompt_the_conversation_serves()
    {
        var play = await new TickPlay(new ProductDouble(false), Crew.Hints(0, 11)).ActAsync();
        var ratings = await play.RateAsync(withEvidence: false);
        ratings.Select(rating => rating.Module).Should().BeEquivalentTo(play.Calls.Select(call => call.Answer.Tool.Split('.')[0]).Distinct());
        ratings.SelectMany(rating => rating.Actions).Should().NotBeEmpty().And.BeSubsetOf(play.Calls.Index().Select(call => $"a{call.Index}"));
    }

    [Fact]
    public async Task A_second_request_after_a_first_answer_gives_the_same_ratings()
    {
        var play = await new TickPlay(new ProductDouble(false), Crew.Hints(0, 12)).ActAsync();
        var first = await play.RateAsync();
        var call = play.Messages[^1].Contents.OfType<FunctionCallContent>().Single();
        play.Messages.Add(new ChatMessage(ChatRole.Tool, [new FunctionResultContent(call.CallId, "unlesbar")]));
        play.Messages.Add(new ChatMessage(ChatRole.User, "Bitte noch einmal, genau nach dem Schema."));
        var again = await play.AskAsync(ChatToolMode.RequireSpecific(RatingTool.Name));
        TickPlay.Element(again.Messages[0].Contents.OfType<FunctionCallContent>().Single()).GetProperty("ratings").GetArrayLength().Should().Be(first.Count);
    }

    private static async Task<IEnumerable<int>> JournalAsync(ProductDouble product, int persona, int seed)
    {
        var play = await new TickPlay(product, Crew.Hints(persona, seed)).ActAsync();
        return (await play.RateAsync()).Where(rating => rating is { Module: "journal", Value: not null }).Select(rating => rating.Value!.Value);
    }
}
