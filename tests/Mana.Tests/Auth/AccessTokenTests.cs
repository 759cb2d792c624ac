using System.Text;
using System.Text.Json;
using LinqToDB;
using LinqToDB.Async;
using Mana.Auth;
using Mana.Auth.Keys;
using Mana.Auth.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.IdentityModel.Tokens;
using NSec.Cryptography;

namespace Mana.Tests.Auth;

public sealed class AccessTokenTests
{
    private const string SpaceList = "/api/auth/organization/list";

    [Fact]
    public async Task The_claims_stand_as_the_contract_lists_them_and_the_signature_verifies()
    {
        await using var auth = await AuthUnderTest.StartAsync();
        var user = await auth.NewUserAsync("claims@mana.test");
        var parts = user.AccessToken.Split('.');
        var payload = Decode(parts[1]);

        payload.EnumerateObject().Select(claim => claim.Name).Should().Equal("iat", "sub", "email", "role", "sid", "tier", "kind", "exp", "iss", "aud");
        var issuedAt = AuthUnderTest.Wednesday.ToUnixTimeSeconds();
        payload.GetProperty("iat").GetInt64().Should().Be(issuedAt);
        payload.GetProperty("exp").GetInt64().Should().Be(issuedAt + 900);
        payload.GetProperty("sub").GetString().Should().Be(user.UserId);
        payload.GetProperty("role").GetString().Should().Be("user");
        payload.GetProperty("tier").GetString().Should().Be("public");
        payload.GetProperty("kind").GetString().Should().Be("human");
        payload.GetProperty("iss").GetString().Should().Be("http://localhost:3001");
        payload.GetProperty("aud").GetString().Should().Be("mana");

        // Checked with the library alone, as a stranger would from the published key.
        var header = Decode(parts[0]);
        header.GetProperty("alg").GetString().Should().Be("EdDSA");
        var jwk = (await auth.SendAsync(HttpMethod.Get, "/api/auth/jwks")).Json.GetProperty("keys").EnumerateArray().Single();
        jwk.EnumerateObject().Select(member => member.Name).Should().Equal("alg", "crv", "x", "kty", "kid");
        jwk.GetProperty("kid").GetString().Should().Be(header.GetProperty("kid").GetString()).And.MatchRegex("^[A-Za-z0-9]{32}$");
        var key = PublicKey.Import(SignatureAlgorithm.Ed25519, Base64UrlEncoder.DecodeBytes(jwk.GetProperty("x").GetString()), KeyBlobFormat.RawPublicKey);
        SignatureAlgorithm.Ed25519.Verify(key, Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), Base64UrlEncoder.DecodeBytes(parts[2])).Should().BeTrue();
    }

    [Fact]
    public async Task Role_tier_and_kind_are_those_of_the_user()
    {
        await using var auth = await AuthUnderTest.StartAsync();
        Claim(await auth.AdminTokenAsync(), "role").Should().Be("admin");
        await auth.NewPersonaAsync("persona.anna@mana.test");
        var persona = (await auth.LoginAsync("persona.anna@mana.test")).AccessToken;
        Claim(persona, "kind").Should().Be("persona");
        Claim(persona, "tier").Should().Be("founder");
        Claim(persona, "role").Should().Be("user");
    }

    [Fact]
    public async Task A_token_is_accepted_for_fifteen_minutes_of_the_domain_clock()
    {
        await using var auth = await AuthUnderTest.StartAsync();
        var user = await auth.NewUserAsync("minutes@mana.test");
        auth.Clock.Advance(TimeSpan.FromSeconds(899));
        (await auth.SendAsync(HttpMethod.Get, SpaceList, bearer: user.AccessToken)).Status.Should().Be(200);
        auth.Clock.Advance(TimeSpan.FromSeconds(1));
        (await auth.SendAsync(HttpMethod.Get, SpaceList, bearer: user.AccessToken)).Status.Should().Be(401);
    }

    [Fact]
    public async Task Forged_and_foreign_tokens_are_refused()
    {
        await using var auth = await AuthUnderTest.StartAsync();
        var user = await auth.NewUserAsync("forge@mana.test");
        var parts = user.AccessToken.Split('.');
        var admin = Encode($$"""{{Encoding.UTF8.GetString(Base64UrlEncoder.DecodeBytes(parts[1])).Replace("\"role\":\"user\"", "\"role\":\"admin\"", StringComparison.Ordinal)}}""");
        var none = Encode("""{"alg":"none"}""") + "." + admin + ".";
        var hmac = Encode("""{"alg":"HS256","kid":"x"}""") + "." + admin + "." + parts[2];
        foreach (var token in (string[])[$"{parts[0]}.{admin}.{parts[2]}", none, hmac, "a.b.c", "..", parts[0] + "." + parts[1]])
        {
            (await auth.SendAsync(HttpMethod.Get, SpaceList, bearer: token)).Status.Should().Be(401, token);
            (await auth.SendAsync(HttpMethod.Get, "/api/v1/admin/personas", bearer: token)).ShouldBe(
                401, """{"statusCode":401,"message":"Invalid or expired token"}""");
        }

        await auth.RestartAsync(("JWT_AUDIENCE", "somebody-else"));
        (await auth.SendAsync(HttpMethod.Get, SpaceList, bearer: user.AccessToken)).Status.Should().Be(401);
        await auth.RestartAsync(("JWT_AUDIENCE", "mana"), ("BASE_URL", "http://elsewhere.test"));
        (await auth.SendAsync(HttpMethod.Get, SpaceList, bearer: user.AccessToken)).Status.Should().Be(401);
        await auth.RestartAsync(("BASE_URL", "http://localhost:3001/"));
        (await auth.SendAsync(HttpMethod.Get, SpaceList, bearer: user.AccessToken)).Status.Should().Be(200);
    }

    [Fact]
    public async Task After_rotation_the_new_key_signs_and_the_old_one_still_verifies_for_a_day()
    {
        await using var auth = await AuthUnderTest.StartAsync();
        var user = await auth.NewUserAsync("rotate@mana.test");
        (await auth.SendAsync(HttpMethod.Post, "/api/v1/admin/keys/rotate", bearer: user.AccessToken)).Status.Should().Be(403);
        auth.Clock.Advance(TimeSpan.FromMinutes(1));
        var rotated = (await auth.AdminAsync(HttpMethod.Post, "/api/v1/admin/keys/rotate")).Json.GetProperty("kid").GetString();

        (await PublishedAsync(auth)).Should().BeEquivalentTo([rotated, KeyId(user.AccessToken)]);
        auth.Clock.Advance(SigningKeys.PublishedBeforeUse);
        var fresh = (await auth.SendAsync(HttpMethod.Get, "/api/auth/token", bearer: user.Token)).Json.GetProperty("token").GetString()!;
        KeyId(fresh).Should().Be(rotated);
        KeyId(user.AccessToken).Should().NotBe(rotated);
        (await PublishedAsync(auth)).Should().BeEquivalentTo([rotated, KeyId(user.AccessToken)]);
        (await auth.SendAsync(HttpMethod.Get, SpaceList, bearer: user.AccessToken)).Status.Should().Be(200);

        auth.Clock.Advance(SigningKeys.PublishedAfterRetirement - SigningKeys.PublishedBeforeUse);
        await MaintainAsync(auth);
        (await PublishedAsync(auth)).Should().HaveCount(2);
        auth.Clock.Advance(TimeSpan.FromSeconds(1));
        await MaintainAsync(auth);
        (await PublishedAsync(auth)).Should().Equal(rotated);
        auth.Clock.Advance(TimeSpan.FromDays(90));
        await MaintainAsync(auth);
        (await PublishedAsync(auth)).Should().HaveCount(2).And.Contain(rotated);
    }

    [Fact]
    public async Task A_restart_keeps_the_key_and_another_secret_makes_a_new_one()
    {
        await using var auth = await AuthUnderTest.StartAsync();
        var user = await auth.NewUserAsync("restart@mana.test");
        await auth.RestartAsync();
        (await PublishedAsync(auth)).Should().Equal(KeyId(user.AccessToken));

        await auth.RestartAsync(("MANA_AUTH_SECRET", "quite another secret"));
        (await auth.SendAsync(HttpMethod.Get, SpaceList, bearer: user.AccessToken)).Status.Should().Be(200, "old public keys stay published");
        KeyId((await auth.LoginAsync("restart@mana.test")).AccessToken).Should().NotBe(KeyId(user.AccessToken));
    }

    [Fact]
    public async Task Private_keys_and_session_tokens_are_not_stored_in_the_clear()
    {
        await using var auth = await AuthUnderTest.StartAsync();
        var user = await auth.NewUserAsync("rest@mana.test");
        var key = await auth.Database.ReadAsync((db, ct) => db.GetTable<KeyRow>().SingleAsync(ct), AuthUnderTest.Cancellation);
        key.PrivateKey.Should().StartWith("v1.");
        Convert.FromBase64String(key.PrivateKey[3..]).Should().HaveCount(24 + 32 + 16);
        using var right = new KeyProtection(AuthSettings.DevelopmentSecret);
        using var wrong = new KeyProtection("another secret");
        right.Decrypt(key.Id, key.PrivateKey).Should().HaveCount(32);
        right.Decrypt("another-id", key.PrivateKey).Should().BeNull();
        wrong.Decrypt(key.Id, key.PrivateKey).Should().BeNull();

        var session = await auth.Database.ReadAsync((db, ct) => db.GetTable<SessionRow>().SingleAsync(ct), AuthUnderTest.Cancellation);
        session.TokenHash.Should().MatchRegex("^[0-9a-f]{64}$");
        session.Id.Should().NotBe(user.Token);
    }

    [Fact]
    public async Task Validate_tells_whether_a_token_holds()
    {
        await using var auth = await AuthUnderTest.StartAsync();
        var user = await auth.NewUserAsync("validate@mana.test");
        var valid = await auth.SendAsync(HttpMethod.Post, "/api/v1/auth/validate", new { token = user.AccessToken });
        valid.Json.GetProperty("valid").GetBoolean().Should().BeTrue();
        valid.Json.GetProperty("payload").GetProperty("sub").GetString().Should().Be(user.UserId);
        (await auth.SendAsync(HttpMethod.Post, "/api/v1/auth/validate", new { token = user.Token })).ShouldBe(200, """{"valid":false}""");
        (await auth.SendAsync(HttpMethod.Post, "/api/v1/auth/validate", "{}")).ShouldBe(200, """{"valid":false}""");
        (await auth.SendAsync(HttpMethod.Post, "/api/v1/auth/validate", "{")).Status.Should().Be(400);
    }

    private static Task MaintainAsync(AuthUnderTest auth) =>
        auth.Services.GetServices<IHostedService>().OfType<Housekeeping>().Single().RunOnceAsync(AuthUnderTest.Cancellation);

    private static async Task<IReadOnlyList<string?>> PublishedAsync(AuthUnderTest auth)
    {
        var one = await auth.SendAsync(HttpMethod.Get, "/api/auth/jwks");
        (await auth.SendAsync(HttpMethod.Get, "/api/v1/auth/jwks")).Text.Should().Be(one.Text);
        return [.. one.Json.GetProperty("keys").EnumerateArray().Select(key => key.GetProperty("kid").GetString())];
    }

    private static string Encode(string json) => Base64UrlEncoder.Encode(json);

    private static JsonElement Decode(string part) => JsonDocument.Parse(Base64UrlEncoder.Decode(part)).RootElement;

    private static string? KeyId(string token) => Decode(token.Split('.')[0]).GetProperty("kid").GetString();

    private static string? Claim(string token, string name) => Decode(token.Split('.')[1]).GetProperty(name).GetString();
}
