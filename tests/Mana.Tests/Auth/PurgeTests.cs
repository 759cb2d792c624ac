using System.Text.Json;
using Mana.Hosting.Storage;
using Mana.Testing;
using Mana.Tests.Cli;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Mana.Tests.Auth;

public sealed class PurgeTests
{
    private const string Purge = "/api/v1/admin/purge";
    private const string Anna = "persona.anna@mana.test";
    private const string Ben = "persona.ben@mana.test";

    // What belongs to the service and to nobody, and the queue that tells mana-mcp of the purge itself.
    private static readonly string[] NotPersonal = ["jwks", "oauth_clients", "space_cleanups", "schemaversions", "sqlite_sequence"];

    [Fact]
    public async Task A_purged_persona_leaves_no_row_in_any_table_and_takes_nothing_of_others()
    {
        await using var mcp = await HostUnderTest.StartAsync(
            (configuration, clock) => FakeHost.Create("mana-mcp", configuration, clock, map: app => app.MapDelete("/api/v1/internal/spaces/{id}", () => Results.Ok())), new Dictionary<string, string?>());
        await using var auth = await AuthUnderTest.StartAsync(new() { ["MANA_MCP_URL"] = mcp.Address.AbsoluteUri, ["MCP_PUBLIC_URL"] = OAuthBrowser.Resource });
        var (anna, ben) = await FillAsync(auth);
        var before = await CountsAsync(auth);

        var answer = await auth.AdminAsync(HttpMethod.Post, Purge, new { email = Anna.ToUpperInvariant() });

        answer.Status.Should().Be(200, answer.Text);
        answer.Json.GetProperty("ok").GetBoolean().Should().BeTrue(answer.Text);
        answer.Json.GetProperty("userId").GetString().Should().Be(anna);
        var deleted = Numbers(answer.Json.GetProperty("deleted"));
        deleted.Should().AllSatisfy(table => table.Value.Should().BePositive("{0} was filled, or the test shows nothing", table.Key));
        Numbers(answer.Json.GetProperty("remaining")).Should().AllSatisfy(table => table.Value.Should().Be(0));
        answer.Json.GetProperty("spaces").EnumerateArray().Select(space => (space.GetProperty("slug").GetString(), space.GetProperty("removed").GetBoolean()))
            .Should().BeEquivalentTo([("persona-anna", true), ("alone", true)]);

        var after = await CountsAsync(auth);
        after.Keys.Except(NotPersonal, StringComparer.OrdinalIgnoreCase).Should().BeEquivalentTo(deleted.Keys, "a new table has to be thought of here, too");
        foreach (var (table, count) in deleted)
        {
            after[table].Should().Be(before[table] - count, table);
        }

        (await auth.AdminAsync(HttpMethod.Get, $"/api/v1/admin/personas/{ben}")).Status.Should().Be(200);
        (await auth.InternalAsync(HttpMethod.Get, $"/api/v1/internal/users/{ben}/tool-policy")).Json.GetProperty("allowDestructive").GetArrayLength().Should().Be(1);
        var again = await auth.AdminAsync(HttpMethod.Post, Purge, new { email = Anna });
        again.Json.GetProperty("ok").GetBoolean().Should().BeTrue();
        Numbers(again.Json.GetProperty("deleted")).Should().AllSatisfy(table => table.Value.Should().Be(0));
    }

    [Fact]
    public async Task A_purge_is_not_done_before_mana_mcp_has_removed_the_records()
    {
        await using var auth = await AuthUnderTest.StartAsync();
        await auth.NewPersonaAsync(Anna);
        var answer = await auth.AdminAsync(HttpMethod.Post, Purge, new { email = Anna });
        answer.Json.GetProperty("ok").GetBoolean().Should().BeFalse();
        var space = answer.Json.GetProperty("spaces")[0];
        space.GetProperty("removed").GetBoolean().Should().BeFalse();
        space.GetProperty("error").GetString().Should().NotBeNullOrEmpty();
    }

    [Fact]
    public async Task Ticks_are_purged_by_their_ids_and_the_persona_stays()
    {
        await using var auth = await AuthUnderTest.StartAsync();
        var anna = await auth.NewPersonaAsync(Anna);
        foreach (var tick in (string[])["t1", "t2"])
        {
            await NoteAsync(auth, anna, tick);
        }

        var answer = await auth.AdminAsync(HttpMethod.Post, Purge, new { tickIds = new[] { "t1", "t1", "unknown" } });

        answer.ShouldBe(200, """
            {"ok":true,"deleted":{"persona_actions":2,"persona_feedback":1,"persona_ticks":1},"remaining":{"persona_actions":0,"persona_feedback":0,"persona_ticks":0}}
            """);
        (await auth.AdminAsync(HttpMethod.Get, $"/api/v1/admin/personas/{anna}")).Json.GetProperty("recentActions").EnumerateArray()
            .Select(action => action.GetProperty("tickId").GetString()).Should().Equal("t2", "t2");
    }

    [Fact]
    public async Task People_are_never_purged_and_only_administrators_purge()
    {
        await using var auth = await AuthUnderTest.StartAsync();
        var user = await auth.NewUserAsync("human@mana.test");
        (await auth.AdminAsync(HttpMethod.Post, Purge, new { email = "human@mana.test" })).Json.GetProperty("error").GetString().Should().Be("NotAPersona");
        (await auth.SendAsync(HttpMethod.Post, Purge, new { email = Anna }, bearer: user.AccessToken)).Status.Should().Be(403);
        (await auth.SendAsync(HttpMethod.Post, Purge, new { email = Anna })).Status.Should().Be(401);
        (await auth.LoginAsync("human@mana.test")).UserId.Should().Be(user.UserId);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("{}")]
    [InlineData("""{"email":"a@b","tickIds":["t"]}""")]
    [InlineData("""{"email":"nobody"}""")]
    [InlineData("""{"tickIds":[]}""")]
    [InlineData("""{"tickIds":[1]}""")]
    [InlineData("""{"tickIds":"t"}""")]
    public async Task A_wish_that_is_not_clear_is_refused(string body)
    {
        await using var auth = await AuthUnderTest.StartAsync();
        (await auth.AdminAsync(HttpMethod.Post, Purge, body)).Status.Should().Be(400);
    }

    /// <summary>Two personas, one of which leaves something in every table.</summary>
    private static async Task<(string Anna, string Ben)> FillAsync(AuthUnderTest auth)
    {
        var anna = await auth.NewPersonaAsync(Anna);
        var ben = await auth.NewPersonaAsync(Ben);
        await NoteAsync(auth, anna, "t1");
        await NoteAsync(auth, ben, "t2");
        var asAnna = await auth.LoginAsync(Anna);
        var asBen = await auth.LoginAsync(Ben);
        foreach (var who in (SignedIn[])[asAnna, asBen])
        {
            await auth.SendAsync(HttpMethod.Put, "/api/v1/me/tool-policy", new { allowDestructive = new[] { "*" } }, bearer: who.Token);
        }

        await SpaceAsync(auth, asAnna, "alone", "guest@mana.test");
        var shared = await SpaceAsync(auth, asBen, "shared", Anna);
        var invitation = (await auth.SendAsync(HttpMethod.Get, "/api/v1/me/invitations", bearer: asAnna.Token)).Json.GetProperty("invitations")[0].GetProperty("id").GetString();
        await auth.SendAsync(HttpMethod.Post, $"/api/v1/me/invitations/{invitation}/accept", bearer: asAnna.Token);
        await SpaceAsync(auth, asBen, "second", Anna);
        shared.Should().NotBeNullOrEmpty();

        var (client, _) = await OAuthBrowser.RegisterAsync(auth);
        using var browser = new OAuthBrowser(auth);
        await browser.ConnectAsync(client, Anna);
        using var other = new OAuthBrowser(auth);
        await other.ConnectAsync(client, Ben);
        for (var i = 0; i < 5; i++)
        {
            (await auth.SendAsync(HttpMethod.Post, "/api/v1/auth/login", new { email = Anna, password = "wrong password" })).Status.Should().Be(401);
        }

        return (anna, ben);
    }

    private static async Task<string> SpaceAsync(AuthUnderTest auth, SignedIn owner, string slug, string guest)
    {
        var space = (await auth.SendAsync(
            HttpMethod.Post, "/api/auth/organization/create", new { name = slug, slug, metadata = new { type = "family" } }, bearer: owner.Token)).Json.GetProperty("id").GetString()!;
        (await auth.SendAsync(HttpMethod.Post, $"/api/v1/spaces/{space}/invitations", new { email = guest, role = "member" }, bearer: owner.Token)).Status.Should().Be(200);
        return space;
    }

    private static async Task NoteAsync(AuthUnderTest auth, string persona, string tick)
    {
        var path = $"/api/v1/internal/personas/{persona}";
        (await auth.InternalAsync(HttpMethod.Post, path + "/actions", AuditTests.Actions(tick, 2))).Status.Should().Be(200);
        (await auth.InternalAsync(HttpMethod.Post, path + "/feedback", new { feedback = new[] { new { tickId = tick, module = "todo", rating = 4 } } })).Status.Should().Be(200);
        (await auth.InternalAsync(
            HttpMethod.Post, path + "/ticks",
            new { tickId = tick, outcome = "completed", startedAt = AuthUnderTest.Wednesday, endedAt = AuthUnderTest.Wednesday, brain = "simulated", toolCalls = 2 })).Status.Should().Be(200);
    }

    private static async Task<Dictionary<string, long>> CountsAsync(AuthUnderTest auth)
    {
        var list = auth.Database.Kind == DatabaseKind.Sqlite
            ? "select name from sqlite_master where type = 'table'"
            : "select table_name from information_schema.tables where table_schema = current_schema()";
        return await auth.Database.ReadAsync(
            async (db, ct) =>
            {
                var counts = new Dictionary<string, long>(StringComparer.OrdinalIgnoreCase);
                foreach (var table in await db.RowsAsync<string>(list, ct))
                {
                    counts[table] = (await db.RowsAsync<long>($"select count(*) from \"{table}\"", ct))[0];
                }

                return counts;
            },
            AuthUnderTest.Cancellation);
    }

    private static Dictionary<string, long> Numbers(JsonElement tables) =>
        tables.EnumerateObject().ToDictionary(table => table.Name, table => table.Value.GetInt64());
}
