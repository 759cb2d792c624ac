using System.Net.Http.Json;
using System.Text.Json;
using Mana.Tests.Runner.Support;

namespace Mana.Tests.Runner;

public sealed class LivePageTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_page_comes_with_its_data_and_no_text_of_a_persona_becomes_markup()
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Personas.Add(FakeMana.Anna() with { Name = "Anna <i>" });
        var brain = TestBrain.Create(request => request.IsRating
            ? TestBrain.Rate(request, TestBrain.Entry("todo", 2, ["a0"], "</script><script>alert(1)</script>"))
            : request.Turn == 0 ? request.Calls(("todo_create", "{}")) : TestBrain.Say("ok"));
        await using var runner = await RunnerUnderTest.StartAsync(mana, brain);
        await runner.TickAsync("persona.anna@mana.test", Token);

        var response = await runner.Client.GetAsync("/", Token);

        var html = await response.Content.ReadAsStringAsync(Token);
        html.Should().Contain("persona.anna@mana.test").And.Contain("alert(1)").And.NotContain("{{first}}");
        html.Should().NotContain("<script>alert").And.NotContain("<i>");
        response.Headers.GetValues("Content-Security-Policy").Single().Should().Contain("default-src 'none'").And.NotContain("unsafe");
        (await runner.Client.GetStringAsync("/assets/live.js", Token)).Should().NotContain("innerHTML");
    }

    [Fact]
    public async Task Whoever_opens_the_page_sees_what_happened_last_and_nothing_of_a_tick_that_was_removed()
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Personas.Add(FakeMana.Anna());
        var brain = TestBrain.Create(request => request.IsRating
            ? TestBrain.Rate(request, TestBrain.Entry("todo", 2, ["a0"], "Na ja"))
            : request.Turn == 0 ? request.Calls(("todo_create", "{}")) : TestBrain.Say("ok"));
        await using var runner = await RunnerUnderTest.StartAsync(mana, brain);
        var tick = await runner.TickAsync("persona.anna@mana.test", Token);

        var events = await ActivityAsync();
        events[0].GetProperty("kind").GetString().Should().Be("end");
        events[^1].GetProperty("phase").GetString().Should().Be("sign-in");
        events.Select(one => one.GetProperty("tool").GetString()).Should().Contain("todo.create");

        (await runner.Client.PostAsJsonAsync("/api/v1/purge", new { tickIds = new[] { tick.Tick.Id.Value } }, Token)).EnsureSuccessStatusCode();
        (await ActivityAsync()).Should().BeEmpty();

        async Task<JsonElement[]> ActivityAsync() =>
            [.. JsonDocument.Parse(await runner.Client.GetStringAsync("/api/v1/live", Token)).RootElement.GetProperty("activity").EnumerateArray()];
    }
}
