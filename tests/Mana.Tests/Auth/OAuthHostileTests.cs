using System.Text;
using LinqToDB;
using LinqToDB.Async;
using Mana.Auth.OAuth;
using Mana.Auth.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace Mana.Tests.Auth;

/// <summary>Requests that mean no good. Each ends in an error that tells nothing, and never at an address that is not the client's.</summary>
public sealed class OAuthHostileTests
{
    private const string Email = "person@mana.test";

    [Theory]
    [InlineData("redirect_uri", "https://evil.example/callback")]
    [InlineData("redirect_uri", "http://localhost:41234/callback/../evil")]
    [InlineData("redirect_uri", "http://localhost:41234/callback?x=1")]
    [InlineData("redirect_uri", "http://localhost:41234/callback#x")]
    [InlineData("redirect_uri", "http://localhost:41234/Callback")]
    [InlineData("redirect_uri", "http://127.0.0.1:41234/callback")]
    [InlineData("redirect_uri", "http://localhost.evil.example/callback")]
    [InlineData("redirect_uri", "http://localhost:80@evil.example/callback")]
    [InlineData("redirect_uri", "http://localhost:99999/callback")]
    [InlineData("redirect_uri", "http://localhost:0/callback")]
    [InlineData("redirect_uri", "https://localhost:41234/callback")]
    [InlineData("redirect_uri", "http://localhost\\@evil.example/callback")]
    [InlineData("redirect_uri", "javascript:alert(1)")]
    [InlineData("redirect_uri", "")]
    [InlineData("redirect_uri", null)]
    [InlineData("client_id", "nobody")]
    [InlineData("client_id", null)]
    [InlineData("client_id", "a\0b")]
    public async Task An_answer_never_goes_to_an_address_that_is_not_registered(string parameter, string? value)
    {
        await using var auth = await OAuthBrowser.StartAsync();
        var (client, _) = await OAuthBrowser.RegisterAsync(auth);
        using var browser = new OAuthBrowser(auth);
        var address = OAuthBrowser.Address(client, (parameter, value));
        var shown = await browser.GetAsync(address);
        var posted = await browser.PostAsync(address, [("action", "deny"), ("token", "x")]);

        foreach (var answer in (Answer[])[shown, posted])
        {
            answer.Status.Should().Be(400);
            answer.Headers.Should().NotContainKey("Location");
            answer.Text.Should().Contain("This request is not in order").And.NotContain("<form");
            answer.Headers["Content-Security-Policy"].Should().EndWith("form-action 'none'");
        }
    }

    [Theory]
    [InlineData("response_type", "token", "unsupported_response_type")]
    [InlineData("response_type", null, "unsupported_response_type")]
    [InlineData("code_challenge", null, "invalid_request")]
    [InlineData("code_challenge", "short", "invalid_request")]
    [InlineData("code_challenge_method", "plain", "invalid_request")]
    [InlineData("code_challenge_method", null, "invalid_request")]
    [InlineData("resource", "https://evil.example/mcp", "invalid_target")]
    [InlineData("resource", "http://localhost:3069/mcp?x=1", "invalid_target")]
    [InlineData("resource", "mana", "invalid_target")]
    [InlineData("scope", "admin", "invalid_scope")]
    public async Task Every_other_fault_is_told_to_the_client_with_its_state(string parameter, string? value, string error)
    {
        await using var auth = await OAuthBrowser.StartAsync();
        var (client, _) = await OAuthBrowser.RegisterAsync(auth);
        using var browser = new OAuthBrowser(auth);
        var answer = await browser.GetAsync(OAuthBrowser.Address(client, (parameter, value)));
        answer.Status.Should().Be(303);
        answer.Headers["Location"].Should().StartWith(OAuthBrowser.Callback + "?error=");
        var query = OAuthBrowser.Query(answer.Headers["Location"]);
        query["error"].Should().Be(error);
        query["state"].Should().Be("st&te=1 ü");
        query["iss"].Should().Be("http://localhost:3001");
    }

    [Fact]
    public async Task A_parameter_that_comes_twice_is_no_request()
    {
        await using var auth = await OAuthBrowser.StartAsync();
        var (client, _) = await OAuthBrowser.RegisterAsync(auth);
        using var browser = new OAuthBrowser(auth);
        var twice = await browser.GetAsync(OAuthBrowser.Address(client) + "&redirect_uri=" + Uri.EscapeDataString("https://evil.example/callback"));
        twice.Status.Should().Be(400);
        twice.Headers.Should().NotContainKey("Location");
        var resources = await browser.GetAsync(OAuthBrowser.Address(client) + "&resource=" + Uri.EscapeDataString("https://evil.example/mcp"));
        OAuthBrowser.Query(resources.Headers["Location"])["error"].Should().Be("invalid_target");
    }

    [Fact]
    public async Task Consent_cannot_be_given_by_a_foreign_page_another_browser_or_for_another_request()
    {
        await using var auth = await OAuthBrowser.StartAsync();
        await auth.RegisterAsync(Email);
        var (client, _) = await OAuthBrowser.RegisterAsync(auth);
        using var browser = new OAuthBrowser(auth);
        using var thief = new OAuthBrowser(auth);
        var address = OAuthBrowser.Address(client);
        var signIn = await browser.GetAsync(address);
        await browser.SubmitAsync(address, signIn, "sign-in", ("email", Email), ("password", AuthUnderTest.Password));
        var page = await browser.GetAsync(address);
        var token = OAuthBrowser.TokenOf(page);
        var narrow = OAuthBrowser.Address(client, ("scope", "mana:read"));
        var stolen = await thief.GetAsync(address);

        var refused = new[]
        {
            await browser.PostAsync(address, [("action", "allow")]),
            await browser.PostAsync(address, [("action", "allow"), ("token", new string('0', 64))]),
            await browser.PostAsync(address, [("action", "allow"), ("token", OAuthBrowser.TokenOf(stolen))]),
            await browser.PostAsync(address, [("action", "allow"), ("token", OAuthBrowser.TokenOf(signIn))]),
            await browser.PostAsync(address, [("action", "allow"), ("token", OAuthBrowser.TokenOf(await browser.GetAsync(narrow)))]),
            await browser.PostAsync(address, [("action", "allow"), ("token", token)], ("Origin", "https://evil.example")),
            await browser.PostAsync(address, [("action", "allow"), ("token", token)], ("Origin", "null")),
            await browser.PostAsync(address, [("action", "allow"), ("action", "deny"), ("token", token)]),
            await thief.PostAsync(address, [("action", "allow"), ("token", token)]),
        };
        refused.Should().AllSatisfy(answer =>
        {
            answer.Status.Should().Be(403);
            answer.Headers.Should().NotContainKey("Location");
        });
        (await OAuthTests.DumpAsync(auth, "oauth_codes")).Should().BeEmpty();
        (await browser.SubmitAsync(address, page, "allow")).Status.Should().Be(303, "the person's own click still counts");
    }

    [Fact]
    public async Task A_code_works_once_and_who_brings_it_again_ends_what_it_gave()
    {
        await using var auth = await OAuthBrowser.StartAsync();
        await auth.RegisterAsync(Email);
        var (client, _) = await OAuthBrowser.RegisterAsync(auth);
        using var browser = new OAuthBrowser(auth);
        var code = (await browser.AllowAsync(OAuthBrowser.Address(client), Email))["code"];
        var first = await browser.ExchangeAsync(client, code);
        first.Status.Should().Be(200);
        var replay = await browser.ExchangeAsync(client, code);
        replay.Status.Should().Be(400);
        replay.Json.GetProperty("error").GetString().Should().Be("invalid_grant");
        (await browser.RefreshAsync(client, first.Json.GetProperty("refresh_token").GetString()!)).Json.GetProperty("error").GetString().Should().Be("invalid_grant");

        var raced = (await browser.AllowAsync(OAuthBrowser.Address(client), Email))["code"];
        var both = await Task.WhenAll(browser.ExchangeAsync(client, raced), browser.ExchangeAsync(client, raced), browser.ExchangeAsync(client, raced));
        both.Count(answer => answer.Status == 200).Should().Be(1);
        (await OAuthTests.DumpAsync(auth, "oauth_grants")).Should().BeEmpty();
    }

    [Fact]
    public async Task A_code_lives_for_a_minute()
    {
        await using var auth = await OAuthBrowser.StartAsync();
        await auth.RegisterAsync(Email);
        var (client, _) = await OAuthBrowser.RegisterAsync(auth);
        using var browser = new OAuthBrowser(auth);
        var address = OAuthBrowser.Address(client);
        var early = (await browser.AllowAsync(address, Email))["code"];
        var late = (await browser.AllowAsync(address, Email))["code"];
        auth.Clock.Advance(OAuthGrants.CodeLifetime - TimeSpan.FromMilliseconds(1));
        (await browser.ExchangeAsync(client, early)).Status.Should().Be(200);
        auth.Clock.Advance(TimeSpan.FromMilliseconds(1));
        (await browser.ExchangeAsync(client, late)).Json.GetProperty("error_description").GetString().Should().Be("The code has expired");
    }

    [Theory]
    [InlineData("code_verifier", "another-verifier-of-at-least-forty-three-characters-01234", "invalid_grant")]
    [InlineData("code_verifier", "short", "invalid_request")]
    [InlineData("redirect_uri", "http://localhost:41235/callback", "invalid_grant")]
    [InlineData("resource", "https://evil.example/mcp", "invalid_target")]
    [InlineData("code", "nonsense", "invalid_grant")]
    [InlineData("grant_type", "password", "unsupported_grant_type")]
    [InlineData("grant_type", "", "invalid_request")]
    [InlineData("client_id", "nobody", "invalid_client")]
    [InlineData("client_secret", "a-secret", "invalid_client")]
    public async Task A_stolen_code_is_worth_nothing_without_everything_else(string field, string value, string error)
    {
        await using var auth = await OAuthBrowser.StartAsync();
        await auth.RegisterAsync(Email);
        var (client, _) = await OAuthBrowser.RegisterAsync(auth);
        using var browser = new OAuthBrowser(auth);
        var code = (await browser.AllowAsync(OAuthBrowser.Address(client), Email))["code"];
        var answer = await browser.ExchangeAsync(client, code, (field, value));
        answer.Status.Should().Be(error == "invalid_client" ? 401 : 400);
        answer.Json.GetProperty("error").GetString().Should().Be(error);
        answer.Text.Should().NotContain(code);
        (await OAuthTests.DumpAsync(auth, "oauth_grants")).Should().BeEmpty();
    }

    [Fact]
    public async Task A_wrong_verifier_burns_the_code_and_another_client_cannot_use_it()
    {
        await using var auth = await OAuthBrowser.StartAsync();
        await auth.RegisterAsync(Email);
        var (client, _) = await OAuthBrowser.RegisterAsync(auth);
        var (other, _) = await OAuthBrowser.RegisterAsync(auth, name: "Other");
        using var browser = new OAuthBrowser(auth);
        var guessed = (await browser.AllowAsync(OAuthBrowser.Address(client), Email))["code"];
        await browser.ExchangeAsync(client, guessed, ("code_verifier", new string('a', 43)));
        (await browser.ExchangeAsync(client, guessed)).Status.Should().Be(400);
        var foreign = (await browser.AllowAsync(OAuthBrowser.Address(client), Email))["code"];
        (await browser.ExchangeAsync(other, foreign)).Json.GetProperty("error").GetString().Should().Be("invalid_grant");
        (await browser.ExchangeAsync(client, foreign)).Status.Should().Be(200, "the try of a stranger does not cost the client its code");
    }

    [Fact]
    public async Task A_used_refresh_token_that_comes_again_ends_the_whole_family()
    {
        await using var auth = await OAuthBrowser.StartAsync();
        await auth.RegisterAsync(Email);
        var (client, _) = await OAuthBrowser.RegisterAsync(auth);
        var (other, _) = await OAuthBrowser.RegisterAsync(auth, name: "Other");
        using var browser = new OAuthBrowser(auth);
        var first = (await browser.ConnectAsync(client, Email)).GetProperty("refresh_token").GetString()!;
        (await browser.RefreshAsync(other, first)).Json.GetProperty("error").GetString().Should().Be("invalid_grant");
        (await browser.RefreshAsync(client, first, ("resource", "https://evil.example/mcp"))).Json.GetProperty("error").GetString().Should().Be("invalid_target");
        (await browser.RefreshAsync(client, first, ("scope", "admin"))).Json.GetProperty("error").GetString().Should().Be("invalid_scope");
        var second = (await browser.RefreshAsync(client, first)).Json.GetProperty("refresh_token").GetString()!;
        (await browser.RefreshAsync(client, first)).Json.GetProperty("error").GetString().Should().Be("invalid_grant");
        (await browser.RefreshAsync(client, second)).Json.GetProperty("error").GetString().Should().Be("invalid_grant", "the thief's or the client's: nobody can tell");
    }

    [Fact]
    public async Task A_narrow_grant_never_grows()
    {
        await using var auth = await OAuthBrowser.StartAsync();
        await auth.RegisterAsync(Email);
        var (client, _) = await OAuthBrowser.RegisterAsync(auth);
        using var browser = new OAuthBrowser(auth);
        var token = (await browser.ConnectAsync(client, Email, ("scope", "mana:read"))).GetProperty("refresh_token").GetString()!;
        (await browser.RefreshAsync(client, token, ("scope", "mana:write"))).Json.GetProperty("error").GetString().Should().Be("invalid_scope");
        (await browser.RefreshAsync(client, token, ("scope", "mana:read mana:write"))).Json.GetProperty("scope").GetString().Should().Be("mana:read");
    }

    [Fact]
    public async Task A_confidential_client_without_its_secret_is_nobody()
    {
        await using var auth = await OAuthBrowser.StartAsync();
        await auth.RegisterAsync(Email);
        var (client, secret) = await OAuthBrowser.RegisterAsync(auth, confidential: true);
        using var browser = new OAuthBrowser(auth);
        var code = (await browser.AllowAsync(OAuthBrowser.Address(client), Email))["code"];
        (string, string)[] fields = [("grant_type", "authorization_code"), ("code", code), ("code_verifier", OAuthBrowser.Verifier)];
        var refused = new[]
        {
            await browser.ExchangeAsync(client, code),
            await browser.ExchangeAsync(client, code, ("client_secret", "wrong")),
            await browser.ExchangeAsync(client, code, ("client_secret", "")),
            await browser.TokenAsync(fields, basic: $"{client}:wrong"),
            await browser.TokenAsync(fields, basic: client),
            await browser.TokenAsync([.. fields, ("client_secret", secret!)], basic: $"{client}:{secret}"),
            await browser.TokenAsync([.. fields, ("client_id", "other")], basic: $"{client}:{secret}"),
        };
        refused.Should().AllSatisfy(answer =>
        {
            answer.Status.Should().Be(401);
            answer.Json.GetProperty("error").GetString().Should().Be("invalid_client");
        });
        refused[3].Headers["WWW-Authenticate"].Should().StartWith("Basic");
        (await browser.TokenAsync(fields, basic: $"{client}:{secret}")).Status.Should().Be(200, "none of that touched the code");
    }

    [Fact]
    public async Task The_token_endpoint_takes_small_plain_forms_only()
    {
        await using var auth = await OAuthBrowser.StartAsync();
        var (client, _) = await OAuthBrowser.RegisterAsync(auth);
        using var browser = new OAuthBrowser(auth);
        var json = new StringContent($$"""{"grant_type":"refresh_token","client_id":"{{client}}"}""", Encoding.UTF8, "application/json");
        (await browser.SendAsync(HttpMethod.Post, "/oauth/token", json)).Json.GetProperty("error").GetString().Should().Be("invalid_request");
        (await browser.TokenAsync([("client_id", client), ("client_id", client), ("grant_type", "refresh_token")])).Json.GetProperty("error").GetString().Should().Be("invalid_request");
        (await browser.TokenAsync([("client_id", client), ("x", new string('x', 100_000))])).Status.Should().Be(413);
        (await browser.SendAsync(HttpMethod.Post, "/oauth/token", new MultipartFormDataContent { { new StringContent(client), "client_id" } })).Status.Should().Be(400);
        (await browser.GetAsync("/oauth/token?grant_type=refresh_token")).Status.Should().Be(404);
    }

    [Theory]
    [InlineData("application/x-www-form-urlencoded; =")]
    [InlineData("application/x-www-form-urlencoded; charset=utf-7")]
    [InlineData("application/x-www-form-urlencoded, text/plain")]
    public async Task A_content_type_that_cannot_be_read_is_the_clients_fault(string type)
    {
        await using var auth = await OAuthBrowser.StartAsync();
        var (client, _) = await OAuthBrowser.RegisterAsync(auth);
        using var browser = new OAuthBrowser(auth);
        foreach (var path in (string[])["/oauth/token", "/oauth/revoke"])
        {
            var content = new StringContent($"grant_type=refresh_token&client_id={client}&refresh_token=x&token=x");
            content.Headers.Remove("Content-Type");
            content.Headers.TryAddWithoutValidation("Content-Type", type);
            var answer = await browser.SendAsync(HttpMethod.Post, path, content);
            answer.Status.Should().Be(400, answer.Text);
            answer.Json.GetProperty("error").GetString().Should().Be("invalid_request");
        }
    }

    [Fact]
    public async Task A_session_that_ended_while_its_user_pressed_the_button_gives_no_code()
    {
        await using var auth = await OAuthBrowser.StartAsync();
        await auth.NewUserAsync(Email);
        var (client, _) = await OAuthBrowser.RegisterAsync(auth);
        var registered = await auth.Services.GetRequiredService<OAuthClients>().FindAsync(client, AuthUnderTest.Cancellation);
        var request = new AuthorizationRequest(registered!, OAuthBrowser.Callback, null, OAuthBrowser.Challenge, OAuthBrowser.Resource, Scopes.All);
        var session = await auth.Database.ReadAsync((db, ct) => db.GetTable<SessionRow>().FirstAsync(ct), AuthUnderTest.Cancellation);
        var grants = auth.Services.GetRequiredService<OAuthGrants>();

        (await grants.CreateCodeAsync(request, session, AuthUnderTest.Cancellation)).Should().NotBeNull();
        await auth.EnsureAdminAsync(Email, "another password 1");

        (await grants.CreateCodeAsync(request, session, AuthUnderTest.Cancellation)).Should().BeNull("a new password ended it");
        (await OAuthTests.DumpAsync(auth, "oauth_codes")).Should().BeEmpty();
    }

    [Fact]
    public async Task Guessing_passwords_on_the_page_locks_the_account_as_everywhere()
    {
        await using var auth = await OAuthBrowser.StartAsync();
        await auth.RegisterAsync(Email);
        var (client, _) = await OAuthBrowser.RegisterAsync(auth);
        using var browser = new OAuthBrowser(auth);
        var address = OAuthBrowser.Address(client);
        for (var i = 0; i < 5; i++)
        {
            var wrong = await browser.SubmitAsync(address, await browser.GetAsync(address), "sign-in", ("email", Email), ("password", "wrong password"));
            wrong.Status.Should().Be(401);
            wrong.Text.Should().Contain("The e-mail address or the password is wrong.").And.NotContain("wrong password\"").And.Contain($"value=\"{Email}\"");
        }

        var locked = await browser.SubmitAsync(address, await browser.GetAsync(address), "sign-in", ("email", Email), ("password", AuthUnderTest.Password));
        locked.Status.Should().Be(429);
        locked.Text.Should().Contain("Too many attempts. Please wait 30 minutes.");
        locked.Headers["Retry-After"].Should().Be("1800");
        (await auth.SendAsync(HttpMethod.Post, "/api/v1/auth/login", new { email = Email, password = AuthUnderTest.Password })).Status.Should().Be(429);
    }

    [Fact]
    public async Task What_others_wrote_stays_text_on_the_page()
    {
        await using var auth = await OAuthBrowser.StartAsync();
        var (client, _) = await OAuthBrowser.RegisterAsync(auth, name: "<script>alert(1)</script>\"&'");
        using var browser = new OAuthBrowser(auth);
        var address = OAuthBrowser.Address(client, ("state", "\"><script>alert(2)</script>"));
        var page = await browser.GetAsync(address);
        page.Text.Should().NotContain("<script").And.Contain("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&amp;&#x27;");
        var wrong = await browser.SubmitAsync(address, page, "sign-in", ("email", "\"><script>alert(3)</script>"), ("password", "x"));
        wrong.Text.Should().NotContain("<script").And.Contain("value=\"&quot;&gt;&lt;script&gt;alert(3)");
    }

    [Theory]
    [InlineData("http://example.org/callback")]
    [InlineData("https://example.org/callback#x")]
    [InlineData("https://user@example.org/callback")]
    [InlineData("https://EXAMPLE.org/callback")]
    [InlineData("https://example.org/a/../callback")]
    [InlineData("https://example.org")]
    [InlineData("myapp:/callback")]
    [InlineData("http://localhost.example.org/callback")]
    [InlineData("javascript:alert(1)")]
    [InlineData("/callback")]
    public async Task An_address_that_could_be_read_in_two_ways_is_not_registered(string redirect)
    {
        await using var auth = await OAuthBrowser.StartAsync();
        var answer = await auth.AdminAsync(HttpMethod.Post, "/api/v1/admin/oauth-clients", new { name = "X", redirectUris = new[] { redirect } });
        answer.Status.Should().Be(400, answer.Text);
        answer.Json.GetProperty("details")[0].GetString().Should().StartWith("redirectUris: " + redirect);
    }

    [Theory]
    [InlineData("http://127.0.0.1/cb", "http://127.0.0.1:5000/cb", true)]
    [InlineData("http://127.0.0.1:1/cb", "http://127.0.0.1/cb", true)]
    [InlineData("http://[::1]/cb?a=1", "http://[::1]:65535/cb?a=1", true)]
    [InlineData("http://[::1]/cb?a=1", "http://[::1]:65535/cb?a=2", false)]
    [InlineData("https://claude.ai/cb", "https://claude.ai/cb", true)]
    [InlineData("https://claude.ai/cb", "https://claude.ai:443/cb", false)]
    [InlineData("https://claude.ai/cb", "https://claude.ai/cb/", false)]
    public void Only_the_port_of_a_loopback_address_is_free(string registered, string requested, bool expected) =>
        RedirectUris.IsRegistered(requested, [registered]).Should().Be(expected);

    [Fact]
    public async Task Only_administrators_register_clients_and_nobody_registers_himself()
    {
        await using var auth = await OAuthBrowser.StartAsync();
        var user = await auth.NewUserAsync(Email);
        var body = new { name = "Mine", redirectUris = new[] { "http://localhost/callback" } };
        (await auth.SendAsync(HttpMethod.Post, "/api/v1/admin/oauth-clients", body, bearer: user.AccessToken)).Status.Should().Be(403);
        (await auth.SendAsync(HttpMethod.Post, "/api/v1/admin/oauth-clients", body)).Status.Should().Be(401);
        (await auth.SendAsync(HttpMethod.Post, "/oauth/register", body)).Status.Should().Be(404);
        (await auth.SendAsync(HttpMethod.Get, "/.well-known/oauth-authorization-server")).Json.TryGetProperty("registration_endpoint", out _).Should().BeFalse();
        (await auth.AdminAsync(HttpMethod.Post, "/api/v1/admin/oauth-clients", """{"name":"","redirectUris":[],"scopes":["root"],"confidential":"yes"}"""))
            .Json.GetProperty("details").GetArrayLength().Should().Be(4);
        (await auth.AdminAsync(HttpMethod.Delete, "/api/v1/admin/oauth-clients/nobody")).Status.Should().Be(404);
    }
}
