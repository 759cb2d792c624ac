using Mana.Auth;
using Mana.Auth.Sessions;
using Mana.Auth.Storage;
using Mana.Hosting;
using Mana.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Mana.Tests.Auth;

public sealed class SessionTests(AuthFixture fixture) : IClassFixture<AuthFixture>
{
    private const string Unauthorized = """{"message":"Unauthorized","code":"UNAUTHORIZED"}""";
    private readonly AuthUnderTest _auth = fixture.Auth;

    [Fact]
    public async Task A_session_by_cookie_or_bearer_gets_a_token_but_a_jwt_does_not()
    {
        var user = await _auth.NewUserAsync("exchange@mana.test");

        (await _auth.SendAsync(HttpMethod.Get, "/api/auth/token", cookie: user.Cookie)).Json.GetProperty("token").GetString()!.Split('.').Should().HaveCount(3);
        (await _auth.SendAsync(HttpMethod.Get, "/api/auth/token", bearer: user.Token)).Status.Should().Be(200);
        (await _auth.SendAsync(HttpMethod.Get, "/api/auth/token", bearer: user.AccessToken)).ShouldBe(401, Unauthorized);
        (await _auth.SendAsync(HttpMethod.Get, "/api/auth/token")).ShouldBe(401, Unauthorized);
        (await _auth.SendAsync(HttpMethod.Get, "/api/auth/token", bearer: user.AccessToken, cookie: user.Cookie)).Status.Should().Be(200);
        (await _auth.SendAsync(HttpMethod.Get, "/api/auth/token", bearer: new string('x', 32))).ShouldBe(401, Unauthorized);
    }

    [Fact]
    public async Task A_tampered_cookie_is_no_session()
    {
        var user = await _auth.NewUserAsync("tamper@mana.test");
        var other = user.Cookie.Replace(user.Token, new string('A', 32), StringComparison.Ordinal);
        (await _auth.SendAsync(HttpMethod.Get, "/api/auth/token", cookie: other)).ShouldBe(401, Unauthorized);
        (await _auth.SendAsync(HttpMethod.Get, "/api/auth/get-session", cookie: "mana.session_token=" + user.Token)).ShouldBe(200, "null");
    }

    [Fact]
    public async Task Get_session_shows_session_and_user_and_hands_out_a_jwt()
    {
        var user = await _auth.NewUserAsync("show@mana.test");
        foreach (var path in (string[])["/api/auth/get-session", "/api/v1/auth/session"])
        {
            var answer = await _auth.SendAsync(HttpMethod.Get, path, cookie: user.Cookie, headers: ("User-Agent", "test/1"));
            answer.Headers["set-auth-jwt"].Split('.').Should().HaveCount(3);
            var session = answer.Json.GetProperty("session");
            session.EnumerateObject().Select(member => member.Name).Should().Equal(
                "id", "token", "expiresAt", "createdAt", "updatedAt", "ipAddress", "userAgent", "userId", "activeOrganizationId");
            session.GetProperty("token").GetString().Should().Be(user.Token);
            session.GetProperty("userId").GetString().Should().Be(user.UserId);
            session.GetProperty("expiresAt").GetString().Should().Be("2026-12-02T10:00:00.000Z");
            answer.Json.GetProperty("user").GetProperty("email").GetString().Should().Be("show@mana.test");
            (await _auth.SendAsync(HttpMethod.Get, path)).ShouldBe(200, "null");
            (await _auth.SendAsync(HttpMethod.Get, path, bearer: user.AccessToken)).ShouldBe(200, "null");
        }
    }

    [Fact]
    public async Task Refresh_and_session_to_token_give_a_new_jwt_for_the_same_session()
    {
        var user = await _auth.NewUserAsync("refresh@mana.test");
        foreach (var path in (string[])["/api/v1/auth/refresh", "/api/v1/auth/session-to-token"])
        {
            var answer = await _auth.SendAsync(HttpMethod.Post, path, cookie: user.Cookie);
            answer.Status.Should().Be(200);
            answer.Json.GetProperty("refreshToken").GetString().Should().Be(user.Token);
            answer.Json.GetProperty("accessToken").GetString()!.Split('.').Should().HaveCount(3);
        }

        (await _auth.SendAsync(HttpMethod.Post, "/api/v1/auth/refresh")).ShouldBe(401, """{"error":"TOKEN_EXPIRED","message":"Session expired","status":401}""");
        (await _auth.SendAsync(HttpMethod.Post, "/api/v1/auth/session-to-token")).ShouldBe(
            401, """{"error":"UNAUTHORIZED","message":"No valid session","status":401}""");
    }

    [Fact]
    public async Task Logout_ends_the_session_and_every_token_of_it()
    {
        var user = await _auth.NewUserAsync("leave@mana.test");
        const string path = "/api/v1/auth/logout";
        (await _auth.SendAsync(HttpMethod.Post, path, cookie: user.Cookie)).ShouldBe(
            403, """{"message":"Missing or null Origin","code":"MISSING_OR_NULL_ORIGIN"}""");
        (await _auth.SendAsync(HttpMethod.Post, path, cookie: user.Cookie, headers: ("Origin", "https://evil.test"))).ShouldBe(
            403, """{"message":"Invalid origin","code":"INVALID_ORIGIN"}""");
        (await _auth.SendAsync(HttpMethod.Get, "/api/auth/organization/list", bearer: user.AccessToken)).Status.Should().Be(200);

        var left = await _auth.SendAsync(HttpMethod.Post, path, cookie: user.Cookie, headers: ("Origin", "http://localhost:5173"));
        left.ShouldBe(200, """{"success":true}""");
        left.Cookies.Should().Equal(
            "mana.session_token=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax",
            "mana.session_data=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax",
            "mana.dont_remember=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax");
        (await _auth.SendAsync(HttpMethod.Get, "/api/auth/token", cookie: user.Cookie)).ShouldBe(401, Unauthorized);
        (await _auth.SendAsync(HttpMethod.Get, "/api/auth/organization/list", bearer: user.AccessToken)).ShouldBe(401, Unauthorized);
        (await _auth.SendAsync(HttpMethod.Post, path)).ShouldBe(200, """{"success":true}""");
    }

    [Fact]
    public async Task A_cookie_from_a_strange_origin_cannot_sign_in()
    {
        var user = await _auth.NewUserAsync("origin@mana.test");
        var body = new { email = "origin@mana.test", password = AuthUnderTest.Password };
        (await _auth.SendAsync(HttpMethod.Post, "/api/auth/sign-in/email", body, cookie: user.Cookie, headers: ("Origin", "https://evil.test"))).Status.Should().Be(403);
        (await _auth.SendAsync(HttpMethod.Post, "/api/auth/sign-in/email", body, cookie: user.Cookie, headers: ("Origin", "http://localhost:3001"))).Status.Should().Be(200);
    }

    [Fact]
    public async Task Who_is_not_to_be_remembered_gets_cookies_without_an_end()
    {
        await _auth.RegisterAsync("forget@mana.test");
        var answer = await _auth.SendAsync(
            HttpMethod.Post, "/api/auth/sign-in/email", new { email = "forget@mana.test", password = AuthUnderTest.Password, rememberMe = false });
        answer.Cookies.Should().HaveCount(2);
        answer.Cookies[0].Should().StartWith("mana.session_token=").And.NotContain("Max-Age");
        answer.Cookies[1].Should().StartWith("mana.dont_remember=true.").And.NotContain("Max-Age");
    }

    [Fact]
    public async Task A_session_slides_after_a_day_and_ends_after_seven_idle_ones()
    {
        await using var auth = await AuthUnderTest.StartAsync();
        var user = await auth.NewUserAsync("slide@mana.test");
        auth.Clock.Advance(TimeSpan.FromHours(23));
        (await auth.SendAsync(HttpMethod.Get, "/api/auth/get-session", cookie: user.Cookie)).Cookies.Should().BeEmpty();
        auth.Clock.Advance(TimeSpan.FromHours(1));
        var slid = await auth.SendAsync(HttpMethod.Get, "/api/auth/get-session", cookie: user.Cookie);
        slid.Json.GetProperty("session").GetProperty("expiresAt").GetString().Should().Be("2026-12-03T10:00:00.000Z");
        slid.Cookies.Should().ContainSingle().Which.Should().StartWith(user.Cookie + "; Max-Age=604800");

        auth.Clock.Advance(TimeSpan.FromDays(7) - TimeSpan.FromMilliseconds(1));
        (await auth.SendAsync(HttpMethod.Get, "/api/auth/token", bearer: user.Token)).Status.Should().Be(200);
        auth.Clock.Advance(TimeSpan.FromDays(7));
        (await auth.SendAsync(HttpMethod.Get, "/api/auth/token", bearer: user.Token)).Status.Should().Be(401);

        await auth.Services.GetServices<Microsoft.Extensions.Hosting.IHostedService>().OfType<Housekeeping>().Single().RunOnceAsync(AuthUnderTest.Cancellation);
        (await CountSessionsAsync(auth)).Should().Be(0);
    }

    [Fact]
    public void The_cookie_is_signed_as_in_the_vector()
    {
        // base64(HMAC-SHA256("test-secret-of-the-cookie-vector", token)), computed with Python's hmac.
        const string token = "abcdefghijklmnopqrstuvwxyz012345";
        const string value = "abcdefghijklmnopqrstuvwxyz012345.2w2nPQePl2Ep%2Bn0QsJ9nNv7Otx39jzbsC0KM%2BYSD1u0%3D";
        var development = Cookies(new() { ["MANA_AUTH_SECRET"] = "test-secret-of-the-cookie-vector" });
        var production = Cookies(new()
        {
            ["NODE_ENV"] = "production",
            ["MANA_SERVICE_KEY"] = "a service key of production",
            ["MANA_AUTH_SECRET"] = "test-secret-of-the-cookie-vector",
            ["BASE_URL"] = "https://auth.mana.how",
            ["COOKIE_DOMAIN"] = ".mana.how",
        });

        Written(development, token).Should().Be($"mana.session_token={value}; Max-Age=604800; Path=/; HttpOnly; SameSite=Lax");
        Written(production, token).Should().Be(
            $"__Secure-mana.session_token={value}; Max-Age=604800; Domain=.mana.how; Path=/; HttpOnly; Secure; SameSite=None");
        var request = new DefaultHttpContext().Request;
        request.Headers.Cookie = "a=b; mana.session_token=" + value;
        development.TryRead(request, out var read).Should().BeTrue();
        read.Should().Be(token);
    }

    private static string Written(SessionCookies cookies, string token)
    {
        var response = new DefaultHttpContext().Response;
        cookies.Set(response, new LiveSession(new SessionRow { RememberMe = true }, new UserRow(), token));
        return response.Headers.SetCookie.ToString();
    }

    private static SessionCookies Cookies(Dictionary<string, string?> settings)
    {
        var configuration = HostUnderTest.Configuration(settings);
        var reader = new SettingsReader(configuration);
        var read = AuthSettings.Read(reader, ManaEnvironment.From(configuration));
        reader.ThrowIfInvalid("test");
        return new SessionCookies(read);
    }

    private static Task<int> CountSessionsAsync(AuthUnderTest auth) => auth.Database.ReadAsync(
        (db, ct) => LinqToDB.Async.AsyncExtensions.CountAsync(LinqToDB.DataExtensions.GetTable<SessionRow>(db), ct), AuthUnderTest.Cancellation);
}
