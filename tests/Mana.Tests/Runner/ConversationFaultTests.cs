using Mana.Contracts;
using Mana.PersonaRunner.Brains;
using Mana.PersonaRunner.Recording;
using Mana.Tests.Runner.Support;
using Microsoft.Extensions.AI;

namespace Mana.Tests.Runner;

/// <summary>Turns that a real model takes now and then, and what must be kept of them.</summary>
public sealed class ConversationFaultTests
{
    private const string Anna = "persona.anna@mana.test";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_refusal_ends_the_acting_and_half_a_call_before_it_is_not_made()
    {
        var (tick, mana) = await TickAsync(TestBrain.Create(request => request switch
        {
            { IsRating: true } => TestBrain.Rate(request, TestBrain.Entry("todo", 3, ["a0"])),
            { Turn: 0 } => request.Calls(("todo_create", "{}")),
            _ => TestBrain.Ended(request.Calls(("notes_create", "{}")), ChatFinishReason.ContentFilter),
        }));

        mana.Calls.Select(call => call.Tool).Should().Equal("todo.create");
        tick.Tick.Should().BeEquivalentTo(new { Outcome = "completed", Error = "the model refused to go on", ToolCalls = 1, Ratings = 1 });
    }

    [Fact]
    public async Task Nothing_of_an_answer_that_was_cut_off_is_carried_out()
    {
        var (tick, mana) = await TickAsync(TestBrain.Create(request => request switch
        {
            { IsRating: true } => TestBrain.Rate(request, TestBrain.Entry("notes", 3, ["a0"])),
            { Turn: 0 } => TestBrain.Ended(request.Calls(("todo_create", "{}")), ChatFinishReason.Length),
            { Turn: 1 } => request.Calls(("notes_create", "{}")),
            _ => TestBrain.Say("fertig"),
        }));

        mana.Calls.Select(call => call.Tool).Should().Equal("notes.create");
        tick.Calls.Select(call => call.Tool).Should().Equal("notes.create");
    }

    [Fact]
    public async Task A_tool_of_the_app_in_place_of_the_rating_is_not_called_and_the_rating_is_asked_for_again()
    {
        var asked = 0;
        var (tick, mana) = await TickAsync(TestBrain.Create(request => !request.IsRating
            ? request.Turn == 0 ? request.Calls(("todo_create", "{}")) : TestBrain.Say("fertig")
            : ++asked == 1 ? request.Calls(("notes_create", "{}")) : TestBrain.Rate(request, TestBrain.Entry("todo", 2, ["a0"]))));

        asked.Should().Be(2);
        mana.Calls.Select(call => call.Tool).Should().Equal("todo.create");
        tick.Tick.Should().BeEquivalentTo(new { Ratings = 1, MissingRatings = 0 });
    }

    [Fact]
    public async Task Ratings_that_were_given_stay_when_the_repair_fails_and_the_others_are_counted_as_missing()
    {
        var asked = 0;
        var (tick, mana) = await TickAsync(TestBrain.Create(request => !request.IsRating
            ? request.Turn == 0 ? request.Calls(("todo_create", "{}"), ("notes_create", "{}")) : TestBrain.Say("fertig")
            : ++asked == 1
                ? TestBrain.Rate(request, TestBrain.Entry("todo", 2, ["a0"]))
                : throw new BrainException(BrainFailure.Unavailable, "overloaded")));

        tick.Tick.Should().BeEquivalentTo(new { Outcome = "failed", Error = "overloaded", Ratings = 1, MissingRatings = 1 });
        mana.Delivered.Select(row => row.Kind).Should().Equal("actions", "feedback", "ticks");
    }

    [Fact]
    public async Task Text_that_a_database_refuses_is_stored_with_a_replacement()
    {
        var (tick, _) = await TickAsync(
            TestBrain.Create(request => request.IsRating
                ? request.Calls(("rate_modules", """{"ratings":[{"module":"todo","whatHappened":"a\u0000b","rating":3,"note":"\ud83d","actions":["a0"]}]}"""))
                : request.Turn == 0 ? request.Calls(("todo_list", "{}")) : TestBrain.Say("zu\0 Ende \ud83d")),
            mana => mana.Tool = (_, _) => Task.FromResult(FakeMana.Text("x\0y")));

        tick.Calls[0].Output.Should().Be("x\uFFFDy");
        tick.Summary.Should().Be("zu\uFFFD Ende \uFFFD");
        tick.Ratings[0].Should().BeEquivalentTo(new { Rating = 3, WhatHappened = "a\uFFFDb", Note = (string?)null });
    }

    [Theory]
    [InlineData("ab😀cd", 4, "ab…")]
    [InlineData("ab😀cd", 6, "ab😀cd")]
    [InlineData("ab😀cd", 5, "ab😀…")]
    public void A_cut_splits_no_character(string text, int length, string cut) => PlainText.Cut(text, length).Should().Be(cut);

    private static async Task<(TickDetail Tick, FakeMana Mana)> TickAsync(Brain brain, Action<FakeMana>? arrange = null)
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Personas.Add(FakeMana.Anna());
        arrange?.Invoke(mana);
        await using var runner = await RunnerUnderTest.StartAsync(mana, brain);
        return (await runner.TickAsync(Anna, Token), mana);
    }
}
