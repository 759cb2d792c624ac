using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;
using Mana.Auth.SignIn;
using Mana.Auth.Storage;

namespace Mana.Tests.Auth;

public sealed class SignInTests(AuthFixture fixture) : IClassFixture<AuthFixture>
{
    private const string Login = "/api/v1/auth/login";
    private const string Native = "/api/auth/sign-in/email";
    private const string WrongPassword = """{"error":"INVALID_CREDENTIALS","message":"Invalid email or password","status":401}""";

    // hashlib.scrypt(NFKC("Pﬁffig-Ünï-①23"), salt=b"00112233445566778899aabbccddeeff", n=16384, r=16, p=1, dklen=64)
    private const string ImportedHash =
        "00112233445566778899aabbccddeeff:99777d0199897e8828ed7cb808cb31bc67b74ce703a80ef315d158f155c09c46097d5847b5beee9d016bc0cafb7a4ecf44d4e8cda563dd4a52cc61f46110fa27";

    private readonly AuthUnderTest _auth = fixture.Auth;

    [Fact]
    public async Task Login_gives_both_tokens_and_the_cookie()
    {
        await _auth.RegisterAsync("both@mana.test");
        var answer = await _auth.SendAsync(HttpMethod.Post, Login, new { email = "Both@Mana.test", password = AuthUnderTest.Password, deviceId = "ignored" });

        answer.Status.Should().Be(200);
        answer.Json.EnumerateObject().Select(member => member.Name).Should().Equal("redirect", "token", "user", "accessToken", "refreshToken");
        answer.Json.GetProperty("redirect").GetBoolean().Should().BeFalse();
        var token = answer.Json.GetProperty("token").GetString()!;
        token.Should().MatchRegex("^[A-Za-z0-9]{32}$");
        answer.Json.GetProperty("refreshToken").GetString().Should().Be(token);
        answer.Json.GetProperty("user").TryGetProperty("role", out _).Should().BeFalse();
        answer.Json.GetProperty("accessToken").GetString()!.Split('.').Should().HaveCount(3);
        answer.Cookies.Should().ContainSingle().Which.Should().StartWith($"mana.session_token={token}.");
    }

    [Fact]
    public async Task Native_sign_in_gives_the_token_and_the_cookie()
    {
        await _auth.RegisterAsync("native@mana.test");
        var answer = await _auth.SendAsync(HttpMethod.Post, Native, new { email = "native@mana.test", password = AuthUnderTest.Password });

        answer.Json.EnumerateObject().Select(member => member.Name).Should().Equal("redirect", "token", "user");
        answer.Cookies.Should().ContainSingle().Which.Should().MatchRegex(
            "^mana\\.session_token=[A-Za-z0-9]{32}\\.[A-Za-z0-9%]+%3D; Max-Age=604800; Path=/; HttpOnly; SameSite=Lax$");
    }

    [Theory]
    [InlineData("{", "Invalid JSON body")]
    [InlineData("{}", "[body.email] Invalid input: expected string, received undefined; [body.password] Invalid input: expected string, received undefined")]
    [InlineData("""{"email":"x@y.z","password":null}""", "[body.password] Invalid input: expected string, received null")]
    [InlineData("""{"email":"nobody","password":"12345678"}""", "Invalid email")]
    public async Task Bad_input_is_named(string body, string message)
    {
        (await _auth.SendAsync(HttpMethod.Post, Login, body)).ShouldBe(400, $$"""{"error":"VALIDATION","message":"{{message}}","status":400}""");
        var code = message == "Invalid email" ? "INVALID_EMAIL" : "VALIDATION_ERROR";
        (await _auth.SendAsync(HttpMethod.Post, Native, body)).ShouldBe(400, $$"""{"message":"{{message}}","code":"{{code}}"}""");
    }

    [Fact]
    public async Task A_wrong_password_and_an_unknown_address_get_the_same_answer()
    {
        await _auth.RegisterAsync("known@mana.test");
        foreach (var email in (string[])["known@mana.test", "unknown@mana.test"])
        {
            var body = new { email, password = "wrong password" };
            (await _auth.SendAsync(HttpMethod.Post, Login, body)).ShouldBe(401, WrongPassword);
            (await _auth.SendAsync(HttpMethod.Post, Native, body)).ShouldBe(
                401, """{"message":"Invalid email or password","code":"INVALID_EMAIL_OR_PASSWORD"}""");
        }
    }

    [Fact]
    public async Task A_lock_lasts_what_it_says_whatever_the_case_of_the_address()
    {
        await using var auth = await AuthUnderTest.StartAsync();
        await auth.RegisterAsync("lock@mana.test");
        for (var i = 0; i < 5; i++)
        {
            var email = i % 2 == 0 ? "lock@mana.test" : "LOCK@mana.test";
            (await auth.SendAsync(HttpMethod.Post, Login, new { email, password = "wrong password" })).ShouldBe(401, WrongPassword);
            auth.Clock.Advance(TimeSpan.FromMinutes(1));
        }

        var right = new { email = "Lock@mana.test", password = AuthUnderTest.Password };
        var locked = await auth.SendAsync(HttpMethod.Post, Login, right);
        locked.ShouldBe(429, """{"error":"ACCOUNT_LOCKED","message":"Account temporarily locked","status":429,"retryAfterSec":1740}""");
        locked.Headers["Retry-After"].Should().Be("1740");
        (await auth.SendAsync(HttpMethod.Post, Native, right)).ShouldBe(429, """{"message":"Account temporarily locked","code":"ACCOUNT_LOCKED"}""");

        auth.Clock.Advance(TimeSpan.FromSeconds(1739));
        (await auth.SendAsync(HttpMethod.Post, Login, right)).Json.GetProperty("retryAfterSec").GetInt32().Should().Be(1);
        auth.Clock.Advance(TimeSpan.FromSeconds(1));
        (await auth.SendAsync(HttpMethod.Post, Login, right)).Status.Should().Be(200);
    }

    [Fact]
    public async Task Failures_spread_over_more_than_the_window_do_not_lock_and_success_clears_them()
    {
        await using var auth = await AuthUnderTest.StartAsync();
        await auth.RegisterAsync("slow@mana.test");
        for (var i = 0; i < 8; i++)
        {
            (await auth.SendAsync(HttpMethod.Post, Login, new { email = "slow@mana.test", password = "wrong password" })).Status.Should().Be(401);
            auth.Clock.Advance(TimeSpan.FromMinutes(4));
        }

        await auth.LoginAsync("slow@mana.test");
        for (var i = 0; i < 4; i++)
        {
            (await auth.SendAsync(HttpMethod.Post, Login, new { email = "slow@mana.test", password = "wrong password" })).Status.Should().Be(401);
        }

        await auth.LoginAsync("slow@mana.test");
    }

    [Fact]
    public async Task A_broken_database_is_503_and_counts_against_nobody()
    {
        await using var auth = await AuthUnderTest.StartAsync();
        await auth.RegisterAsync("victim@mana.test");
        await auth.Database.WriteAsync((db, ct) => db.ExecuteAsync("alter table accounts rename to gone", ct), AuthUnderTest.Cancellation);
        for (var i = 0; i < 6; i++)
        {
            (await auth.SendAsync(HttpMethod.Post, Login, new { email = "victim@mana.test", password = AuthUnderTest.Password })).ShouldBe(
                503, """{"error":"SERVICE_UNAVAILABLE","message":"Service temporarily unavailable","status":503}""");
        }

        await auth.Database.WriteAsync((db, ct) => db.ExecuteAsync("alter table gone rename to accounts", ct), AuthUnderTest.Cancellation);
        await auth.LoginAsync("victim@mana.test");
    }

    [Fact]
    public async Task An_imported_scrypt_hash_signs_in_once_and_is_argon2id_afterwards()
    {
        const string password = "Pﬁffig-Ünï-①23";
        var id = (await _auth.RegisterAsync("import@mana.test")).GetProperty("user").GetProperty("id").GetString()!;
        await SetHashAsync(id, ImportedHash);

        (await _auth.SendAsync(HttpMethod.Post, Login, new { email = "import@mana.test", password = password + "x" })).Status.Should().Be(401);
        (await HashAsync(id)).Should().Be(ImportedHash);
        await _auth.LoginAsync("import@mana.test", password);

        var rehashed = await HashAsync(id);
        rehashed.Should().MatchRegex("^\\$argon2id\\$v=19\\$m=19456,t=2,p=1\\$[A-Za-z0-9+/]{22}\\$[A-Za-z0-9+/]{43}$");
        Passwords.NeedsRehash(rehashed).Should().BeFalse();
        await _auth.LoginAsync("import@mana.test", password);
        (await HashAsync(id)).Should().Be(rehashed);
    }

    [Theory]
    [InlineData("")]
    [InlineData("$argon2id$v=19$m=19456,t=2,p=1$AAAA")]
    [InlineData("$argon2id$v=19$m=x,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("00112233445566778899aabbccddeeff:zz")]
    public async Task A_hash_that_is_none_verifies_nothing(string hash)
    {
        using var passwords = new Passwords();
        (await passwords.VerifyAsync(hash, "anything at all", AuthUnderTest.Cancellation)).Should().BeFalse();
    }

    [Fact]
    public async Task In_production_guesses_from_one_forwarded_address_are_slowed_but_right_passwords_are_not()
    {
        await using var auth = await AuthUnderTest.StartAsync(RegistrationTests.Production());
        await auth.EnsureAdminAsync();
        (string, string) from = ("X-Forwarded-For", "203.0.113.7, 10.0.0.1");
        for (var i = 0; i < 5; i++)
        {
            (await auth.SendAsync(HttpMethod.Post, Login, new { email = AuthUnderTest.AdminEmail, password = AuthUnderTest.Password }, headers: from)).Status.Should().Be(200);
        }

        for (var i = 0; i < 3; i++)
        {
            (await auth.SendAsync(HttpMethod.Post, Native, new { email = $"g{i}@mana.test", password = "wrong password" }, headers: from)).Status.Should().Be(401);
        }

        var slowed = await auth.SendAsync(HttpMethod.Post, Native, new { email = "g4@mana.test", password = "wrong password" }, headers: from);
        slowed.ShouldBe(429, """{"message":"Too many requests. Please try again later."}""");
        slowed.Headers["X-Retry-After"].Should().Be("10");
        (await auth.SendAsync(HttpMethod.Post, Native, new { email = "g5@mana.test", password = "wrong password" })).Status.Should().Be(401);
        auth.Clock.Advance(TimeSpan.FromSeconds(10));
        (await auth.SendAsync(HttpMethod.Post, Native, new { email = "g4@mana.test", password = "wrong password" }, headers: from)).Status.Should().Be(401);
    }

    [Fact]
    public async Task An_administrator_is_created_promoted_or_left_alone_while_the_service_runs()
    {
        await using var auth = await AuthUnderTest.StartAsync();
        (await auth.EnsureAdminAsync("Root@mana.test")).Change.Should().Be(AdminAccountChange.Created);
        (await auth.EnsureAdminAsync("root@mana.test")).Change.Should().Be(AdminAccountChange.Unchanged);
        var user = await auth.NewUserAsync("plain@mana.test");

        var promoted = await auth.EnsureAdminAsync("plain@mana.test", "a new password");
        promoted.Should().Be(new AdminAccountResult(user.UserId, "plain@mana.test", AdminAccountChange.Promoted));
        (await auth.SendAsync(HttpMethod.Get, "/api/auth/token", bearer: user.Token)).Status.Should().Be(401, "the old password's sessions ended");
        var again = await auth.LoginAsync("plain@mana.test", "a new password");
        (await auth.SendAsync(HttpMethod.Get, "/api/v1/admin/personas", bearer: again.AccessToken)).Status.Should().Be(200);

        await auth.NewPersonaAsync("persona.p@mana.test");
        await FluentActions.Awaiting(() => auth.EnsureAdminAsync("persona.p@mana.test")).Should().ThrowAsync<AdminAccountException>().WithMessage("*persona*");
        await FluentActions.Awaiting(() => auth.EnsureAdminAsync("nobody")).Should().ThrowAsync<AdminAccountException>();
        await FluentActions.Awaiting(() => auth.EnsureAdminAsync("root@mana.test", "short")).Should().ThrowAsync<AdminAccountException>();
    }

    private Task<string> HashAsync(string userId) => _auth.Database.ReadAsync(
        (db, ct) => db.GetTable<AccountRow>().Where(account => account.UserId == userId).Select(account => account.Password!).FirstAsync(ct),
        AuthUnderTest.Cancellation);

    private Task<int> SetHashAsync(string userId, string hash) => _auth.Database.WriteAsync(
        (db, ct) => db.GetTable<AccountRow>().Where(account => account.UserId == userId).Set(account => account.Password, hash).UpdateAsync(ct),
        AuthUnderTest.Cancellation);
}
