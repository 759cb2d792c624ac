using Mana.Contracts;

namespace Mana.Tests.Auth;

public sealed class ToolPolicyTests(AuthFixture fixture) : IClassFixture<AuthFixture>
{
    private const string Mine = "/api/v1/me/tool-policy";
    private readonly AuthUnderTest _auth = fixture.Auth;

    [Fact]
    public async Task What_a_user_allows_is_told_to_services()
    {
        var user = await _auth.NewUserAsync("policy@mana.test");
        var told = $"/api/v1/internal/users/{user.UserId}/tool-policy";
        (await _auth.SendAsync(HttpMethod.Get, Mine, bearer: user.AccessToken)).ShouldBe(200, """{"allowDestructive":[]}""");
        (await _auth.InternalAsync(HttpMethod.Get, told)).ShouldBe(200, $$"""{"userId":"{{user.UserId}}","allowDestructive":[]}""");

        var body = new { allowDestructive = new[] { "todo.delete", "notes.*", "todo.delete" } };
        (await _auth.SendAsync(HttpMethod.Put, Mine, body, bearer: user.AccessToken)).ShouldBe(200, """{"allowDestructive":["todo.delete","notes.*"]}""");
        (await _auth.SendAsync(HttpMethod.Get, Mine, bearer: user.Token)).ShouldBe(200, """{"allowDestructive":["todo.delete","notes.*"]}""");
        (await _auth.InternalAsync(HttpMethod.Get, told)).ShouldBe(
            200, $$"""{"userId":"{{user.UserId}}","allowDestructive":["todo.delete","notes.*"]}""");

        (await _auth.SendAsync(HttpMethod.Put, Mine, """{"allowDestructive":[]}""", bearer: user.Token)).ShouldBe(200, """{"allowDestructive":[]}""");
        (await _auth.InternalAsync(HttpMethod.Get, told)).Json.GetProperty("allowDestructive").GetArrayLength().Should().Be(0);
    }

    [Fact]
    public async Task Strangers_hear_nothing_and_a_foreign_page_changes_nothing()
    {
        var user = await _auth.NewUserAsync("policy.guard@mana.test");
        (await _auth.SendAsync(HttpMethod.Get, Mine)).ShouldBe(401, """{"statusCode":401,"message":"Missing or invalid Authorization header"}""");
        (await _auth.SendAsync(HttpMethod.Get, Mine, bearer: "a.b.c")).ShouldBe(401, """{"statusCode":401,"message":"Invalid or expired token"}""");
        (await _auth.SendAsync(HttpMethod.Put, Mine, """{"allowDestructive":["*"]}""", cookie: user.Cookie)).Status.Should().Be(403);
        (await _auth.SendAsync(HttpMethod.Put, Mine, """{"allowDestructive":["*"]}""", cookie: user.Cookie, headers: ("Origin", "http://evil.example")))
            .Status.Should().Be(403);
        (await _auth.SendAsync(HttpMethod.Get, Mine, cookie: user.Cookie)).ShouldBe(200, """{"allowDestructive":[]}""");
        (await _auth.SendAsync(HttpMethod.Get, $"/api/v1/internal/users/{user.UserId}/tool-policy", bearer: user.AccessToken)).Status.Should().Be(401);
        (await _auth.InternalAsync(HttpMethod.Get, "/api/v1/internal/users/nobody/tool-policy")).Status.Should().Be(404);
    }

    [Theory]
    [InlineData("[", "Invalid JSON body")]
    [InlineData("{}", "must be an array")]
    [InlineData("""{"allowDestructive":"*"}""", "must be an array")]
    [InlineData("""{"allowDestructive":[1]}""", "must hold strings, not number")]
    [InlineData("""{"allowDestructive":["todo"]}""", "write todo.* for every tool of the module")]
    [InlineData("""{"allowDestructive":["*.delete"]}""", "is no pattern; write a tool (todo.delete), a module (notes.*) or *")]
    [InlineData("""{"allowDestructive":["todo.delete\n"]}""", "is no pattern")]
    [InlineData("""{"allowDestructive":["","todo.*x"]}""", "is no pattern")]
    public async Task A_pattern_that_means_nothing_is_refused_with_what_would_be_right(string body, string reason)
    {
        var user = await _auth.NewUserAsync("policy.faults@mana.test");
        var answer = await _auth.SendAsync(HttpMethod.Put, Mine, body, bearer: user.Token);
        answer.Status.Should().Be(400, answer.Text);
        (answer.Json.TryGetProperty("details", out var details) ? string.Join('\n', details.EnumerateArray()) : answer.Json.GetProperty("error").GetString())
            .Should().Contain(reason);
    }

    [Fact]
    public async Task A_hundred_and_one_patterns_are_too_many()
    {
        var user = await _auth.NewUserAsync("policy.many@mana.test");
        var body = new { allowDestructive = Enumerable.Range(0, ToolPatterns.MaxCount + 1).Select(i => $"todo.delete{i}") };
        var answer = await _auth.SendAsync(HttpMethod.Put, Mine, body, bearer: user.Token);
        answer.Status.Should().Be(400);
        answer.Text.Should().Contain("at most 100 patterns");
    }

    [Fact]
    public async Task A_personas_policy_comes_with_its_upsert_and_stays_when_the_next_one_has_none()
    {
        var persona = AuthUnderTest.Persona("persona.policy@mana.test");
        persona["allowDestructive"] = new[] { "notes.*" };
        var id = (await _auth.UpsertAsync(persona)).Json.GetProperty("userId").GetString();
        var told = $"/api/v1/internal/users/{id}/tool-policy";
        (await _auth.InternalAsync(HttpMethod.Get, told)).Json.GetProperty("allowDestructive")[0].GetString().Should().Be("notes.*");
        (await _auth.AdminAsync(HttpMethod.Get, $"/api/v1/admin/personas/{id}")).Json.GetProperty("persona").GetProperty("allowDestructive")[0].GetString()
            .Should().Be("notes.*");

        persona.Remove("allowDestructive");
        (await _auth.UpsertAsync(persona)).Status.Should().Be(200);
        (await _auth.InternalAsync(HttpMethod.Get, told)).Json.GetProperty("allowDestructive").GetArrayLength().Should().Be(1);

        persona["allowDestructive"] = Array.Empty<string>();
        (await _auth.UpsertAsync(persona)).Status.Should().Be(200);
        (await _auth.InternalAsync(HttpMethod.Get, told)).Json.GetProperty("allowDestructive").GetArrayLength().Should().Be(0);

        persona["allowDestructive"] = new[] { "notes" };
        (await _auth.UpsertAsync(persona)).Text.Should().Contain("write notes.* for every tool of the module");
    }

    [Theory]
    [InlineData("todo.delete", "todo.delete", true)]
    [InlineData("todo.delete", "todo.deleteAll", false)]
    [InlineData("todo.*", "todo.delete", true)]
    [InlineData("todo.*", "todos.delete", false)]
    [InlineData("newsResearch.*", "news-research.remove", true)]
    [InlineData("*", "anything.at-all", true)]
    public void Patterns_mean_what_they_say(string pattern, string tool, bool expected) =>
        ToolPatterns.Allows([pattern], tool).Should().Be(expected);
}
