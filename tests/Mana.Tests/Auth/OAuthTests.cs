using System.Text.Json;
using LinqToDB;
using LinqToDB.Async;
using Mana.Auth.OAuth;
using Mana.Auth.Storage;

namespace Mana.Tests.Auth;

public sealed class OAuthTests
{
    private const string Email = "person@mana.test";

    [Fact]
    public async Task A_person_signs_in_says_yes_and_the_client_gets_a_token_for_the_gateway_alone()
    {
        await using var auth = await OAuthBrowser.StartAsync();
        var user = await auth.NewUserAsync(Email);
        var (client, _) = await OAuthBrowser.RegisterAsync(auth);
        using var browser = new OAuthBrowser(auth);
        var address = OAuthBrowser.Address(client);

        var signIn = await browser.GetAsync(address);
        signIn.Status.Should().Be(200);
        signIn.Text.Should().Contain("<strong>Claude Code</strong> would like to work with your account").And.NotContain("<script");
        signIn.Headers["Content-Security-Policy"].Should().Be(
            "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self' http://localhost:41234");
        signIn.Headers["Cache-Control"].Should().Be("no-store");
        signIn.Headers["X-Frame-Options"].Should().Be("DENY");
        var again = await browser.SubmitAsync(address, signIn, "sign-in", ("email", Email), ("password", AuthUnderTest.Password));
        again.Headers["Location"].Should().Be(address["/oauth/".Length..]);

        var consent = await browser.GetAsync(address);
        consent.Text.Should().Contain("Allow <strong>Claude Code</strong> access?").And.Contain(Email)
            .And.Contain("read everything in your spaces").And.Contain("create and change things").And.Contain("<code>localhost:41234</code>");
        var allowed = await browser.SubmitAsync(address, consent, "allow");
        allowed.Status.Should().Be(303);
        allowed.Headers["Location"].Should().StartWith(OAuthBrowser.Callback + "?code=");
        var query = OAuthBrowser.Query(allowed.Headers["Location"]);
        query["state"].Should().Be("st&te=1 ü");
        query["iss"].Should().Be("http://localhost:3001");

        var token = await browser.ExchangeAsync(client, query["code"]);
        token.Status.Should().Be(200, token.Text);
        token.Headers["Cache-Control"].Should().Be("no-store");
        token.Json.GetProperty("token_type").GetString().Should().Be("Bearer");
        token.Json.GetProperty("scope").GetString().Should().Be("mana:read mana:write");
        var jwt = token.Json.GetProperty("access_token").GetString()!;
        OAuthBrowser.Part(jwt, 0).GetProperty("typ").GetString().Should().Be("at+jwt");
        var claims = OAuthBrowser.Part(jwt, 1);
        claims.EnumerateObject().Select(claim => claim.Name).Should().BeEquivalentTo("iat", "sub", "kind", "client_id", "scope", "jti", "exp", "iss", "aud");
        claims.GetProperty("aud").GetString().Should().Be(OAuthBrowser.Resource);
        claims.GetProperty("sub").GetString().Should().Be(user.UserId);
        claims.GetProperty("kind").GetString().Should().Be("human");
        claims.GetProperty("client_id").GetString().Should().Be(client);
        claims.GetProperty("scope").GetString().Should().Be("mana:read mana:write");
        (claims.GetProperty("exp").GetInt64() - claims.GetProperty("iat").GetInt64()).Should().Be(600).And.Be(token.Json.GetProperty("expires_in").GetInt64());
        var keys = (await auth.SendAsync(HttpMethod.Get, "/api/auth/jwks")).Json.GetProperty("keys").EnumerateArray();
        keys.Select(key => key.GetProperty("kid").GetString()).Should().Contain(OAuthBrowser.Part(jwt, 0).GetProperty("kid").GetString());

        (await auth.SendAsync(HttpMethod.Get, "/api/v1/me/tool-policy", bearer: jwt)).Status.Should().Be(401, "a client's token opens nothing at mana-auth");
        (await auth.SendAsync(HttpMethod.Get, "/api/auth/organization/list", bearer: jwt)).Status.Should().Be(401);
        (await auth.SendAsync(HttpMethod.Post, "/api/v1/auth/validate", new { token = jwt })).Json.GetProperty("valid").GetBoolean().Should().BeFalse();
        foreach (var table in (string[])["oauth_codes", "oauth_refresh_tokens", "oauth_clients", "oauth_grants"])
        {
            var stored = await DumpAsync(auth, table);
            stored.Should().NotContain(query["code"]).And.NotContain(token.Json.GetProperty("refresh_token").GetString());
        }
    }

    [Fact]
    public async Task The_metadata_name_every_endpoint_and_are_readable_from_any_page()
    {
        await using var auth = await AuthUnderTest.StartAsync(new() { ["MCP_PUBLIC_URL"] = OAuthBrowser.Resource, ["BASE_URL"] = "https://auth.mana.how" });
        var answer = await auth.SendAsync(HttpMethod.Get, "/.well-known/oauth-authorization-server", headers: ("Origin", "https://claude.ai"));
        answer.Headers["Access-Control-Allow-Origin"].Should().Be("*");
        answer.ShouldBe(200, """
            {"issuer":"https://auth.mana.how","authorization_endpoint":"https://auth.mana.how/oauth/authorize","token_endpoint":"https://auth.mana.how/oauth/token",
             "revocation_endpoint":"https://auth.mana.how/oauth/revoke","jwks_uri":"https://auth.mana.how/api/auth/jwks","scopes_supported":["mana:read","mana:write"],
             "response_types_supported":["code"],"response_modes_supported":["query"],"grant_types_supported":["authorization_code","refresh_token"],
             "token_endpoint_auth_methods_supported":["none","client_secret_basic","client_secret_post"],
             "revocation_endpoint_auth_methods_supported":["none","client_secret_basic","client_secret_post"],
             "code_challenge_methods_supported":["S256"],"authorization_response_iss_parameter_supported":true,"protected_resources":["http://localhost:3069/mcp"]}
            """);
    }

    [Fact]
    public async Task An_issuer_with_a_path_is_found_behind_the_well_known_part()
    {
        await using var auth = await AuthUnderTest.StartAsync(new() { ["BASE_URL"] = "https://mana.how/auth" });
        (await auth.SendAsync(HttpMethod.Get, "/.well-known/oauth-authorization-server/auth")).Json.GetProperty("issuer").GetString().Should().Be("https://mana.how/auth");
        (await auth.SendAsync(HttpMethod.Get, "/.well-known/oauth-authorization-server/other")).Status.Should().Be(404);
    }

    [Fact]
    public async Task Who_says_no_is_sent_back_with_that_answer_signed_in_or_not()
    {
        await using var auth = await OAuthBrowser.StartAsync();
        await auth.RegisterAsync(Email);
        var (client, _) = await OAuthBrowser.RegisterAsync(auth);
        using var browser = new OAuthBrowser(auth);
        var address = OAuthBrowser.Address(client);
        var cancelled = await browser.SubmitAsync(address, await browser.GetAsync(address), "deny");
        await browser.SubmitAsync(address, await browser.GetAsync(address), "sign-in", ("email", Email), ("password", AuthUnderTest.Password));
        var denied = await browser.SubmitAsync(address, await browser.GetAsync(address), "deny");

        foreach (var answer in (Answer[])[cancelled, denied])
        {
            answer.Status.Should().Be(303);
            var query = OAuthBrowser.Query(answer.Headers["Location"]);
            query["error"].Should().Be("access_denied");
            query["state"].Should().Be("st&te=1 ü");
            query["iss"].Should().Be("http://localhost:3001");
            query.Should().NotContainKey("code");
        }
    }

    [Fact]
    public async Task Another_account_can_be_chosen_on_the_consent_page()
    {
        await using var auth = await OAuthBrowser.StartAsync();
        await auth.RegisterAsync(Email);
        await auth.RegisterAsync("other@mana.test");
        var (client, _) = await OAuthBrowser.RegisterAsync(auth);
        using var browser = new OAuthBrowser(auth);
        var address = OAuthBrowser.Address(client);
        await browser.SubmitAsync(address, await browser.GetAsync(address), "sign-in", ("email", Email), ("password", AuthUnderTest.Password));
        (await browser.SubmitAsync(address, await browser.GetAsync(address), "switch")).Status.Should().Be(303);
        (await browser.AllowAsync(address, "other@mana.test")).Should().ContainKey("code");
        (await browser.GetAsync(address)).Text.Should().Contain("other@mana.test").And.NotContain(Email);
    }

    [Fact]
    public async Task A_refresh_token_gives_the_next_one_and_the_user_sees_and_takes_back_the_grant()
    {
        await using var auth = await OAuthBrowser.StartAsync();
        var user = await auth.NewUserAsync(Email);
        var (client, _) = await OAuthBrowser.RegisterAsync(auth);
        using var browser = new OAuthBrowser(auth);
        var first = await browser.ConnectAsync(client, Email);
        auth.Clock.Advance(TimeSpan.FromMinutes(5));
        var second = await browser.RefreshAsync(client, first.GetProperty("refresh_token").GetString()!, ("scope", "mana:read"), ("resource", OAuthBrowser.Resource + "/"));
        second.Status.Should().Be(200, second.Text);
        second.Json.GetProperty("scope").GetString().Should().Be("mana:read", "a client may ask for less");
        OAuthBrowser.Part(second.Json.GetProperty("access_token").GetString()!, 1).GetProperty("scope").GetString().Should().Be("mana:read");
        var third = await browser.RefreshAsync(client, second.Json.GetProperty("refresh_token").GetString()!);
        third.Json.GetProperty("scope").GetString().Should().Be("mana:read mana:write", "the grant itself is as the user gave it");

        var listed = (await auth.SendAsync(HttpMethod.Get, "/api/v1/me/oauth-grants", bearer: user.AccessToken)).Json.GetProperty("grants");
        listed.GetArrayLength().Should().Be(1);
        listed[0].GetProperty("clientName").GetString().Should().Be("Claude Code");
        listed[0].GetProperty("resource").GetString().Should().Be(OAuthBrowser.Resource);
        listed[0].GetProperty("lastUsedAt").GetDateTimeOffset().Should().Be(AuthUnderTest.Wednesday.AddMinutes(5));
        var stranger = await auth.NewUserAsync("stranger@mana.test");
        var path = $"/api/v1/me/oauth-grants/{listed[0].GetProperty("id").GetString()}";
        (await auth.SendAsync(HttpMethod.Delete, path, bearer: stranger.AccessToken)).Status.Should().Be(404);
        (await auth.SendAsync(HttpMethod.Delete, path, bearer: user.AccessToken)).Status.Should().Be(200);
        (await browser.RefreshAsync(client, third.Json.GetProperty("refresh_token").GetString()!)).Json.GetProperty("error").GetString().Should().Be("invalid_grant");
    }

    [Fact]
    public async Task A_confidential_client_shows_its_secret_in_the_header_or_in_the_form()
    {
        await using var auth = await OAuthBrowser.StartAsync();
        await auth.RegisterAsync(Email);
        var (client, secret) = await OAuthBrowser.RegisterAsync(auth, confidential: true);
        secret.Should().HaveLength(43);
        using var browser = new OAuthBrowser(auth);
        var code = (await browser.AllowAsync(OAuthBrowser.Address(client), Email))["code"];
        var token = await browser.ExchangeAsync(client, code, ("client_secret", secret!));
        token.Status.Should().Be(200, token.Text);
        var refreshed = await browser.TokenAsync(
            [("grant_type", "refresh_token"), ("refresh_token", token.Json.GetProperty("refresh_token").GetString()!)], basic: $"{client}:{secret}");
        refreshed.Status.Should().Be(200, refreshed.Text);
        (await auth.AdminAsync(HttpMethod.Get, "/api/v1/admin/oauth-clients")).Text.Should().NotContain(secret).And.NotContain("ecret\":");
    }

    [Fact]
    public async Task A_client_gets_no_more_than_it_was_registered_for()
    {
        await using var auth = await OAuthBrowser.StartAsync();
        await auth.RegisterAsync(Email);
        var (client, _) = await OAuthBrowser.RegisterAsync(auth, scopes: "mana:read");
        using var browser = new OAuthBrowser(auth);
        (await browser.ConnectAsync(client, Email)).GetProperty("scope").GetString().Should().Be("mana:read");
        (await browser.ConnectAsync(client, Email, ("scope", null))).GetProperty("scope").GetString().Should().Be("mana:read");
        var refused = OAuthBrowser.Query((await browser.GetAsync(OAuthBrowser.Address(client, ("scope", "mana:write")))).Headers["Location"]);
        refused["error"].Should().Be("invalid_scope");
    }

    [Fact]
    public async Task Revoking_ends_the_whole_family_and_says_nothing_about_strangers_tokens()
    {
        await using var auth = await OAuthBrowser.StartAsync();
        await auth.RegisterAsync(Email);
        var (client, _) = await OAuthBrowser.RegisterAsync(auth);
        var (other, _) = await OAuthBrowser.RegisterAsync(auth, name: "Other");
        using var browser = new OAuthBrowser(auth);
        var token = (await browser.ConnectAsync(client, Email)).GetProperty("refresh_token").GetString()!;
        (await browser.TokenAsync([("client_id", other), ("token", token)], path: "/oauth/revoke")).Status.Should().Be(200);
        var next = (await browser.RefreshAsync(client, token)).Json.GetProperty("refresh_token").GetString()!;
        (await browser.TokenAsync([("client_id", client), ("token", "nonsense")], path: "/oauth/revoke")).Status.Should().Be(200);
        (await browser.TokenAsync([("client_id", client), ("token", "a.b.c")], path: "/oauth/revoke")).Json.GetProperty("error").GetString().Should().Be("unsupported_token_type");
        (await browser.TokenAsync([("client_id", client), ("token", next)], path: "/oauth/revoke")).Status.Should().Be(200);
        (await browser.RefreshAsync(client, next)).Status.Should().Be(400);
    }

    [Fact]
    public async Task A_changed_password_and_a_removed_client_end_what_was_allowed()
    {
        await using var auth = await OAuthBrowser.StartAsync();
        await auth.RegisterAsync(Email);
        var (client, _) = await OAuthBrowser.RegisterAsync(auth);
        var (second, _) = await OAuthBrowser.RegisterAsync(auth, name: "Second");
        using var browser = new OAuthBrowser(auth);
        var token = (await browser.ConnectAsync(client, Email)).GetProperty("refresh_token").GetString()!;
        await auth.EnsureAdminAsync(Email, "another password 1");
        (await browser.RefreshAsync(client, token)).Json.GetProperty("error").GetString().Should().Be("invalid_grant");

        await auth.EnsureAdminAsync(Email, AuthUnderTest.Password);
        var other = (await browser.ConnectAsync(second, Email)).GetProperty("refresh_token").GetString()!;
        (await auth.AdminAsync(HttpMethod.Delete, $"/api/v1/admin/oauth-clients/{second}")).Status.Should().Be(200);
        (await browser.RefreshAsync(second, other)).Json.GetProperty("error").GetString().Should().Be("invalid_client");
        (await browser.GetAsync(OAuthBrowser.Address(second))).Status.Should().Be(400);
    }

    [Fact]
    public async Task A_grant_that_nobody_uses_ends_and_its_rows_go()
    {
        await using var auth = await OAuthBrowser.StartAsync();
        await auth.RegisterAsync(Email);
        var (client, _) = await OAuthBrowser.RegisterAsync(auth);
        using var browser = new OAuthBrowser(auth);
        var token = (await browser.ConnectAsync(client, Email)).GetProperty("refresh_token").GetString()!;
        auth.Clock.Advance(OAuthGrants.RefreshLifetime - TimeSpan.FromSeconds(1));
        token = (await browser.RefreshAsync(client, token)).Json.GetProperty("refresh_token").GetString()!;
        auth.Clock.Advance(OAuthGrants.RefreshLifetime);
        (await browser.RefreshAsync(client, token)).Json.GetProperty("error_description").GetString().Should().Be("The refresh token has expired");
        await auth.RestartAsync();
        await Until(async () => (await DumpAsync(auth, "oauth_grants")).Length == 0);
        (await DumpAsync(auth, "oauth_refresh_tokens")).Should().BeEmpty();
        (await DumpAsync(auth, "oauth_codes")).Should().BeEmpty();
    }

    [Fact]
    public async Task The_page_speaks_German_to_whoever_prefers_it()
    {
        await using var auth = await OAuthBrowser.StartAsync();
        var (client, _) = await OAuthBrowser.RegisterAsync(auth);
        using var browser = new OAuthBrowser(auth);
        (await browser.GetAsync(OAuthBrowser.Address(client), "de-DE,de;q=0.9,en;q=0.5")).Text.Should().Contain("<html lang=\"de\">").And.Contain("möchte mit deinem Konto arbeiten");
        (await browser.GetAsync(OAuthBrowser.Address(client), "fr,de;q=0.5")).Text.Should().Contain("<html lang=\"en\">");
        (await browser.GetAsync("/oauth/style.css")).Headers["Content-Type"].Should().Be("text/css; charset=utf-8");
        (await browser.GetAsync("/oauth/icon.svg")).Headers["Content-Type"].Should().Be("image/svg+xml");
    }

    /// <summary>A table of the OAuth server as text, a line a row.</summary>
    internal static Task<string> DumpAsync(AuthUnderTest auth, string table) => table switch
    {
        "oauth_clients" => DumpAsync<OAuthClientRow>(auth),
        "oauth_codes" => DumpAsync<OAuthCodeRow>(auth),
        "oauth_grants" => DumpAsync<OAuthGrantRow>(auth),
        _ => DumpAsync<OAuthRefreshTokenRow>(auth),
    };

    private static async Task<string> DumpAsync<T>(AuthUnderTest auth) where T : class =>
        string.Join('\n', (await auth.Database.ReadAsync((db, ct) => db.GetTable<T>().ToListAsync(ct), AuthUnderTest.Cancellation)).Select(row => JsonSerializer.Serialize(row)));

    private static async Task Until(Func<Task<bool>> isReached)
    {
        while (!await isReached())
        {
            AuthUnderTest.Cancellation.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
