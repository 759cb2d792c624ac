using System.Net;
using System.Threading.Channels;
using LinqToDB;
using LinqToDB.Async;
using Mana.Auth.Spaces;
using Mana.Auth.Storage;
using Mana.Contracts;
using Mana.Hosting.Identity;
using Mana.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;

namespace Mana.Tests.Auth;

public sealed class SpaceCleanupTests
{
    [Fact]
    public async Task Deleting_a_persona_removes_its_own_spaces_and_their_records()
    {
        await using var mcp = await FakeMcp.StartAsync(HttpStatusCode.NoContent);
        await using var auth = await AuthUnderTest.StartAsync(new() { ["MANA_MCP_URL"] = mcp.Url });
        var id = await auth.NewPersonaAsync("persona.anna@mana.test");
        var anna = await auth.LoginAsync("persona.anna@mana.test");
        var space = await OnlySpaceAsync(auth, anna);
        await auth.InternalAsync(HttpMethod.Post, $"/api/v1/internal/personas/{id}/actions", AuditTests.Actions("t1", 2));

        (await auth.AdminAsync(HttpMethod.Delete, $"/api/v1/admin/personas/{id}")).ShouldBe(200, $$"""{"ok":true,"deleted":"{{id}}"}""");
        (await mcp.NextAsync()).Should().Be(($"/api/v1/internal/spaces/{space}", ServiceKey.DevelopmentValue));
        (await auth.SendAsync(HttpMethod.Get, "/api/auth/organization/list", bearer: anna.AccessToken)).Status.Should().Be(401);
        (await auth.SendAsync(HttpMethod.Get, "/api/auth/token", bearer: anna.Token)).Status.Should().Be(401);
        (await auth.InternalAsync(HttpMethod.Get, $"/api/v1/internal/org/{space}/member/{id}")).ShouldBe(200, """{"isMember":false,"role":""}""");
        (await auth.InternalAsync(HttpMethod.Post, $"/api/v1/internal/personas/{id}/actions", AuditTests.Actions("t2", 1))).Status.Should().Be(404);
        (await auth.AdminAsync(HttpMethod.Delete, $"/api/v1/admin/personas/{id}")).ShouldBe(404, """{"error":"Not found"}""");

        var again = await auth.NewPersonaAsync("persona.anna@mana.test");
        again.Should().NotBe(id);
        var list = await auth.SendAsync(HttpMethod.Get, "/api/auth/organization/list", bearer: (await auth.LoginAsync("persona.anna@mana.test")).AccessToken);
        list.Json[0].GetProperty("slug").GetString().Should().Be("persona-anna", "the slug of a deleted space is free again");
    }

    [Fact]
    public async Task A_space_that_somebody_else_owns_too_stays()
    {
        await using var auth = await AuthUnderTest.StartAsync();
        var id = await auth.NewPersonaAsync("persona.ben@mana.test");
        var ben = await auth.LoginAsync("persona.ben@mana.test");
        var friend = await auth.NewUserAsync("friend@mana.test");
        var body = new { name = "Flat", slug = "flat", metadata = new { type = "family" } };
        var shared = (await auth.SendAsync(HttpMethod.Post, "/api/auth/organization/create", body, bearer: ben.Token)).Json.GetProperty("id").GetString()!;
        await auth.Database.WriteAsync(
            (db, ct) => db.InsertAsync(
                new MemberRow { Id = RandomId.Nano(), OrganizationId = shared, UserId = friend.UserId, Role = SpaceRoles.Owner, CreatedAt = AuthUnderTest.Wednesday }, token: ct),
            AuthUnderTest.Cancellation);

        (await auth.AdminAsync(HttpMethod.Delete, $"/api/v1/admin/personas/{id}")).Status.Should().Be(200);
        (await auth.InternalAsync(HttpMethod.Get, $"/api/v1/internal/org/{shared}/member/{friend.UserId}")).Json.GetProperty("isMember").GetBoolean().Should().BeTrue();
        var queued = await QueueAsync(auth);
        queued.Select(row => row.SpaceId).Should().NotContain(shared).And.HaveCount(1);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_refused_clean_up_is_tried_again_later_and_survives_a_restart()
    {
        await using var mcp = await FakeMcp.StartAsync(HttpStatusCode.ServiceUnavailable, HttpStatusCode.InternalServerError, HttpStatusCode.NotFound);
        await using var auth = await AuthUnderTest.StartAsync(new() { ["MANA_MCP_URL"] = mcp.Url });
        var id = await auth.NewPersonaAsync("persona.anna@mana.test");
        await auth.AdminAsync(HttpMethod.Delete, $"/api/v1/admin/personas/{id}");
        var (path, _) = await mcp.NextAsync();
        var row = await AttemptedAsync(auth, 1);
        row.NextAttemptAt.Should().Be(AuthUnderTest.Wednesday.AddSeconds(5));
        row.LastError.Should().Be("HTTP 503");

        await auth.RestartAsync();
        auth.Clock.Advance(TimeSpan.FromSeconds(5));
        (await mcp.NextAsync()).Path.Should().Be(path);
        (await AttemptedAsync(auth, 2)).NextAttemptAt.Should().Be(AuthUnderTest.Wednesday.AddSeconds(15));

        await auth.RestartAsync();
        auth.Clock.Advance(TimeSpan.FromSeconds(10));
        (await mcp.NextAsync()).Path.Should().Be(path);
        (await AttemptedAsync(auth, 3)).NextAttemptAt.Should().Be(AuthUnderTest.Wednesday.AddSeconds(60));

        await auth.RestartAsync();
        auth.Clock.Advance(TimeSpan.FromSeconds(45));
        (await mcp.NextAsync()).Path.Should().Be(path);
        await EmptyAsync(auth, TestContext.Current.CancellationToken);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_space_is_cleaned_once_more_when_nobody_can_believe_in_it_any_more()
    {
        await using var mcp = await FakeMcp.StartAsync(HttpStatusCode.OK, HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK);
        await using var auth = await AuthUnderTest.StartAsync(new() { ["MANA_MCP_URL"] = mcp.Url });
        var id = await auth.NewPersonaAsync("persona.anna@mana.test");
        await auth.AdminAsync(HttpMethod.Delete, $"/api/v1/admin/personas/{id}");
        var (path, _) = await mcp.NextAsync();
        var row = await AttemptedAsync(auth, 1);
        row.NextAttemptAt.Should().Be(AuthUnderTest.Wednesday.AddSeconds(60));
        row.LastError.Should().BeNull();

        await auth.RestartAsync();
        auth.Clock.Advance(TimeSpan.FromSeconds(60));
        (await mcp.NextAsync()).Path.Should().Be(path);
        (await AttemptedAsync(auth, 2)).LastError.Should().Be("HTTP 503");

        await auth.RestartAsync();
        auth.Clock.Advance(TimeSpan.FromSeconds(10));
        (await mcp.NextAsync()).Path.Should().Be(path);
        await EmptyAsync(auth, TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData(1, 5)]
    [InlineData(2, 10)]
    [InlineData(10, 2560)]
    [InlineData(11, 3600)]
    [InlineData(5000, 3600)]
    public void The_pause_grows_up_to_an_hour(int attempts, int seconds) =>
        SpaceCleanup.DelayAfter(attempts).Should().Be(TimeSpan.FromSeconds(seconds));

    private static async Task EmptyAsync(AuthUnderTest auth, CancellationToken cancellationToken)
    {
        while ((await QueueAsync(auth)).Count > 0)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private static async Task<SpaceCleanupRow> AttemptedAsync(AuthUnderTest auth, int attempts)
    {
        // The answer was sent before the row was updated; the row tells when.
        while (true)
        {
            if ((await QueueAsync(auth)).Single() is var row && row.Attempts == attempts)
            {
                return row;
            }

            await Task.Yield();
        }
    }

    private static Task<List<SpaceCleanupRow>> QueueAsync(AuthUnderTest auth) =>
        auth.Database.ReadAsync((db, ct) => db.GetTable<SpaceCleanupRow>().ToListAsync(ct), AuthUnderTest.Cancellation);

    private static async Task<string> OnlySpaceAsync(AuthUnderTest auth, SignedIn user) =>
        (await auth.SendAsync(HttpMethod.Get, "/api/auth/organization/list", bearer: user.AccessToken)).Json.EnumerateArray().Single().GetProperty("id").GetString()!;

    /// <summary>Answers deletions with the given statuses in order (the last one for ever) and keeps what it was asked.</summary>
    private sealed class FakeMcp : IAsyncDisposable
    {
        private readonly Channel<(string Path, string Key)> _requests = Channel.CreateUnbounded<(string, string)>();
        private readonly Queue<HttpStatusCode> _statuses;
        private HostUnderTest _host = null!;

        private FakeMcp(HttpStatusCode[] statuses) => _statuses = new Queue<HttpStatusCode>(statuses);

        public string Url => _host.Address.AbsoluteUri;

        public static async Task<FakeMcp> StartAsync(params HttpStatusCode[] statuses)
        {
            var fake = new FakeMcp(statuses);
            fake._host = await HostUnderTest.StartAsync(fake.Create, new Dictionary<string, string?>());
            return fake;
        }

        public async Task<(string Path, string Key)> NextAsync() => await _requests.Reader.ReadAsync(AuthUnderTest.Cancellation);

        public ValueTask DisposeAsync() => _host.DisposeAsync();

        private WebApplication Create(IConfiguration configuration, TimeProvider? clock)
        {
            var builder = Mana.Hosting.ServiceHost.CreateBuilder("fake-mcp", configuration, clock, new Mana.Hosting.SettingsReader(configuration), 0);
            var app = builder.Build();
            app.MapDelete("/{**path}", (HttpContext context) =>
            {
                var status = _statuses.Count > 1 ? _statuses.Dequeue() : _statuses.Peek();
                _requests.Writer.TryWrite((context.Request.Path.Value!, context.Request.Headers[ServiceKey.Header].ToString()));
                return Results.StatusCode((int)status);
            });
            return app;
        }
    }
}
