using System.Text.Json;
using Mana.PersonaRunner.Brains;
using Mana.PersonaRunner.Brains.Simulated;
using Mana.PersonaRunner.Conversation;
using Microsoft.Extensions.AI;

namespace Mana.Tests.Brains.Simulated;

public sealed class SimulatedTickTests
{
    private const int Ticks = 500;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Five_hundred_ticks_are_valid_go_on_with_earlier_records_and_follow_the_mix(bool isWide)
    {
        var products = Crew.All.Select(_ => new ProductDouble(isWide)).ToList();
        var plays = new List<(int Persona, TickPlay Play)>();
        for (var i = 0; i < Ticks; i++)
        {
            var persona = i % Crew.All.Count;
            plays.Add((persona, await new TickPlay(products[persona], Crew.Hints(persona, seed: i * 7919)).ActAsync()));
        }

        var calls = plays.SelectMany(tick => tick.Play.Calls).ToList();
        var invalid = calls.Where(call => call.Answer.IsInvalid).ToList();
        ((double)invalid.Count / calls.Count).Should().BeLessThanOrEqualTo(0.05, "{0}", invalid.FirstOrDefault().Answer?.Text);
        ((double)plays.Count(tick => tick.Play.UsedIdMetEarlier) / plays.Count).Should().BeGreaterThanOrEqualTo(0.4);
        plays.Count(tick => tick.Play.InventedId).Should().Be(0);
        plays.Count(tick => tick.Play.Closing.Length == 0).Should().Be(0);
        plays.Max(tick => tick.Play.WidestTurn).Should().Be(3);
        calls.Count(call => call.Answer.Tool.EndsWith(".delete", StringComparison.Ordinal)).Should().BeInRange(1, calls.Count / 20);

        foreach (var persona in plays.GroupBy(tick => tick.Persona))
        {
            var mix = Crew.All[persona.Key].Mix.ToDictionary(entry => entry.Key == "newsResearch" ? "news-research" : entry.Key, entry => entry.Value);
            var usable = mix.Where(entry => products[0].Modules.Contains(entry.Key)).ToDictionary();
            var own = persona.SelectMany(tick => tick.Play.Calls).ToList();
            if (usable.Count == 0)
            {
                own.Should().BeEmpty();
                continue;
            }

            persona.Select(tick => tick.Play.Calls.Count).Should().OnlyContain(count => count >= 3 && count <= 8);
            own.Select(call => call.Answer.Tool.Split('.')[0]).Distinct().Should().BeSubsetOf(usable.Keys);
            foreach (var (module, weight) in usable)
            {
                var share = (double)own.Count(call => call.Answer.Tool.StartsWith(module + ".", StringComparison.Ordinal)) / own.Count;
                share.Should().BeApproximately(weight / usable.Values.Sum(), 0.1, "{0} of {1}", module, Crew.All[persona.Key].Name);
            }
        }
    }

    [Fact]
    public async Task The_same_seed_gives_the_same_tick_and_another_seed_another_one()
    {
        var first = await TranscriptAsync(seed: 42);
        (await TranscriptAsync(seed: 42)).Should().Be(first);
        (await TranscriptAsync(seed: 43)).Should().NotBe(first);
    }

    [Fact]
    public async Task A_tick_resumes_from_its_messages_alone()
    {
        var product = new ProductDouble(isWide: false);
        var play = await new TickPlay(product, Crew.Hints(0, seed: 5)).ActAsync();
        var cut = play.Messages.FindLastIndex(message => message.Role == ChatRole.Tool) + 1;

        var again = new TickPlay(product, Crew.Hints(0, seed: 5));
        again.Messages.Clear();
        again.Messages.AddRange(play.Messages.Take(cut));
        (await again.AskAsync(ChatToolMode.Auto)).Text.Should().Be(play.Closing);
    }

    [Theory]
    [InlineData("de", 0.05)]
    [InlineData("en", 0.12)]
    public async Task Texts_repeat_seldom(string language, double share)
    {
        var texts = new List<string>();
        for (var i = 0; i < Ticks; i++)
        {
            var persona = i % Crew.All.Count;
            var play = await new TickPlay(new ProductDouble(isWide: true), Crew.Hints(persona, i * 31, language)).ActAsync();
            texts.AddRange(play.Calls.SelectMany(call => call.Arguments.EnumerateObject())
                .Where(argument => argument.Name is "content" or "description" or "notes" or "title" && argument.Value.ValueKind == JsonValueKind.String)
                .Select(argument => argument.Value.GetString()!));
        }

        texts.Should().HaveCountGreaterThan(Ticks).And.NotContain(text => text.Contains('{') || text.Contains('}') || text.Trim().Length == 0);

        // Short titles come back as they do in life; the same words more than a few times would be a stuck record.
        texts.GroupBy(text => text).Max(group => group.Count()).Should().BeLessThan((int)(texts.Count * share));
        ((double)texts.Distinct().Count() / texts.Count).Should().BeGreaterThan(language == "de" ? 0.7 : 0.6);
    }

    [Fact]
    public async Task A_complaint_about_the_arguments_is_answered_with_corrected_ones()
    {
        // The schema allows a description of any length up to 10,000; the product is stricter and says so.
        var corrected = 0;
        var repeated = 0;
        for (var seed = 0; seed < 200; seed++)
        {
            var product = new ProductDouble(isWide: false);
            var refused = 0;
            product.Fault = tool => tool == "todo.create" && refused++ == 0 ? "Invalid input for todo.create: description must have at most 8 characters" : null;
            var play = await new TickPlay(product, Crew.Hints(9, seed)).ActAsync();
            var tries = play.Calls.Where(call => call.Answer.Tool == "todo.create").Take(2).ToList();
            if (tries.Count == 2 && tries[0].Arguments.TryGetProperty("description", out _))
            {
                var sameTitle = tries[0].Arguments.GetProperty("title").GetString() == tries[1].Arguments.GetProperty("title").GetString();
                repeated += sameTitle ? 1 : 0;
                corrected += sameTitle && (!tries[1].Arguments.TryGetProperty("description", out var description) || description.GetString()!.Length <= 8) ? 1 : 0;
            }
        }

        repeated.Should().BeGreaterThan(10);
        corrected.Should().Be(repeated);
    }

    [Fact]
    public async Task What_cannot_be_corrected_is_not_said_again_in_the_same_words()
    {
        for (var seed = 0; seed < 100; seed++)
        {
            var product = new ProductDouble(isWide: false) { Fault = tool => tool is "todo.complete" or "todo.get" or "todo.update" ? $"Invalid input for {tool}: \"id\" must be that of a repeated task" : null };
            var play = await new TickPlay(product, Crew.Hints(9, seed)).ActAsync();
            var refused = play.Calls.Where(call => call.Answer.IsError).Select(call => call.Answer.Tool + call.Arguments.GetRawText());
            refused.Should().OnlyHaveUniqueItems();
        }
    }

    [Theory]
    [InlineData("The connection broke", 2)]
    [InlineData("Tool not allowed: rate-limit-exceeded", 1)]
    public async Task A_module_that_only_fails_is_left_alone_after_a_while(string error, int most)
    {
        for (var seed = 0; seed < 60; seed++)
        {
            var product = new ProductDouble(isWide: false) { Fault = tool => tool.StartsWith("todo.", StringComparison.Ordinal) ? error : null };
            var play = await new TickPlay(product, Crew.Hints(9, seed)).ActAsync();

            // Calls that were already under way side by side cannot be taken back.
            play.Calls.Count(call => call.Answer.Tool.StartsWith("todo.", StringComparison.Ordinal)).Should().BeLessThanOrEqualTo(most - 1 + play.WidestTurn);
            play.Closing.Should().NotBeEmpty();
        }
    }

    [Fact]
    public async Task A_record_that_is_gone_is_not_asked_for_again()
    {
        for (var seed = 0; seed < 100; seed++)
        {
            var product = new ProductDouble(isWide: false) { Fault = tool => tool is "todo.complete" or "todo.get" or "todo.update" ? $"Tool {tool} failed: task not found" : null };
            var play = await new TickPlay(product, Crew.Hints(9, seed)).ActAsync();
            var ids = play.Calls.Where(call => call.Answer.IsError).Select(call => call.Arguments.GetProperty("id").GetString()!);
            ids.Should().OnlyHaveUniqueItems();
        }
    }

    [Fact]
    public async Task A_foreign_tool_can_be_forced_and_the_ratings_are_never_given_unasked()
    {
        var product = new ProductDouble(isWide: false);
        for (var seed = 0; seed < 40; seed++)
        {
            var play = await new TickPlay(product, Crew.Hints(0, seed)).ActAsync();
            play.Messages.SelectMany(message => message.Contents).OfType<FunctionCallContent>().Should().NotContain(call => call.Name == RatingTool.Name);
        }

        var forced = await new TickPlay(product, Crew.Hints(0, 1)).AskAsync(ChatToolMode.RequireSpecific("spaces_list"));
        forced.Messages[0].Contents.OfType<FunctionCallContent>().Should().ContainSingle().Which.Name.Should().Be("spaces_list");
        forced.Usage!.TotalTokenCount.Should().Be(0);
        var unknowable = await new TickPlay(product, Crew.Hints(0, 1)).AskAsync(ChatToolMode.RequireSpecific("todo_complete"));
        unknowable.Messages[0].Contents.OfType<FunctionCallContent>().Should().BeEmpty("an id would have to be made up");
        (await new TickPlay(product, Crew.Hints(0, 1)).AskAsync(ChatToolMode.None)).Text.Should().NotBeEmpty();
    }

    [Fact]
    public async Task Streaming_says_the_same()
    {
        var brain = SimulatedBrain.Create();
        var options = new ChatOptions { Tools = new ProductDouble(false).Tools, AdditionalProperties = new() { [PersonaHints.Key] = Crew.Hints(0, 3) } };
        ChatMessage[] messages = [new(ChatRole.User, "Los.")];
        var whole = await brain.Client.GetResponseAsync(messages, options, TestContext.Current.CancellationToken);
        var streamed = await brain.Client.GetStreamingResponseAsync(messages, options, TestContext.Current.CancellationToken).ToChatResponseAsync(TestContext.Current.CancellationToken);
        JsonSerializer.Serialize(streamed.Messages, AIJsonUtilities.DefaultOptions).Should().Be(JsonSerializer.Serialize(whole.Messages, AIJsonUtilities.DefaultOptions));
    }

    [Fact]
    public async Task Missing_hints_are_named()
    {
        var ask = () => SimulatedBrain.Create().Client.GetResponseAsync([new(ChatRole.User, "Los.")], new ChatOptions(), TestContext.Current.CancellationToken);
        (await ask.Should().ThrowAsync<BrainException>()).Which.Message.Should().Contain(PersonaHints.Key);
    }

    private static async Task<string> TranscriptAsync(int seed)
    {
        var play = await new TickPlay(new ProductDouble(isWide: true), Crew.Hints(1, seed)).ActAsync();
        await play.RateAsync();
        return JsonSerializer.Serialize(play.Messages, AIJsonUtilities.DefaultOptions);
    }
}
