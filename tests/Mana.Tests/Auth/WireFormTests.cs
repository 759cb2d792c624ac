using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Mana.Tests.Auth;

/// <summary>The small print of the wire: spellings, headers and odd paths.</summary>
public sealed class WireFormTests(AuthFixture fixture) : IClassFixture<AuthFixture>
{
    private AuthUnderTest Auth => fixture.Auth;

    [Fact]
    public async Task Texts_go_out_as_they_are_written()
    {
        var answer = await Auth.UpsertAsync(new { });
        answer.Text.Should().Contain("password ≥ 8 chars required");

        var persona = await Auth.NewPersonaAsync("spelling@mana.test");
        (await Auth.InternalAsync(HttpMethod.Post, $"/api/v1/internal/personas/{persona}/actions", new { })).Text
            .Should().Be("""{"error":"`actions` array required"}""");
    }

    [Theory]
    [InlineData("two words")]
    [InlineData("umläut")]
    public async Task A_request_id_that_is_no_plain_word_is_replaced(string id)
    {
        // By hand: HttpClient sends ASCII only.
        using var client = new TcpClient();
        await client.ConnectAsync(Auth.Client.BaseAddress!.Host, Auth.Client.BaseAddress.Port, AuthUnderTest.Cancellation);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.UTF8.GetBytes($"GET /health HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: {id}\r\nConnection: close\r\n\r\n"), AuthUnderTest.Cancellation);
        using var reader = new StreamReader(stream);
        var answer = await reader.ReadToEndAsync(AuthUnderTest.Cancellation);
        answer.Should().StartWith("HTTP/1.1 200").And.MatchRegex("X-Request-Id: [0-9a-f]{8}\r\n");
    }

    [Theory]
    [InlineData("/health/", "/health")]
    [InlineData("/health/?a=b", "/health?a=b")]
    [InlineData("/%C3%BC/", "/%C3%BC")]
    [InlineData("/%5Cevil.example/", "/%5Cevil.example")]
    [InlineData("/a%0D%0AX:%20y/", "/a%0D%0AX:%20y")]
    public async Task A_slash_at_the_end_is_redirected_to_the_path_itself(string path, string location)
    {
        var answer = await Auth.SendAsync(HttpMethod.Get, path);
        (answer.Status, answer.Headers["Location"]).Should().Be((301, location));
    }

    [Fact]
    public async Task Head_is_answered_like_get_without_the_body()
    {
        var answer = await Auth.SendAsync(HttpMethod.Head, "/health");
        (answer.Status, answer.Text).Should().Be((200, ""));
        (await Auth.SendAsync(HttpMethod.Head, "/api/v1/auth/login")).Status.Should().Be(404);
    }

    [Fact]
    public async Task An_encrypted_token_is_no_valid_one_and_no_failure_of_ours()
    {
        var head = (await Auth.NewUserAsync("five@mana.test")).AccessToken.Split('.')[0];
        var token = head + ".a.b.c.d";
        (await Auth.SendAsync(HttpMethod.Get, "/api/auth/organization/list", bearer: token)).Status.Should().Be(401);
        (await Auth.SendAsync(HttpMethod.Get, "/api/v1/admin/personas", bearer: token)).Status.Should().Be(401);
        (await Auth.SendAsync(HttpMethod.Post, "/api/v1/auth/validate", new { token })).ShouldBe(200, """{"valid":false}""");
    }

    [Fact]
    public async Task The_header_of_a_token_has_the_contract_s_members_only()
    {
        var token = (await Auth.NewUserAsync("header@mana.test")).AccessToken;
        var text = token.Split('.')[0].Replace('-', '+').Replace('_', '/');
        using var header = JsonDocument.Parse(Convert.FromBase64String(text.PadRight((text.Length + 3) / 4 * 4, '=')));
        header.RootElement.EnumerateObject().Select(member => member.Name).Should().Equal("alg", "kid");
    }

    [Theory]
    [InlineData("""{"email":null,"password":"xxxxxxxx"}""", "[body.email] Invalid input: expected string, received null")]
    [InlineData("""{"email":"a\u0000@b.c","password":"xxxxxxxx"}""", "[body.email] Invalid input: expected text without NUL and half surrogate pairs")]
    [InlineData("""{"email":"\ud800@b.c","password":"xxxxxxxx"}""", "[body.email] Invalid input: expected text without NUL and half surrogate pairs")]
    public async Task Credentials_of_the_wrong_kind_are_named(string body, string message)
    {
        var answer = await Auth.SendAsync(HttpMethod.Post, "/api/v1/auth/login", body);
        (answer.Status, answer.Json.GetProperty("message").GetString()).Should().Be((400, message));
    }

    [Theory]
    [InlineData("11/24/2026")]
    [InlineData("Nov 24 2026")]
    [InlineData("2026-11-24")]
    public async Task The_time_of_an_outcome_is_iso_8601_or_refused(string time)
    {
        var persona = await Auth.NewPersonaAsync("times@mana.test");
        var answer = await Auth.InternalAsync(HttpMethod.Post, $"/api/v1/internal/personas/{persona}/ticks", new
        {
            tickId = "t1",
            outcome = "idle",
            startedAt = time,
            endedAt = "2026-11-25T09:00:00Z",
            brain = "simulated",
            toolCalls = 0,
        });
        answer.ShouldBe(400, """{"error":"`startedAt` and `endedAt` must be ISO 8601 times in that order"}""");
    }

    [Fact]
    public async Task A_wrong_cron_expression_is_named_as_one()
    {
        var answer = await Auth.UpsertAsync(AuthUnderTest.Persona("cron@mana.test", "cron:whenever"));
        answer.Status.Should().Be(400);
        answer.Text.Should().Contain("is no cron expression of five fields");
    }

    [Fact]
    public async Task Health_tells_when_the_database_file_is_gone()
    {
        AuthDatabases.SkipUnlessSqlite();
        await using var auth = await AuthUnderTest.StartAsync();
        (await auth.SendAsync(HttpMethod.Get, "/health")).Status.Should().Be(200);
        var file = Path.Combine(auth.DataPath, "auth.db");
        File.Move(file, file + ".away");
        var answer = await auth.SendAsync(HttpMethod.Get, "/health");
        File.Move(file + ".away", file);
        (answer.Status, answer.Json.GetProperty("status").GetString()).Should().Be((503, "unhealthy"));
    }
}
