using LinqToDB;
using LinqToDB.Async;
using Mana.Auth.Storage;

namespace Mana.Tests.Auth;

public sealed class RegistrationTests(AuthFixture fixture) : IClassFixture<AuthFixture>
{
    private const string Path = "/api/v1/auth/register";
    private readonly AuthUnderTest _auth = fixture.Auth;

    [Fact]
    public async Task A_new_user_has_the_contract_shape_and_no_session()
    {
        var answer = await _auth.SendAsync(HttpMethod.Post, Path, new { email = "Shape@Mana.Test", password = AuthUnderTest.Password });

        answer.Status.Should().Be(200);
        answer.Cookies.Should().BeEmpty();
        var user = answer.Json.GetProperty("user");
        answer.ShouldBe(200, $$"""
            {"token":null,"user":{"id":"{{user.GetProperty("id").GetString()}}","name":"shape","email":"shape@mana.test","emailVerified":true,
            "image":null,"createdAt":"2026-11-25T10:00:00.000Z","updatedAt":"2026-11-25T10:00:00.000Z","twoFactorEnabled":false,
            "accessTier":"public","kind":"human"}
            }
            """);
        user.GetProperty("id").GetString().Should().MatchRegex("^[A-Za-z0-9]{32}$");
    }

    [Fact]
    public async Task A_known_address_answers_like_a_new_one_and_changes_nothing()
    {
        var first = await _auth.RegisterAsync("twice@mana.test");
        var second = await _auth.SendAsync(HttpMethod.Post, Path, new { email = "TWICE@mana.test", password = "another password" });

        second.Status.Should().Be(200);
        second.Json.GetProperty("token").ValueKind.Should().Be(System.Text.Json.JsonValueKind.Null);
        second.Json.GetProperty("user").GetProperty("id").GetString().Should().NotBe(first.GetProperty("user").GetProperty("id").GetString());
        second.Json.GetProperty("user").EnumerateObject().Select(p => p.Name)
            .Should().Equal(first.GetProperty("user").EnumerateObject().Select(p => p.Name));
        (await _auth.LoginAsync("twice@mana.test")).UserId.Should().Be(first.GetProperty("user").GetProperty("id").GetString());
        (await _auth.SendAsync(HttpMethod.Post, "/api/v1/auth/login", new { email = "twice@mana.test", password = "another password" })).Status.Should().Be(401);
        var users = await _auth.Database.ReadAsync(
            (db, ct) => db.GetTable<UserRow>().CountAsync(user => user.Email.StartsWith("twice"), ct), AuthUnderTest.Cancellation);
        users.Should().Be(1);
    }

    [Theory]
    [InlineData("{", "VALIDATION", 400, "Invalid JSON body")]
    [InlineData("[]", "VALIDATION", 400, "[body.email] Invalid input: expected string, received undefined; [body.password] Invalid input: expected string, received undefined")]
    [InlineData("""{"email":7,"password":"12345678"}""", "VALIDATION", 400, "[body.email] Invalid input: expected string, received number")]
    [InlineData("""{"email":"nobody","password":"12345678"}""", "VALIDATION", 400, "[body.email] Invalid email address")]
    [InlineData("""{"email":"a b@mana.test","password":"12345678"}""", "VALIDATION", 400, "[body.email] Invalid email address")]
    [InlineData("""{"email":"a@mana.test","password":"1234567"}""", "WEAK_PASSWORD", 400, "Password too short")]
    [InlineData("""{"email":"a\ud800@mana.test","password":"12345678"}""", "VALIDATION", 400, "[body.email] Invalid input: expected text without NUL and half surrogate pairs")]
    [InlineData("""{"email":"a@mana.test","password":"12345678","name":5}""", "VALIDATION", 400, "[body.name] Invalid input: expected string of at most 200 characters")]
    public async Task Bad_input_is_named_in_envelope_a(string body, string code, int status, string message)
    {
        var answer = await _auth.SendAsync(HttpMethod.Post, Path, body);
        answer.ShouldBe(status, $$"""{"error":"{{code}}","message":"{{message}}","status":{{status}}}""");
    }

    [Fact]
    public async Task A_password_of_129_characters_is_too_long()
    {
        var answer = await _auth.SendAsync(HttpMethod.Post, Path, new { email = "long@mana.test", password = new string('x', 129) });
        answer.ShouldBe(400, """{"error":"WEAK_PASSWORD","message":"Password too long","status":400}""");
    }

    [Fact]
    public async Task A_body_beyond_the_limit_is_refused()
    {
        var answer = await _auth.SendAsync(HttpMethod.Post, Path, new { email = "big@mana.test", password = AuthUnderTest.Password, name = new string('x', 20_000) });
        answer.ShouldBe(413, """{"statusCode":413,"message":"Request body too large"}""");
    }

    [Fact]
    public async Task Every_user_gets_a_personal_space_with_a_free_slug()
    {
        string[] emails = ["Persona.Vera@mana.test", "persona_vera@mana.test", "admin@else.test", "__@mana.test"];
        var spaces = new List<System.Text.Json.JsonElement>();
        foreach (var email in emails)
        {
            var user = await _auth.NewUserAsync(email);
            var list = await _auth.SendAsync(HttpMethod.Get, "/api/auth/organization/list", bearer: user.AccessToken);
            spaces.Add(list.Json.EnumerateArray().Should().ContainSingle().Subject);
        }

        spaces.Select(space => space.GetProperty("slug").GetString()).Take(3).Should().Equal("persona-vera", "persona-vera-2", "admin-2");
        spaces[3].GetProperty("slug").GetString().Should().MatchRegex("^user-[a-z0-9]{6}$");
        spaces[0].GetProperty("name").GetString().Should().Be("persona.vera");
        spaces[0].GetProperty("metadata").GetRawText().Should().Be("""{"tier":"public","type":"personal"}""");
        spaces[0].EnumerateObject().Select(member => member.Name).Should().Equal("id", "name", "slug", "logo", "createdAt", "metadata", "role");
        spaces[0].GetProperty("id").GetString().Should().MatchRegex("^[A-Za-z0-9_-]{21}$");
    }

    [Fact]
    public async Task Twenty_sign_ups_at_once_for_one_slug_all_get_a_space()
    {
        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => _auth.RegisterAsync($"same@host{i}.test")));

        var slugs = await _auth.Database.ReadAsync(
            (db, ct) => db.GetTable<OrganizationRow>().Where(space => space.Slug.StartsWith("same")).Select(space => space.Slug).ToListAsync(ct),
            AuthUnderTest.Cancellation);
        slugs.Should().HaveCount(20).And.OnlyHaveUniqueItems();
    }

    [Fact]
    public async Task Production_is_closed_unless_it_is_opened()
    {
        var settings = Production();
        await using var closed = await AuthUnderTest.StartAsync(settings);
        var body = new { email = "late@mana.test", password = AuthUnderTest.Password };
        (await closed.SendAsync(HttpMethod.Post, Path, body)).ShouldBe(
            403, """{"error":"REGISTRATION_CLOSED","message":"Registration is closed","status":403}""");

        await closed.RestartAsync(("REGISTRATION_OPEN", "true"));
        var answer = await closed.SendAsync(HttpMethod.Post, Path, body);
        answer.Json.GetProperty("user").GetProperty("emailVerified").GetBoolean().Should().BeFalse();
        (await closed.SendAsync(HttpMethod.Post, "/api/v1/auth/login", body)).ShouldBe(
            403, """{"error":"EMAIL_NOT_VERIFIED","message":"Email not verified","status":403}""");
        (await closed.SendAsync(HttpMethod.Post, "/api/auth/sign-in/email", body)).ShouldBe(
            403, """{"message":"Email not verified","code":"EMAIL_NOT_VERIFIED"}""");
        (await closed.SendAsync(HttpMethod.Post, "/api/v1/auth/login", new { body.email, password = "wrong password" })).Status.Should().Be(401);
    }

    [Fact]
    public async Task The_daily_limit_counts_until_midnight()
    {
        await using var auth = await AuthUnderTest.StartAsync(new() { ["MAX_DAILY_SIGNUPS"] = "2" });
        await auth.RegisterAsync("one@mana.test");
        await auth.RegisterAsync("two@mana.test");
        var third = await auth.SendAsync(HttpMethod.Post, Path, new { email = "three@mana.test", password = AuthUnderTest.Password });
        third.Status.Should().Be(429);
        third.Json.GetProperty("error").GetString().Should().Be("SIGNUP_LIMIT_REACHED");
        (await auth.SendAsync(HttpMethod.Get, "/api/v1/auth/signup-status")).ShouldBe(
            200, """{"registrationOpen":true,"spotsRemaining":0,"totalToday":2,"limit":2,"resetsAt":"2026-11-26T00:00:00.000Z"}""");

        auth.Clock.Advance(TimeSpan.FromHours(14));
        await auth.RegisterAsync("three@mana.test");
    }

    internal static Dictionary<string, string?> Production() => new()
    {
        ["NODE_ENV"] = "production",
        ["MANA_SERVICE_KEY"] = "a service key of production",
        ["MANA_AUTH_SECRET"] = "a secret of production, long enough",
    };
}
