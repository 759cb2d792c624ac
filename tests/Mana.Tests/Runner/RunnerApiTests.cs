using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Mana.Tests.Runner.Support;

namespace Mana.Tests.Runner;

public sealed class RunnerApiTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("x")]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("2001")]
    [InlineData("1.5")]
    public async Task A_limit_that_is_no_number_is_named(string limit)
    {
        await using var mana = await FakeMana.StartAsync();
        await using var runner = await RunnerUnderTest.StartAsync(mana, TestBrain.Visit());
        using var response = await runner.Client.GetAsync("/api/v1/ticks?limit=" + limit, Token);
        response.StatusCode.Should().Be(HttpStatusCode.BadRequest);
        (await response.Content.ReadAsStringAsync(Token)).Should().Be("""{"statusCode":400,"message":"limit must be a whole number from 1 to 2000"}""");
    }

    [Fact]
    public async Task Personas_that_are_no_text_are_refused_and_unknown_ones_are_named()
    {
        await using var mana = await FakeMana.StartAsync();
        await using var runner = await RunnerUnderTest.StartAsync(mana, TestBrain.Visit());
        using var refused = await PostAsync(runner, """{"scope":"all","personas":[null]}""");
        refused.StatusCode.Should().Be(HttpStatusCode.BadRequest);

        using var unknown = await PostAsync(runner, """{"scope":"all","personas":["nobody@mana.test"]}""");
        (await unknown.Content.ReadAsStringAsync(Token)).Should().Contain("mana-auth knows no such persona");
    }

    [Fact]
    public async Task A_wrong_key_is_called_one()
    {
        await using var mana = await FakeMana.StartAsync();
        await using var runner = await RunnerUnderTest.StartAsync(mana, TestBrain.Visit());
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/pause");
        request.Headers.Add("X-Service-Key", "wrong");
        using var response = await runner.Client.SendAsync(request, Token);
        response.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
        (await response.Content.ReadAsStringAsync(Token)).Should().Contain("Invalid or missing service key");
    }

    [Fact]
    public async Task Diag_login_takes_an_address_in_any_case()
    {
        await using var mana = await FakeMana.StartAsync();
        var anna = FakeMana.Anna();
        mana.Personas.Add(anna);
        await using var runner = await RunnerUnderTest.StartAsync(mana, TestBrain.Visit());
        var answer = await runner.Client.GetStringAsync("/diag/login?email=" + anna.Email.ToUpperInvariant(), Token);
        ((string)JsonNode.Parse(answer)!["email"]!).Should().Be(anna.Email);
    }

    [Theory]
    [InlineData("PERSONA.Ben@mana.test")]
    [InlineData("BEN")]
    public async Task Ticks_are_listed_of_a_persona_by_its_address_or_name_in_any_case(string persona)
    {
        await using var mana = await FakeMana.StartAsync();
        mana.Personas.AddRange([FakeMana.Anna(), FakeMana.Persona("ben")]);
        await using var runner = await RunnerUnderTest.StartAsync(mana, TestBrain.Visit());
        await runner.TickAsync("persona.anna@mana.test", Token);
        var ben = await runner.TickAsync("persona.ben@mana.test", Token);

        var listed = JsonNode.Parse(await runner.Client.GetStringAsync("/api/v1/ticks?persona=" + persona, Token))!["ticks"]!.AsArray();

        listed.Select(tick => (string)tick!["id"]!).Should().Equal(ben.Tick.Id.Value);
    }

    private static Task<HttpResponseMessage> PostAsync(RunnerUnderTest runner, string body) =>
        runner.Client.PostAsync("/api/v1/ticks", new StringContent(body, Encoding.UTF8, "application/json"), Token);
}
