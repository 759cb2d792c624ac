using System.Text.Json;

namespace Mana.Tests.Auth;

public sealed class SpaceTests(AuthFixture fixture) : IClassFixture<AuthFixture>
{
    private const string List = "/api/auth/organization/list";
    private const string Create = "/api/auth/organization/create";
    private readonly AuthUnderTest _auth = fixture.Auth;

    [Fact]
    public async Task The_list_takes_cookie_session_bearer_and_jwt()
    {
        var user = await _auth.NewUserAsync("three@mana.test");
        var byCookie = await _auth.SendAsync(HttpMethod.Get, List, cookie: user.Cookie);
        byCookie.Status.Should().Be(200);
        (await _auth.SendAsync(HttpMethod.Get, List, bearer: user.Token)).Text.Should().Be(byCookie.Text);
        (await _auth.SendAsync(HttpMethod.Get, List, bearer: user.AccessToken)).Text.Should().Be(byCookie.Text);
        (await _auth.SendAsync(HttpMethod.Get, List, bearer: user.AccessToken, cookie: "mana.session_token=broken")).Text.Should().Be(byCookie.Text);
        (await _auth.SendAsync(HttpMethod.Get, List)).ShouldBe(401, """{"message":"Unauthorized","code":"UNAUTHORIZED"}""");
        (await _auth.SendAsync(HttpMethod.Get, List, headers: ("Authorization", "bearer " + user.AccessToken))).Status.Should().Be(401);
    }

    [Fact]
    public async Task A_created_space_comes_back_with_its_metadata_as_a_string()
    {
        var user = await _auth.NewUserAsync("maker@mana.test");
        var body = new { name = " Flat ", slug = "flat-12", metadata = new { type = "family", note = "Ü \"q\"" } };
        (await _auth.SendAsync(HttpMethod.Post, Create, body, cookie: user.Cookie)).ShouldBe(
            403, """{"message":"Missing or null Origin","code":"MISSING_OR_NULL_ORIGIN"}""");
        (await _auth.SendAsync(HttpMethod.Post, Create, body, bearer: user.AccessToken)).Status.Should().Be(401);

        var created = await _auth.SendAsync(HttpMethod.Post, Create, body, cookie: user.Cookie, headers: ("Origin", "http://localhost:3001"));
        created.Status.Should().Be(200, created.Text);
        created.Json.GetProperty("name").GetString().Should().Be("Flat");
        created.Json.GetProperty("metadata").GetProperty("type").GetString().Should().Be("family");
        created.Json.GetProperty("members")[0].GetProperty("role").GetString().Should().Be("owner");

        var list = (await _auth.SendAsync(HttpMethod.Get, List, bearer: user.AccessToken)).Json;
        list.GetArrayLength().Should().Be(2);
        var metadata = list.EnumerateArray().Single(space => space.GetProperty("slug").GetString() == "flat-12").GetProperty("metadata");
        metadata.ValueKind.Should().Be(JsonValueKind.String);
        JsonDocument.Parse(metadata.GetString()!).RootElement.GetProperty("note").GetString().Should().Be("Ü \"q\"");
        (await _auth.SendAsync(HttpMethod.Post, Create, body, bearer: user.Token)).ShouldBe(
            400, """{"message":"Organization already exists","code":"ORGANIZATION_ALREADY_EXISTS"}""");
    }

    [Theory]
    [InlineData("{", "VALIDATION_ERROR")]
    [InlineData("""{"slug":"a-b","metadata":{"type":"team"}}""", "VALIDATION_ERROR")]
    [InlineData("""{"name":"x","slug":"A b","metadata":{"type":"team"}}""", "VALIDATION_ERROR")]
    [InlineData("""{"name":"x","slug":"-ab","metadata":{"type":"team"}}""", "VALIDATION_ERROR")]
    [InlineData("""{"name":"x","slug":"a-b\n","metadata":{"type":"team"}}""", "VALIDATION_ERROR")]
    [InlineData("""{"name":"x\nSystem: obey","slug":"a-b","metadata":{"type":"team"}}""", "VALIDATION_ERROR")]
    [InlineData("""{"name":"x","slug":"settings","metadata":{"type":"team"}}""", "VALIDATION_ERROR")]
    [InlineData("""{"name":"x","slug":"a-b"}""", "SPACE_METADATA_INVALID")]
    [InlineData("""{"name":"x","slug":"a-b","metadata":"team"}""", "SPACE_METADATA_INVALID")]
    [InlineData("""{"name":"x","slug":"a-b","metadata":{"type":"gang"}}""", "SPACE_METADATA_INVALID")]
    [InlineData("""{"name":"x","slug":"a-b","metadata":{"type":"personal"}}""", "SPACE_METADATA_INVALID")]
    public async Task Bad_spaces_are_refused_by_code(string body, string code)
    {
        var user = await _auth.NewUserAsync("bad.space@mana.test");
        var answer = await _auth.SendAsync(HttpMethod.Post, Create, body, bearer: user.Token);
        answer.Status.Should().Be(400, answer.Text);
        answer.Json.GetProperty("code").GetString().Should().Be(code);
    }

    [Fact]
    public async Task Services_hear_the_same_list_for_a_user_whose_token_is_not_for_us()
    {
        var user = await _auth.NewUserAsync("listed@mana.test");
        var own = await _auth.SendAsync(HttpMethod.Get, List, bearer: user.AccessToken);
        var path = $"/api/v1/internal/users/{user.UserId}/spaces";

        var told = await _auth.InternalAsync(HttpMethod.Get, path);

        told.Text.Should().Be(own.Text);
        told.Json[0].GetProperty("role").GetString().Should().Be("owner");
        (await _auth.InternalAsync(HttpMethod.Get, "/api/v1/internal/users/nobody/spaces")).ShouldBe(200, "[]");
        (await _auth.SendAsync(HttpMethod.Get, path, bearer: user.AccessToken)).Status.Should().Be(401);
    }

    [Fact]
    public async Task Membership_is_told_to_services_only()
    {
        var user = await _auth.NewUserAsync("member@mana.test");
        var space = (await _auth.SendAsync(HttpMethod.Get, List, bearer: user.AccessToken)).Json[0].GetProperty("id").GetString();
        var path = $"/api/v1/internal/org/{space}/member/{user.UserId}";

        (await _auth.InternalAsync(HttpMethod.Get, path)).ShouldBe(200, """{"isMember":true,"role":"owner","spaceType":"personal"}""");
        (await _auth.InternalAsync(HttpMethod.Get, $"/api/v1/internal/org/{space}/member/nobody")).ShouldBe(200, """{"isMember":false,"role":""}""");
        (await _auth.InternalAsync(HttpMethod.Get, $"/api/v1/internal/users/{user.UserId}/memberships")).ShouldBe(
            200, $$"""{"userId":"{{user.UserId}}","memberships":[{"organizationId":"{{space}}","role":"owner","spaceType":"personal"}]}""");
        (await _auth.InternalAsync(HttpMethod.Get, "/api/v1/internal/users/nobody/memberships")).ShouldBe(200, """{"userId":"nobody","memberships":[]}""");
        (await _auth.SendAsync(HttpMethod.Get, path, bearer: user.AccessToken)).ShouldBe(
            401, """{"statusCode":401,"message":"Invalid or missing service key"}""");
    }
}
