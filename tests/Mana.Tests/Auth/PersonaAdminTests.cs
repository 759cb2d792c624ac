using System.Text.Json;
using LinqToDB;
using LinqToDB.Async;
using Mana.Auth.Storage;

namespace Mana.Tests.Auth;

public sealed class PersonaAdminTests(AuthFixture fixture) : IClassFixture<AuthFixture>
{
    private const string Path = "/api/v1/admin/personas";
    private readonly AuthUnderTest _auth = fixture.Auth;

    [Fact]
    public async Task Only_administrators_are_admitted()
    {
        var user = await _auth.NewUserAsync("plain@mana.test");
        foreach (var (method, path) in ((HttpMethod, string)[])[(HttpMethod.Get, Path), (HttpMethod.Post, Path), (HttpMethod.Get, Path + "/x"), (HttpMethod.Delete, Path + "/x")])
        {
            (await _auth.SendAsync(method, path)).ShouldBe(401, """{"statusCode":401,"message":"Missing or invalid Authorization header"}""");
            (await _auth.SendAsync(method, path, cookie: user.Cookie)).Status.Should().Be(401);
            (await _auth.SendAsync(method, path, bearer: user.Token)).ShouldBe(401, """{"statusCode":401,"message":"Invalid or expired token"}""");
            (await _auth.SendAsync(method, path, bearer: user.AccessToken)).ShouldBe(403, """{"error":"Forbidden","message":"Admin access required"}""");
        }
    }

    [Fact]
    public async Task An_upsert_makes_a_persona_that_can_sign_in_at_once()
    {
        var body = AuthUnderTest.Persona("Persona.Anna@mana.test");
        body["timeZone"] = "Europe/Berlin";
        body["language"] = "de";
        body["activeHours"] = "08:00-22:00";
        var answer = await _auth.UpsertAsync(body);
        var id = answer.Json.GetProperty("userId").GetString();
        answer.ShouldBe(200, $$"""{"ok":true,"userId":"{{id}}","email":"persona.anna@mana.test"}""");

        var persona = await _auth.LoginAsync("persona.anna@mana.test");
        persona.UserId.Should().Be(id);
        var spaces = (await _auth.SendAsync(HttpMethod.Get, "/api/auth/organization/list", bearer: persona.AccessToken)).Json;
        spaces.GetArrayLength().Should().Be(1);
        spaces[0].GetProperty("slug").GetString().Should().Be("persona-anna");

        (await _auth.AdminAsync(HttpMethod.Get, $"{Path}/{id}")).ShouldBe(200, $$"""
            {"persona":{"userId":"{{id}}","email":"persona.anna@mana.test","name":"Anna","archetype":"adhd-student",
              "systemPrompt":"Du bist Anna und studierst.","moduleMix":{"todo":0.6,"journal":0.4},"tickCadence":"daily","lastActiveAt":null,
              "createdAt":"2026-11-25T10:00:00.000Z","timeZone":"Europe/Berlin","language":"de","activeHours":"08:00-22:00",
              "nextDueAt":"2026-11-25T10:00:00.000Z","failures":0,"lastFailedAt":null,"lastError":null,"allowDestructive":[]},
             "recentActions":[],"feedbackByModule":[]}
            """);
    }

    [Fact]
    public async Task A_second_upsert_updates_and_a_new_password_ends_the_sessions()
    {
        var id = await _auth.NewPersonaAsync("persona.ben@mana.test");
        var session = await _auth.LoginAsync("persona.ben@mana.test");
        var hash = await HashAsync(id);
        (await _auth.NewPersonaAsync("PERSONA.ben@mana.test")).Should().Be(id);
        (await HashAsync(id)).Should().Be(hash, "the same password is not hashed again");
        (await _auth.SendAsync(HttpMethod.Get, "/api/auth/token", bearer: session.Token)).Status.Should().Be(200);

        var body = AuthUnderTest.Persona("persona.ben@mana.test", "hourly", "rotated secret password");
        body["name"] = "Benjamin";
        (await _auth.UpsertAsync(body)).Status.Should().Be(200);
        (await _auth.SendAsync(HttpMethod.Get, "/api/auth/token", bearer: session.Token)).Status.Should().Be(401);
        await _auth.LoginAsync("persona.ben@mana.test", "rotated secret password");
        var persona = (await _auth.AdminAsync(HttpMethod.Get, $"{Path}/{id}")).Json.GetProperty("persona");
        persona.GetProperty("name").GetString().Should().Be("Benjamin");
        persona.GetProperty("tickCadence").GetString().Should().Be("hourly");
        (await _auth.SendAsync(HttpMethod.Post, "/api/v1/auth/login", new { email = "persona.ben@mana.test", password = AuthUnderTest.Password })).Status.Should().Be(401);
    }

    [Fact]
    public async Task A_person_is_neither_converted_nor_deleted()
    {
        var user = await _auth.NewUserAsync("human@mana.test");
        (await _auth.UpsertAsync(AuthUnderTest.Persona("Human@mana.test"))).ShouldBe(
            409, """{"error":"NotAPersona","message":"human@mana.test belongs to a user who is not a persona; choose another e-mail"}""");
        (await _auth.AdminAsync(HttpMethod.Delete, $"{Path}/{user.UserId}")).ShouldBe(
            400, """{"error":"Refusing to delete non-persona user via this endpoint","hint":"Use DELETE /api/v1/admin/users/:id/data for people"}""");
        (await _auth.AdminAsync(HttpMethod.Delete, $"{Path}/nobody")).ShouldBe(404, """{"error":"Not found"}""");
        (await _auth.AdminAsync(HttpMethod.Get, $"{Path}/{user.UserId}")).ShouldBe(404, """{"error":"Not found"}""");
        await _auth.LoginAsync("human@mana.test");
    }

    [Fact]
    public async Task Every_fault_of_an_upsert_is_listed()
    {
        (await _auth.UpsertAsync("{")).ShouldBe(400, """{"error":"Invalid JSON body"}""");
        (await _auth.UpsertAsync("{}")).ShouldBe(400, """
            {"error":"ValidationError","details":["email required","password ≥ 8 chars required","archetype required","systemPrompt required","moduleMix object required"]}
            """);
        (await _auth.UpsertAsync("[]")).Json.GetProperty("details").GetArrayLength().Should().Be(5);
    }

    [Theory]
    [InlineData("email", "\"nobody\"", "email required")]
    [InlineData("password", "\"1234567\"", "password ≥ 8 chars required")]
    [InlineData("password", "12345678", "password ≥ 8 chars required")]
    [InlineData("archetype", "7", "archetype required")]
    [InlineData("archetype", "\"\"", "archetype required")]
    [InlineData("name", "{}", "name must be a string of at most 200 characters")]
    [InlineData("moduleMix", "[]", "moduleMix object required")]
    [InlineData("moduleMix", "{}", "moduleMix object required")]
    [InlineData("moduleMix", "{\"todo\":\"much\"}", "moduleMix.todo must be a number ≥ 0")]
    [InlineData("moduleMix", "{\"todo\":-0.1}", "moduleMix.todo must be a number ≥ 0")]
    [InlineData("moduleMix", "{\"todo\":1e999}", "moduleMix.todo must be a number ≥ 0")]
    [InlineData("tickCadence", "\"yearly\"", "tickCadence must be one of daily, weekdays, hourly")]
    [InlineData("tickCadence", "5", "tickCadence must be one of daily, weekdays, hourly")]
    [InlineData("tickCadence", "\"cron:not five fields\"", "tickCadence \"cron:not five fields\" is no cron expression of five fields such as cron:0 9 * * 1-5")]
    [InlineData("tickCadence", "\"cron:0 0 30 2 *\"", "tickCadence \"cron:0 0 30 2 *\" names a day that never comes")]
    [InlineData("timeZone", "\"Mars/Olympus\"", "timeZone \"Mars/Olympus\" is not an IANA time zone such as Europe/Berlin")]
    [InlineData("activeHours", "\"morning\"", "activeHours \"morning\" must be two different times like 08:00-22:00")]
    [InlineData("language", "\"deutsch!\"", "language must be a language tag such as de or en-GB")]
    public async Task A_bad_member_is_named(string member, string json, string fault)
    {
        var text = JsonSerializer.Serialize(AuthUnderTest.Persona("persona.bad@mana.test").Where(pair => pair.Key != member).ToDictionary());
        var answer = await _auth.UpsertAsync(text[..^1] + $",\"{member}\":{json}}}");
        answer.Status.Should().Be(400, answer.Text);
        answer.Json.GetProperty("error").GetString().Should().Be("ValidationError");
        answer.Json.GetProperty("details").EnumerateArray().Select(detail => detail.GetString()).Should().Equal(fault);
    }

    [Theory]
    [InlineData("archetype", 100)]
    [InlineData("systemPrompt", 50_000)]
    public async Task Overlong_text_is_refused(string member, int limit)
    {
        var body = AuthUnderTest.Persona("persona.longest@mana.test");
        body[member] = new string('x', limit + 1);
        (await _auth.UpsertAsync(body)).Json.GetProperty("details")[0].GetString().Should().Be($"{member} must have at most {limit} characters");
        body[member] = new string('x', limit);
        (await _auth.UpsertAsync(body)).Status.Should().Be(200);
    }

    [Fact]
    public async Task Upserts_of_one_persona_at_once_make_one_user()
    {
        var ids = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => _auth.NewPersonaAsync("persona.race@mana.test")));
        ids.Distinct().Should().ContainSingle();
    }

    [Fact]
    public async Task The_list_shows_the_newest_first_with_the_actions_of_seven_days()
    {
        await using var auth = await AuthUnderTest.StartAsync();
        var old = await auth.NewPersonaAsync("persona.old@mana.test");
        await auth.InternalAsync(HttpMethod.Post, $"/api/v1/internal/personas/{old}/actions", AuditTests.Actions("t1", 3));
        auth.Clock.Advance(TimeSpan.FromDays(6));
        await auth.InternalAsync(HttpMethod.Post, $"/api/v1/internal/personas/{old}/actions", AuditTests.Actions("t2", 2));
        auth.ForgetAdminToken();
        await auth.NewPersonaAsync("persona.new@mana.test");

        var personas = (await auth.AdminAsync(HttpMethod.Get, Path)).Json.GetProperty("personas");
        personas.EnumerateArray().Select(persona => persona.GetProperty("email").GetString()).Should().Equal("persona.new@mana.test", "persona.old@mana.test");
        personas.EnumerateArray().Select(persona => persona.GetProperty("actions7d").GetInt32()).Should().Equal(0, 5);
        personas[1].GetProperty("lastActiveAt").GetString().Should().Be("2026-12-01T10:00:00.000Z");
        personas[1].GetProperty("nextDueAt").GetString().Should().Be("2026-12-02T10:00:00.000Z");
        auth.Clock.Advance(TimeSpan.FromDays(2));
        auth.ForgetAdminToken();
        (await auth.AdminAsync(HttpMethod.Get, Path)).Json.GetProperty("personas")[1].GetProperty("actions7d").GetInt32().Should().Be(2);
    }

    private Task<string> HashAsync(string userId) => _auth.Database.ReadAsync(
        (db, ct) => db.GetTable<AccountRow>().Where(account => account.UserId == userId).Select(account => account.Password!).FirstAsync(ct),
        AuthUnderTest.Cancellation);
}
