using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Mana.Tests.Mcp;

/// <summary>Clients that mean harm: each ends in the right status, and the others are served meanwhile.</summary>
public sealed class HostileClientTests
{
    private const string ListTools = """{"jsonrpc":"2.0","id":1,"method":"tools/list"}""";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string> Forgeries =>
    [
        "alg none", "alg NoNe", "HS256 with the public key", "HS256 with the public key as JWK", "ES256 in the header", "key in the header", "key address in the header",
        "wrong audience", "expired", "not yet valid", "without expiry", "other subject under an old signature", "five parts", "a megabyte",
    ];

    [Theory]
    [MemberData(nameof(Forgeries))]
    public async Task A_forged_token_is_401(string kind)
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var token = Forge(mcp, kind);

        using var response = await mcp.PostAsync(ListTools);
        response.StatusCode.Should().Be(HttpStatusCode.OK, "the honest client beside it");
        HttpStatusCode status;
        using (var forged = await mcp.PostAsync(ListTools, request => request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token)))
        {
            status = forged.StatusCode;
        }

        status.Should().Be(kind == "a megabyte" ? HttpStatusCode.RequestHeaderFieldsTooLarge : HttpStatusCode.Unauthorized);
    }

    [Theory]
    [InlineData("Host", "localhost.evil.example", HttpStatusCode.Forbidden)]
    [InlineData("Host", "127.0.0.1.nip.io:3069", HttpStatusCode.Forbidden)]
    [InlineData("Host", "[::1].evil.example", HttpStatusCode.BadRequest)]
    [InlineData("Host", "localhost,evil.example", HttpStatusCode.BadRequest)]
    [InlineData("Origin", "http://localhost@evil.example", HttpStatusCode.Forbidden)]
    [InlineData("Origin", "http://evil.example#http://localhost", HttpStatusCode.Forbidden)]
    [InlineData("Origin", "file://", HttpStatusCode.Forbidden)]
    [InlineData("Origin", "http://127.0.0.1.evil.example", HttpStatusCode.Forbidden)]
    [InlineData("Origin", "javascript://localhost", HttpStatusCode.Forbidden)]
    [InlineData("X-Forwarded-Host", "evil.example", HttpStatusCode.OK)]
    [InlineData("X-Mana-Space", "space-anna,space-ben", HttpStatusCode.BadRequest)]
    [InlineData("X-Mana-Space", "space-ben", HttpStatusCode.Forbidden)]
    [InlineData("X-Mana-Space", "SPACE-ANNA", HttpStatusCode.Forbidden)]
    [InlineData("X-Mana-Space", "space-anna%2f..%2fspace-ben", HttpStatusCode.BadRequest)]
    public async Task A_tricky_header_gets_nobody_in(string header, string value, HttpStatusCode status)
    {
        await using var mcp = await McpUnderTest.StartAsync();
        mcp.Auth.Join("ben", "space-ben");
        var request = new StringBuilder("POST /mcp HTTP/1.1\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ").Append(ListTools.Length).Append("\r\n");
        foreach (var (name, own) in new[]
        {
            ("Host", mcp.Host.Address.Authority), ("Accept", "application/json, text/event-stream"), ("Authorization", $"Bearer {mcp.Token()}"), ("X-Mana-Space", McpUnderTest.Space),
        })
        {
            request.Append(name).Append(": ").Append(name == header ? value : own).Append("\r\n");
        }

        if (header is "Origin" or "X-Forwarded-Host")
        {
            request.Append(header).Append(": ").Append(value).Append("\r\n");
        }

        var answer = await RawHttp.SendAsync(mcp, request.Append("\r\n").Append(ListTools).ToString());

        answer.Should().StartWith($"HTTP/1.1 {(int)status} ");
    }

    [Theory]
    [InlineData("[", "]")]
    [InlineData("""{"a":""", "}")]
    public async Task Deep_json_is_400_wherever_it_is(string open, string close)
    {
        await using var mcp = await McpUnderTest.StartAsync();
        foreach (var body in (string[])
        [
            Deep(), """{"jsonrpc":"2.0","id":1,"method":"tools/call","params":""" + Deep() + "}", """{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":""" + Deep() + "}}",
        ])
        {
            using var response = await mcp.PostAsync(body);
            response.StatusCode.Should().Be(HttpStatusCode.BadRequest);
        }

        string Deep() => string.Concat(Enumerable.Repeat(open, 5000)) + "1" + string.Concat(Enumerable.Repeat(close, 5000));
    }

    [Fact]
    public async Task Who_sends_too_slowly_is_cut_off_and_holds_nobody_up()
    {
        await using var mcp = await McpUnderTest.StartAsync();
        var head = $"POST /mcp HTTP/1.1\r\nHost: {mcp.Host.Address.Authority}\r\nAuthorization: Bearer {mcp.Token()}\r\nX-Mana-Space: {McpUnderTest.Space}\r\n"
            + "Accept: application/json, text/event-stream\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"jsonrpc\"";
        var slow = Enumerable.Range(0, 20).Select(_ => RawHttp.SendAsync(mcp, head)).ToList();

        using var other = await mcp.PostAsync(ListTools);
        other.StatusCode.Should().Be(HttpStatusCode.OK);
        slow.Should().NotContain(task => task.IsCompleted, "the honest client was served while they still sent");
        (await Task.WhenAll(slow)).Should().AllSatisfy(answer => answer.Should().StartWith("HTTP/1.1 408 "));
    }

    [Fact]
    public async Task Who_reads_too_slowly_is_cut_off_and_holds_nobody_up()
    {
        await using var mcp = await McpUnderTest.StartAsync();

        // A small window, so that the machine itself holds little of what nobody reads.
        using var client = await RawHttp.ConnectAsync(mcp, receiveBuffer: 2048);
        var one = Encoding.ASCII.GetBytes(
            $"POST /mcp HTTP/1.1\r\nHost: {mcp.Host.Address.Authority}\r\nAuthorization: Bearer {mcp.Token()}\r\nX-Mana-Space: {McpUnderTest.Space}\r\n"
            + $"Accept: application/json, text/event-stream\r\nContent-Type: application/json\r\nContent-Length: {ListTools.Length}\r\n\r\n{ListTools}");
        var stream = client.GetStream();

        // Answers of many megabytes that nobody reads: the server must not wait for them for ever.
        var cut = async () =>
        {
            for (var i = 0; i < 1_000_000; i++)
            {
                await stream.WriteAsync(one, Cancellation);
            }
        };
        var sending = cut();
        using var other = await mcp.PostAsync(ListTools);
        other.StatusCode.Should().Be(HttpStatusCode.OK);
        await FluentActions.Awaiting(() => sending).Should().ThrowAsync<IOException>("the connection was closed by the server");
    }

    private static string Forge(McpUnderTest mcp, string kind)
    {
        var (auth, now, good) = (mcp.Auth, mcp.Clock.GetUtcNow(), mcp.Token());
        var parts = good.Split('.');
        var jwk = Convert.FromBase64String(Convert.ToBase64String(auth.Rotate("key-1").PublicKey.ToArray()));
        return kind switch
        {
            "alg none" => $"{Encode("""{"alg":"none","typ":"JWT","kid":"key-1"}""")}.{parts[1]}.",
            "alg NoNe" => $"{Encode("""{"alg":"NoNe","typ":"JWT","kid":"key-1"}""")}.{parts[1]}.{parts[2]}",
            "HS256 with the public key" => Hmac(jwk),
            "HS256 with the public key as JWK" => Hmac(Encoding.ASCII.GetBytes(Base64UrlEncoder.Encode(jwk))),
            "ES256 in the header" => $"{Encode("""{"alg":"ES256","typ":"JWT","kid":"key-1"}""")}.{parts[1]}.{parts[2]}",
            "key in the header" => auth.Token(McpUnderTest.Anna, now, key: FakeAuth.StrangeKey("key-1")),
            "key address in the header" => $"{Encode("""{"alg":"EdDSA","typ":"JWT","kid":"key-1","jku":"http://127.0.0.1:1/keys"}""")}.{parts[1]}.{parts[2]}",
            "wrong audience" => auth.Token(McpUnderTest.Anna, now, audience: "mana-auth"),
            "expired" => auth.Token(McpUnderTest.Anna, now.AddMinutes(-15).AddSeconds(-30)),
            "not yet valid" => Signed(now, notBefore: now.AddMinutes(1)),
            "without expiry" => Signed(now, notBefore: null),
            "other subject under an old signature" => $"{parts[0]}.{Encode(Base64UrlEncoder.Decode(parts[1]).Replace("\"anna\"", "\"ben\"", StringComparison.Ordinal))}.{parts[2]}",
            "five parts" => $"{good}.x.y",
            _ => good + new string('x', 1024 * 1024),
        };

        string Hmac(byte[] key)
        {
            var signed = $"{Encode("""{"alg":"HS256","typ":"JWT","kid":"key-1"}""")}.{parts[1]}";
            return $"{signed}.{Base64UrlEncoder.Encode(System.Security.Cryptography.HMACSHA256.HashData(key, Encoding.ASCII.GetBytes(signed)))}";
        }

        string Signed(DateTimeOffset at, DateTimeOffset? notBefore) => new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(new SecurityTokenDescriptor
        {
            Claims = new Dictionary<string, object> { ["sub"] = McpUnderTest.Anna },
            NotBefore = notBefore?.UtcDateTime,
            Expires = notBefore is null ? null : at.AddMinutes(15).UtcDateTime,
            Issuer = FakeAuth.Issuer,
            Audience = "mana",
            SigningCredentials = new SigningCredentials(auth.Rotate("key-1"), "EdDSA"),
        });
    }

    private static string Encode(string json) => Base64UrlEncoder.Encode(json);
}
