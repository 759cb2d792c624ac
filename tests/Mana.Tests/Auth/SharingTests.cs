using LinqToDB;
using LinqToDB.Async;
using Mana.Auth.Spaces;
using Mana.Auth.Storage;

namespace Mana.Tests.Auth;

public sealed class SharingTests
{
    private const string Mine = "/api/v1/me/invitations";

    [Fact]
    public async Task Who_is_invited_and_accepts_belongs_to_the_space_with_the_role()
    {
        await using var auth = await AuthUnderTest.StartAsync();
        var (owner, space) = await NewSpaceAsync(auth, "owner@mana.test", "family");
        var guest = await auth.NewUserAsync("guest@mana.test");

        var invitation = await InviteAsync(auth, owner, space, " GUEST@mana.test".Trim(), "viewer");
        var seen = (await auth.SendAsync(HttpMethod.Get, Mine, bearer: guest.AccessToken)).Json.GetProperty("invitations")[0];
        seen.GetProperty("id").GetString().Should().Be(invitation);
        seen.GetProperty("spaceName").GetString().Should().Be("Together");
        seen.GetProperty("type").GetString().Should().Be("family");
        seen.GetProperty("role").GetString().Should().Be("viewer");
        (await auth.SendAsync(HttpMethod.Get, $"/api/v1/spaces/{space}/members", bearer: guest.AccessToken)).Status.Should().Be(404, "not a member yet");

        (await auth.SendAsync(HttpMethod.Post, $"{Mine}/{invitation}/accept", bearer: guest.AccessToken)).Status.Should().Be(200);
        var members = (await auth.SendAsync(HttpMethod.Get, $"/api/v1/spaces/{space}/members", bearer: guest.AccessToken)).Json;
        members.GetProperty("role").GetString().Should().Be("viewer", "the answer says what the caller is");
        members.GetProperty("members").EnumerateArray().Select(member => (member.GetProperty("email").GetString(), member.GetProperty("role").GetString()))
            .Should().BeEquivalentTo([("owner@mana.test", "owner"), ("guest@mana.test", "viewer")]);
        var listed = (await auth.SendAsync(HttpMethod.Get, "/api/auth/organization/list", bearer: guest.AccessToken)).Json.EnumerateArray().ToList();
        listed.Select(entry => entry.GetProperty("role").GetString()).Should().BeEquivalentTo("owner", "viewer");
        (await auth.InternalAsync(HttpMethod.Get, $"/api/v1/internal/org/{space}/member/{guest.UserId}")).ShouldBe(
            200, """{"isMember":true,"role":"viewer","spaceType":"family"}""");
        (await auth.SendAsync(HttpMethod.Post, $"{Mine}/{invitation}/accept", bearer: guest.AccessToken)).Status.Should().Be(404, "an invitation works once");
        (await auth.SendAsync(HttpMethod.Post, $"/api/v1/spaces/{space}/invitations", new { email = "guest@mana.test", role = "member" }, bearer: owner.Token))
            .Json.GetProperty("error").GetString().Should().Be("AlreadyMember");
    }

    [Fact]
    public async Task An_invitation_is_for_its_address_alone_and_ends_after_seven_days()
    {
        await using var auth = await AuthUnderTest.StartAsync();
        var (owner, space) = await NewSpaceAsync(auth, "owner@mana.test", "team");
        var thief = await auth.NewUserAsync("thief@mana.test");
        await auth.RegisterAsync("guest@mana.test");
        var invitation = await InviteAsync(auth, owner, space, "guest@mana.test", "member");

        (await auth.SendAsync(HttpMethod.Get, Mine, bearer: thief.Token)).Json.GetProperty("invitations").GetArrayLength().Should().Be(0);
        foreach (var verb in (string[])["accept", "decline"])
        {
            (await auth.SendAsync(HttpMethod.Post, $"{Mine}/{invitation}/{verb}", bearer: thief.Token)).Status.Should().Be(404);
        }

        (await auth.SendAsync(HttpMethod.Get, $"/api/v1/spaces/{space}/invitations", bearer: thief.Token)).Status.Should().Be(404);
        auth.Clock.Advance(Invitations.Lifetime - TimeSpan.FromMilliseconds(1));
        var guest = await auth.LoginAsync("guest@mana.test");
        (await auth.SendAsync(HttpMethod.Get, Mine, bearer: guest.Token)).Json.GetProperty("invitations").GetArrayLength().Should().Be(1);
        auth.Clock.Advance(TimeSpan.FromMilliseconds(1));
        (await auth.SendAsync(HttpMethod.Get, Mine, bearer: guest.Token)).Json.GetProperty("invitations").GetArrayLength().Should().Be(0);
        var late = await auth.SendAsync(HttpMethod.Post, $"{Mine}/{invitation}/accept", bearer: guest.Token);
        late.Status.Should().Be(410);
        late.Json.GetProperty("error").GetString().Should().Be("InvitationExpired");

        owner = await auth.LoginAsync("owner@mana.test");
        (await InviteAsync(auth, owner, space, "guest@mana.test", "admin")).Should().Be(invitation, "the same invitation, renewed");
        (await auth.SendAsync(HttpMethod.Post, $"{Mine}/{invitation}/accept", bearer: guest.Token)).Json.GetProperty("role").GetString().Should().Be("admin");
    }

    [Fact]
    public async Task Declined_and_revoked_invitations_are_gone()
    {
        await using var auth = await AuthUnderTest.StartAsync();
        var (owner, space) = await NewSpaceAsync(auth, "owner@mana.test", "club");
        var guest = await auth.NewUserAsync("guest@mana.test");
        var declined = await InviteAsync(auth, owner, space, "guest@mana.test", "member");
        (await auth.SendAsync(HttpMethod.Post, $"{Mine}/{declined}/decline", bearer: guest.Token)).ShouldBe(200, """{"ok":true}""");
        (await auth.SendAsync(HttpMethod.Post, $"{Mine}/{declined}/accept", bearer: guest.Token)).Status.Should().Be(404);

        var revoked = await InviteAsync(auth, owner, space, "guest@mana.test", "member");
        (await auth.SendAsync(HttpMethod.Get, $"/api/v1/spaces/{space}/invitations", bearer: owner.Token)).Json.GetProperty("invitations").GetArrayLength().Should().Be(1);
        (await auth.SendAsync(HttpMethod.Delete, $"/api/v1/spaces/{space}/invitations/{revoked}", bearer: owner.Token)).ShouldBe(200, """{"ok":true}""");
        (await auth.SendAsync(HttpMethod.Post, $"{Mine}/{revoked}/accept", bearer: guest.Token)).Status.Should().Be(404);
        (await auth.SendAsync(HttpMethod.Delete, $"/api/v1/spaces/{space}/invitations/{revoked}", bearer: owner.Token)).Status.Should().Be(404);
    }

    [Fact]
    public async Task What_somebody_invited_who_has_been_removed_since_is_void()
    {
        await using var auth = await AuthUnderTest.StartAsync();
        var (owner, space) = await NewSpaceAsync(auth, "owner@mana.test", "team");
        var admin = await JoinAsync(auth, owner, space, "chief@mana.test", "admin");
        var guest = await auth.NewUserAsync("guest@mana.test");
        var invitation = await InviteAsync(auth, admin, space, "guest@mana.test", "member");
        (await auth.SendAsync(HttpMethod.Delete, $"/api/v1/spaces/{space}/members/{admin.UserId}", bearer: owner.Token)).Status.Should().Be(200);
        (await auth.SendAsync(HttpMethod.Post, $"{Mine}/{invitation}/accept", bearer: guest.Token)).Status.Should().Be(404);
    }

    [Fact]
    public async Task Only_those_who_may_invite_change_roles_and_remove()
    {
        await using var auth = await AuthUnderTest.StartAsync();
        var (owner, space) = await NewSpaceAsync(auth, "owner@mana.test", "team");
        var admin = await JoinAsync(auth, owner, space, "chief@mana.test", "admin");
        var member = await JoinAsync(auth, admin, space, "member@mana.test", "member");
        var viewer = await JoinAsync(auth, admin, space, "viewer@mana.test", "viewer");
        var members = $"/api/v1/spaces/{space}/members";

        foreach (var low in (SignedIn[])[member, viewer])
        {
            (await auth.SendAsync(HttpMethod.Post, $"/api/v1/spaces/{space}/invitations", new { email = "x@mana.test", role = "member" }, bearer: low.Token)).Status.Should().Be(403);
            (await auth.SendAsync(HttpMethod.Get, $"/api/v1/spaces/{space}/invitations", bearer: low.Token)).Status.Should().Be(403);
            (await auth.SendAsync(HttpMethod.Put, $"{members}/{low.UserId}", new { role = "owner" }, bearer: low.Token)).Status.Should().Be(403);
            (await auth.SendAsync(HttpMethod.Delete, $"{members}/{owner.UserId}", bearer: low.Token)).Status.Should().Be(403);
            (await auth.SendAsync(HttpMethod.Delete, $"/api/v1/spaces/{space}", bearer: low.Token)).Status.Should().Be(403);
        }

        (await auth.SendAsync(HttpMethod.Put, $"{members}/{admin.UserId}", new { role = "owner" }, bearer: admin.Token)).Status.Should().Be(403);
        (await auth.SendAsync(HttpMethod.Put, $"{members}/{owner.UserId}", new { role = "viewer" }, bearer: admin.Token)).Status.Should().Be(403);
        (await auth.SendAsync(HttpMethod.Delete, $"{members}/{owner.UserId}", bearer: admin.Token)).Status.Should().Be(403);
        (await auth.SendAsync(HttpMethod.Delete, $"/api/v1/spaces/{space}", bearer: admin.Token)).Status.Should().Be(403);
        (await auth.SendAsync(HttpMethod.Post, $"/api/v1/spaces/{space}/invitations", new { email = "x@mana.test", role = "owner" }, bearer: owner.Token)).Status.Should().Be(400);

        (await auth.SendAsync(HttpMethod.Put, $"{members}/{viewer.UserId}", new { role = "member" }, bearer: admin.Token)).Json.GetProperty("role").GetString().Should().Be("member");
        (await auth.SendAsync(HttpMethod.Put, $"{members}/{viewer.UserId}", new { role = "king" }, bearer: owner.Token)).Status.Should().Be(400);
        (await auth.SendAsync(HttpMethod.Put, $"{members}/nobody", new { role = "member" }, bearer: owner.Token)).Status.Should().Be(404);
        (await auth.SendAsync(HttpMethod.Delete, $"{members}/{member.UserId}", bearer: admin.Token)).Status.Should().Be(200);
        (await auth.SendAsync(HttpMethod.Get, members, bearer: member.Token)).Status.Should().Be(404);
    }

    [Fact]
    public async Task The_last_owner_stays_until_there_is_another()
    {
        await using var auth = await AuthUnderTest.StartAsync();
        var (owner, space) = await NewSpaceAsync(auth, "owner@mana.test", "family");
        var second = await JoinAsync(auth, owner, space, "second@mana.test", "member");
        var leave = $"/api/v1/spaces/{space}/leave";
        (await auth.SendAsync(HttpMethod.Post, leave, bearer: owner.Token)).Json.GetProperty("error").GetString().Should().Be("LastOwner");
        (await auth.SendAsync(HttpMethod.Put, $"/api/v1/spaces/{space}/members/{owner.UserId}", new { role = "member" }, bearer: owner.Token)).Status.Should().Be(409);

        (await auth.SendAsync(HttpMethod.Put, $"/api/v1/spaces/{space}/members/{second.UserId}", new { role = "owner" }, bearer: owner.Token)).Status.Should().Be(200);
        var both = await Task.WhenAll(
            auth.SendAsync(HttpMethod.Post, leave, bearer: owner.Token), auth.SendAsync(HttpMethod.Post, leave, bearer: second.Token));
        both.Select(answer => answer.Status).Should().BeEquivalentTo([200, 409], "one of two owners who leave at once is the last");
    }

    [Fact]
    public async Task A_deleted_space_is_queued_for_the_removal_of_its_records()
    {
        await using var auth = await AuthUnderTest.StartAsync();
        var (owner, space) = await NewSpaceAsync(auth, "owner@mana.test", "brand");
        await InviteAsync(auth, owner, space, "guest@mana.test", "member");
        (await auth.SendAsync(HttpMethod.Delete, $"/api/v1/spaces/{space}", bearer: owner.Token)).ShouldBe(200, """{"ok":true}""");
        (await auth.SendAsync(HttpMethod.Delete, $"/api/v1/spaces/{space}", bearer: owner.Token)).Status.Should().Be(404);
        (await auth.Database.ReadAsync((db, ct) => db.GetTable<SpaceCleanupRow>().Select(row => row.SpaceId).ToListAsync(ct), AuthUnderTest.Cancellation))
            .Should().Equal(space);
        (await auth.Database.ReadAsync((db, ct) => db.GetTable<InvitationRow>().CountAsync(ct), AuthUnderTest.Cancellation)).Should().Be(0);
    }

    [Fact]
    public async Task A_personal_space_is_shared_with_nobody()
    {
        await using var auth = await AuthUnderTest.StartAsync();
        var user = await auth.NewUserAsync("alone@mana.test");
        var space = (await auth.SendAsync(HttpMethod.Get, "/api/auth/organization/list", bearer: user.Token)).Json[0].GetProperty("id").GetString();
        var answers = new[]
        {
            await auth.SendAsync(HttpMethod.Post, $"/api/v1/spaces/{space}/invitations", new { email = "x@mana.test", role = "member" }, bearer: user.Token),
            await auth.SendAsync(HttpMethod.Post, $"/api/v1/spaces/{space}/leave", bearer: user.Token),
            await auth.SendAsync(HttpMethod.Delete, $"/api/v1/spaces/{space}", bearer: user.Token),
        };
        answers.Should().AllSatisfy(answer => answer.Json.GetProperty("error").GetString().Should().Be("PersonalSpace"));
    }

    [Fact]
    public async Task A_space_holds_a_hundred_members_and_open_invitations()
    {
        await using var auth = await AuthUnderTest.StartAsync();
        var (owner, space) = await NewSpaceAsync(auth, "owner@mana.test", "club");
        for (var i = 1; i < SpaceMembers.MaxMembers; i++)
        {
            await InviteAsync(auth, owner, space, $"guest{i}@mana.test", "member");
        }

        (await auth.SendAsync(HttpMethod.Post, $"/api/v1/spaces/{space}/invitations", new { email = "late@mana.test", role = "member" }, bearer: owner.Token))
            .Json.GetProperty("error").GetString().Should().Be("SpaceFull");
    }

    [Fact]
    public async Task A_foreign_page_cannot_use_the_cookie_and_strangers_need_a_sign_in()
    {
        await using var auth = await AuthUnderTest.StartAsync();
        var (owner, space) = await NewSpaceAsync(auth, "owner@mana.test", "family");
        (await auth.SendAsync(HttpMethod.Delete, $"/api/v1/spaces/{space}", cookie: owner.Cookie, headers: ("Origin", "http://evil.example"))).Status.Should().Be(403);
        (await auth.SendAsync(HttpMethod.Delete, $"/api/v1/spaces/{space}", cookie: owner.Cookie)).Status.Should().Be(403);
        (await auth.SendAsync(HttpMethod.Delete, $"/api/v1/spaces/{space}")).Status.Should().Be(401);
        (await auth.SendAsync(HttpMethod.Get, $"/api/v1/spaces/{space}/members", cookie: owner.Cookie)).Status.Should().Be(200);
        (await auth.SendAsync(HttpMethod.Delete, $"/api/v1/spaces/{space}", cookie: owner.Cookie, headers: ("Origin", "http://localhost:3001"))).Status.Should().Be(200);
    }

    internal static async Task<(SignedIn Owner, string Space)> NewSpaceAsync(AuthUnderTest auth, string email, string type)
    {
        var owner = await auth.NewUserAsync(email);
        var created = await auth.SendAsync(
            HttpMethod.Post, "/api/auth/organization/create", new { name = "Together", slug = "together", metadata = new { type } }, bearer: owner.Token);
        created.Status.Should().Be(200, created.Text);
        return (owner, created.Json.GetProperty("id").GetString()!);
    }

    private static async Task<string> InviteAsync(AuthUnderTest auth, SignedIn by, string space, string email, string role)
    {
        var answer = await auth.SendAsync(HttpMethod.Post, $"/api/v1/spaces/{space}/invitations", new { email, role }, bearer: by.Token);
        answer.Status.Should().Be(200, answer.Text);
        answer.Json.GetProperty("email").GetString().Should().Be(email.ToLowerInvariant());
        return answer.Json.GetProperty("id").GetString()!;
    }

    private static async Task<SignedIn> JoinAsync(AuthUnderTest auth, SignedIn by, string space, string email, string role)
    {
        var guest = await auth.NewUserAsync(email);
        var invitation = await InviteAsync(auth, by, space, email, role);
        (await auth.SendAsync(HttpMethod.Post, $"{Mine}/{invitation}/accept", bearer: guest.Token)).Status.Should().Be(200);
        return guest;
    }
}
