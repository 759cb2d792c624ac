namespace Mana.Tests.Auth;

public sealed class CatalogSpaceTests(AuthFixture fixture) : IClassFixture<AuthFixture>
{
    private readonly AuthUnderTest _auth = fixture.Auth;

    [Fact]
    public async Task A_catalogs_space_is_made_once_and_follows_the_catalog()
    {
        var ben = await _auth.NewPersonaAsync("persona.ben1@mana.test");
        var anna = await _auth.NewPersonaAsync("persona.anna1@mana.test");
        await _auth.NewPersonaAsync("persona.tom1@mana.test");
        var first = await PutAsync("wg-1", "WG", "family", ("persona.ben1@mana.test", "owner"), ("Persona.Anna1@mana.test", "member"));
        first.Status.Should().Be(200, first.Text);
        var id = first.Json.GetProperty("id").GetString();
        (await PutAsync("wg-1", "WG", "family", ("persona.ben1@mana.test", "owner"), ("persona.anna1@mana.test", "member"))).Text.Should().Be(first.Text);
        (await RoleAsync(id, anna)).Should().Be("member");

        var second = await PutAsync("wg-1", "WG am Park", "club", ("persona.ben1@mana.test", "admin"), ("persona.tom1@mana.test", "owner"));
        second.Json.GetProperty("id").GetString().Should().Be(id);
        second.Json.GetProperty("type").GetString().Should().Be("club");
        (await RoleAsync(id, ben)).Should().Be("admin");
        (await RoleAsync(id, anna)).Should().Be("", "a persona that the catalog left out is out");
        var listed = (await _auth.AdminAsync(HttpMethod.Get, "/api/v1/admin/spaces")).Json.GetProperty("spaces").EnumerateArray();
        listed.Single(space => space.GetProperty("slug").GetString() == "wg-1").GetProperty("members").GetArrayLength().Should().Be(2);

        (await _auth.AdminAsync(HttpMethod.Delete, "/api/v1/admin/spaces/wg-1")).ShouldBe(200, """{"ok":true,"deleted":"wg-1"}""");
        (await _auth.AdminAsync(HttpMethod.Delete, "/api/v1/admin/spaces/wg-1")).Status.Should().Be(404);
    }

    [Fact]
    public async Task A_person_who_was_invited_stays_when_the_catalog_is_seeded_again()
    {
        await _auth.NewPersonaAsync("persona.ben2@mana.test");
        var id = (await PutAsync("wg-2", "WG", "family", ("persona.ben2@mana.test", "owner"))).Json.GetProperty("id").GetString();
        var ben = await _auth.LoginAsync("persona.ben2@mana.test");
        var guest = await _auth.NewUserAsync("guest2@mana.test");
        var invitation = (await _auth.SendAsync(
            HttpMethod.Post, $"/api/v1/spaces/{id}/invitations", new { email = "guest2@mana.test", role = "viewer" }, bearer: ben.Token)).Json.GetProperty("id").GetString();
        await _auth.SendAsync(HttpMethod.Post, $"/api/v1/me/invitations/{invitation}/accept", bearer: guest.Token);

        await PutAsync("wg-2", "WG", "family", ("persona.ben2@mana.test", "owner"));

        (await RoleAsync(id, guest.UserId)).Should().Be("viewer");
    }

    [Fact]
    public async Task Administrators_touch_neither_people_nor_their_spaces()
    {
        await _auth.NewPersonaAsync("persona.ben3@mana.test");
        var human = await _auth.NewUserAsync("human3@mana.test");
        await _auth.SendAsync(
            HttpMethod.Post, "/api/auth/organization/create",
            new { name = "Ours", slug = "ours-3", metadata = new { type = "family", managedBy = "administrators" } }, bearer: human.Token);

        (await PutAsync("ours-3", "Theirs", "family", ("persona.ben3@mana.test", "owner"))).Json.GetProperty("error").GetString().Should().Be("NotACatalogSpace");
        (await PutAsync("persona-ben3", "Theirs", "family", ("persona.ben3@mana.test", "owner"))).Status.Should().Be(409, "a personal space has that slug");
        (await _auth.AdminAsync(HttpMethod.Delete, "/api/v1/admin/spaces/ours-3")).Status.Should().Be(409);
        var refused = await PutAsync("wg-3", "WG", "family", ("persona.ben3@mana.test", "owner"), ("human3@mana.test", "member"), ("nobody3@mana.test", "member"));
        refused.Status.Should().Be(400);
        refused.Json.GetProperty("message").GetString().Should().Contain("human3@mana.test, nobody3@mana.test are no personas");
        (await _auth.SendAsync(HttpMethod.Put, "/api/v1/admin/spaces/wg-3", new { }, bearer: human.AccessToken)).Status.Should().Be(403);
    }

    [Theory]
    [InlineData("me", """{"name":"x","type":"family","members":[{"email":"a@b","role":"owner"}]}""", "slug must be")]
    [InlineData("ok", """{"type":"family","members":[{"email":"a@b","role":"owner"}]}""", "name must have")]
    [InlineData("ok", """{"name":"x","type":"personal","members":[{"email":"a@b","role":"owner"}]}""", "type must be one of")]
    [InlineData("ok", """{"name":"x","type":"team","members":[]}""", "members must be an array")]
    [InlineData("ok", """{"name":"x","type":"team","members":[{"email":"a@b","role":"boss"}]}""", "the role of a@b must be one of")]
    [InlineData("ok", """{"name":"x","type":"team","members":[{"email":"a@b","role":"member"}]}""", "one of them must be owner")]
    [InlineData("ok", """{"name":"x","type":"team","members":[{"email":"a@b","role":"owner"},{"email":"A@b","role":"owner"}]}""", "is there twice")]
    public async Task A_space_that_makes_no_sense_is_refused_with_the_reason(string slug, string body, string reason)
    {
        var answer = await _auth.AdminAsync(HttpMethod.Put, $"/api/v1/admin/spaces/{slug}", body);
        answer.Status.Should().Be(400);
        string.Join('\n', answer.Json.GetProperty("details").EnumerateArray()).Should().Contain(reason);
    }

    private Task<Answer> PutAsync(string slug, string name, string type, params (string Email, string Role)[] members) =>
        _auth.AdminAsync(
            HttpMethod.Put, $"/api/v1/admin/spaces/{slug}", new { name, type, members = members.Select(member => new { email = member.Email, role = member.Role }) });

    private async Task<string?> RoleAsync(string? space, string user) =>
        (await _auth.InternalAsync(HttpMethod.Get, $"/api/v1/internal/org/{space}/member/{user}")).Json.GetProperty("role").GetString();
}
