using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Mana.Tests.Mcp;

public sealed class AccessTests
{
    private const string ListTools = """{"jsonrpc":"2.0","id":1,"method":"tools/list"}""";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string, string> BadTokens => new()
    {
        { "garbage", "it is no JSON Web Token" },
        { "expired", "it has expired; sign in again" },
        { "audience", "it was made for another audience" },
        { "issuer", "it comes from another issuer" },
        { "signature", "its signature is wrong" },
        { "unknown key", "it was signed with an unknown key" },
        { "symmetric", "the algorithm must be EdDSA" },
        { "unsigned", "the algorithm must be EdDSA" },
        { "path", "its `sub` claim is no user id" },
    };

    [Theory]
    [InlineData(null)]
    [InlineData("bearer {0}")]
    [InlineData("Bearer ")]
    [InlineData("Basic YTpi")]
    public async Task Without_a_bearer_token_the_answer_is_401(string? authorization)
    {
        await using var mcp = await McpUnderTest.StartAsync();

        using var response = await mcp.PostAsync(ListTools, request =>
        {
            request.Headers.Authorization = null;
            if (authorization is not null)
            {
                request.Headers.TryAddWithoutValidation("Authorization", authorization.Replace("{0}", mcp.Token(), StringComparison.Ordinal));
            }
        });

        await ShouldBeAsync(response, HttpStatusCode.Unauthorized, "Missing or malformed Authorization header");
        response.Headers.WwwAuthenticate.Should().ContainSingle().Which.Scheme.Should().Be("Bearer");
    }

    [Theory]
    [MemberData(nameof(BadTokens))]
    public async Task A_token_that_is_not_good_is_401_with_the_reason(string kind, string reason)
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var now = mcp.Clock.GetUtcNow();
        var auth = mcp.Auth;
        var token = kind switch
        {
            "garbage" => "a.b",
            "expired" => auth.Token("anna", now.AddMinutes(-16)),
            "audience" => auth.Token("anna", now, audience: "other"),
            "issuer" => auth.Token("anna", now, issuer: "http://evil.test"),
            "signature" => auth.Token("anna", now, key: FakeAuth.StrangeKey("key-1")),
            "unknown key" => auth.Token("anna", now, key: FakeAuth.StrangeKey("key-9")),
            "symmetric" => new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
            {
                SigningCredentials = new SigningCredentials(new SymmetricSecurityKey(new byte[32]) { KeyId = "key-1" }, "HS256"),
            }),
            "unsigned" => new JsonWebTokenHandler().CreateToken("""{"sub":"anna","aud":"mana","iss":"http://auth.test"}"""),
            _ => auth.Token("../admin", now),
        };

        using var response = await mcp.PostAsync(ListTools, request => request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token));

        await ShouldBeAsync(response, HttpStatusCode.Unauthorized, $"Invalid token: {reason}");
        response.Headers.WwwAuthenticate.ToString().Should().StartWith("Bearer error=\"invalid_token\"");
    }

    [Fact]
    public async Task A_token_without_a_subject_is_401()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var token = mcp.Auth.Token(null, mcp.Clock.GetUtcNow());

        using var response = await mcp.PostAsync(ListTools, request => request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token));

        await ShouldBeAsync(response, HttpStatusCode.Unauthorized, "Token has no `sub` claim");
    }

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    public async Task Without_a_space_the_answer_is_400(string space)
    {
        await using var mcp = await McpUnderTest.StartAsync();

        using var response = await mcp.PostAsync(ListTools, request =>
        {
            request.Headers.Remove("X-Mana-Space");
            request.Headers.TryAddWithoutValidation("X-Mana-Space", space);
        });

        await ShouldBeAsync(response, HttpStatusCode.BadRequest, "Missing X-Mana-Space header (set to the active Space ID)");
    }

    [Theory]
    [InlineData("..", HttpStatusCode.BadRequest, "X-Mana-Space header is no Space ID")]
    [InlineData("a/b", HttpStatusCode.BadRequest, "X-Mana-Space header is no Space ID")]
    [InlineData("space-ben", HttpStatusCode.Forbidden, "You are not a member of the space in X-Mana-Space")]
    public async Task A_space_that_is_none_or_is_not_the_callers_is_refused(string space, HttpStatusCode status, string error)
    {
        await using var mcp = await McpUnderTest.StartAsync();
        mcp.Auth.Join("ben", "space-ben");

        using var response = await mcp.PostAsync(ListTools, request =>
        {
            request.Headers.Remove("X-Mana-Space");
            request.Headers.Add("X-Mana-Space", space);
        });

        await ShouldBeAsync(response, status, error);
    }

    [Fact]
    public async Task A_withdrawn_membership_ends_within_thirty_seconds()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        (await StatusAsync(mcp)).Should().Be(HttpStatusCode.OK);

        mcp.Auth.Leave(McpUnderTest.Anna, McpUnderTest.Space);
        mcp.Clock.Advance(TimeSpan.FromSeconds(30));

        (await StatusAsync(mcp)).Should().Be(HttpStatusCode.Forbidden);
        mcp.Auth.Join(McpUnderTest.Anna, McpUnderTest.Space);
        (await StatusAsync(mcp)).Should().Be(HttpStatusCode.OK, "a no is not remembered");
    }

    [Theory]
    [InlineData("/api/v1/internal/spaces/" + McpUnderTest.Space)]
    [InlineData("/api/v1/internal/users/" + McpUnderTest.Anna + "/records")]
    public async Task Nobody_writes_into_what_is_removed(string removal)
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var client = await mcp.ConnectAsync();
        await client.CallAsync("todo.create", """{"title":"x"}""");
        mcp.Auth.Leave(McpUnderTest.Anna, McpUnderTest.Space);
        using var request = new HttpRequestMessage(HttpMethod.Delete, removal);
        request.Headers.Add("X-Service-Key", FakeAuth.ServiceKeyValue);
        using var removed = await mcp.Host.Client.SendAsync(request, Cancellation);
        removed.StatusCode.Should().Be(HttpStatusCode.OK);

        using var late = await mcp.PostAsync("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"todo.create","arguments":{"title":"late"}}}""");

        late.StatusCode.Should().Be(HttpStatusCode.Forbidden, "the membership that was believed a moment ago is asked anew");
    }

    [Fact]
    public async Task A_membership_is_asked_once_for_many_calls_at_a_time()
    {
        await using var mcp = await McpUnderTest.StartAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => StatusAsync(mcp)));

        answers.Should().AllBeEquivalentTo(HttpStatusCode.OK);
        mcp.Auth.MembershipQuestions.Should().Be(1);
        mcp.Auth.KeyFetches.Should().Be(1);
    }

    [Fact]
    public async Task While_nothing_is_known_an_outage_of_mana_auth_is_503_and_ends_by_itself()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        mcp.Auth.IsAway = true;

        using var response = await mcp.PostAsync(ListTools);
        await ShouldBeAsync(response, HttpStatusCode.ServiceUnavailable, "mana-auth is not available right now; try again shortly");

        mcp.Auth.IsAway = false;
        mcp.Clock.Advance(TimeSpan.FromSeconds(5));
        (await StatusAsync(mcp)).Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Known_keys_stay_good_while_mana_auth_gives_none()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        (await StatusAsync(mcp)).Should().Be(HttpStatusCode.OK);

        mcp.Auth.AreKeysAway = true;
        mcp.Clock.Advance(TimeSpan.FromMinutes(6));

        (await StatusAsync(mcp)).Should().Be(HttpStatusCode.OK);
        mcp.Auth.Rotate("key-2");
        (await StatusAsync(mcp)).Should().Be(HttpStatusCode.ServiceUnavailable, "whether key-2 is published cannot be asked");
    }

    [Fact]
    public async Task Nobody_waits_for_slow_keys_whose_own_key_is_known()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        (await StatusAsync(mcp)).Should().Be(HttpStatusCode.OK);

        var release = new TaskCompletionSource();
        mcp.Auth.KeysHeld = release.Task;
        mcp.Clock.Advance(TimeSpan.FromMinutes(6));
        var asking = StatusAsync(mcp);
        while (mcp.Auth.KeyFetches < 2)
        {
            await Task.Yield();
        }

        (await StatusAsync(mcp)).Should().Be(HttpStatusCode.OK);
        asking.IsCompleted.Should().BeFalse("the answer came before the keys");
        release.SetResult();
        (await asking).Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_membership_that_cannot_be_asked_is_503()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        (await StatusAsync(mcp)).Should().Be(HttpStatusCode.OK);

        mcp.Auth.IsAway = true;
        mcp.Clock.Advance(TimeSpan.FromSeconds(31));

        (await StatusAsync(mcp)).Should().Be(HttpStatusCode.ServiceUnavailable);
    }

    [Fact]
    public async Task A_service_key_that_mana_auth_refuses_is_503_and_not_the_callers_fault()
    {
        await using var mcp = await McpUnderTest.StartAsync(("MANA_SERVICE_KEY", "another"));

        (await StatusAsync(mcp)).Should().Be(HttpStatusCode.ServiceUnavailable);
    }

    [Fact]
    public async Task A_new_key_is_fetched_when_a_token_names_it()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var old = mcp.Token();
        (await StatusAsync(mcp)).Should().Be(HttpStatusCode.OK);

        mcp.Clock.Advance(TimeSpan.FromSeconds(10));
        mcp.Auth.Rotate("key-2");

        (await StatusAsync(mcp)).Should().Be(HttpStatusCode.OK);
        (await StatusAsync(mcp, old)).Should().Be(HttpStatusCode.OK, "the earlier key is still published");
        mcp.Auth.KeyFetches.Should().Be(2);
    }

    [Fact]
    public async Task Made_up_key_ids_do_not_hammer_mana_auth()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var tokens = Enumerable.Range(0, 40).Select(i => mcp.Auth.Token("anna", mcp.Clock.GetUtcNow(), key: FakeAuth.StrangeKey($"junk-{i}")));

        var answers = await Task.WhenAll(tokens.Select(token => StatusAsync(mcp, token)));

        answers.Should().AllBeEquivalentTo(HttpStatusCode.Unauthorized);
        mcp.Auth.KeyFetches.Should().Be(1);
    }

    [Fact]
    public async Task Spaces_do_not_see_each_other()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var anna = await mcp.ConnectAsync();
        var ben = await mcp.ConnectAsync("ben", "space-ben");
        var id = (string)(await anna.CallAsync("notes.create", """{"title":"secret"}"""))["note"]!["id"]!;

        (await ben.CallAsync("notes.search"))["notes"]!.AsArray().Should().BeEmpty();
        foreach (var tool in (string[])["notes.get", "notes.update", "notes.delete"])
        {
            (await ben.FailAsync(tool, $$"""{"id":"{{id}}"}""")).Should().Contain("There is no note with id");
        }

        (await anna.CallAsync("notes.search")).Texts("notes", "title").Should().Equal("secret");
    }

    [Fact]
    public async Task Members_of_one_space_share_its_records_and_authors_are_kept()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var anna = await mcp.ConnectAsync(space: "family");
        var ben = await mcp.ConnectAsync("ben", "family");

        await anna.CallAsync("todo.create", """{"title":"milk"}""");

        (await ben.CallAsync("todo.list")).Texts("tasks", "authorId").Should().Equal("anna");
    }

    private static async Task<HttpStatusCode> StatusAsync(McpUnderTest mcp, string? token = null)
    {
        using var response = await mcp.PostAsync(ListTools, request =>
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token ?? mcp.Token()));
        return response.StatusCode;
    }

    private static async Task ShouldBeAsync(HttpResponseMessage response, HttpStatusCode status, string error)
    {
        var body = await response.Content.ReadAsStringAsync(Cancellation);
        response.StatusCode.Should().Be(status, because: body);
        response.Content.Headers.ContentType!.MediaType.Should().Be("application/json");
        JsonNode.Parse(body)!["error"]!.GetValue<string>().Should().Be(error);
    }
}
