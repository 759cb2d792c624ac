using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mana.Auth;
using Mana.Auth.SignIn;
using Mana.EndToEnd.Browser;
using Mana.EndToEnd.Mcp;
using Mana.Mcp;
using Mana.Testing;
using Microsoft.Extensions.Time.Testing;

namespace Mana.EndToEnd;

/// <summary>
/// A person connects a program of her own: the official TypeScript client finds its way from the gateway's 401, a real
/// browser signs in and consents, and what was allowed is what works, until it is taken back.
/// </summary>
public sealed class OAuthClientTests : IAsyncDisposable
{
    private const string Password = "correct horse battery";
    private const string Email = "person@mana.test";
    private const string AdminEmail = "admin@mana.test";

    // An access token lives for ten minutes.
    private static readonly TimeSpan BeyondAccess = TimeSpan.FromMinutes(11);

    private readonly TemporaryDirectory _data = new();

    // Browsers judge cookies by the real time.
    private readonly FakeTimeProvider _clock = new(TimeProvider.System.GetUtcNow());
    private readonly int _authPort = FreePorts.Take();
    private readonly int _mcpPort = FreePorts.Take();
    private HostUnderTest _auth = null!;
    private HostUnderTest _mcp = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string AuthUrl => string.Create(CultureInfo.InvariantCulture, $"http://localhost:{_authPort}");

    private Uri Gateway => new(string.Create(CultureInfo.InvariantCulture, $"http://localhost:{_mcpPort}/mcp"));

    public async ValueTask DisposeAsync()
    {
        foreach (var host in (HostUnderTest?[])[_mcp, _auth])
        {
            if (host is not null)
            {
                await host.DisposeAsync();
            }
        }

        _data.Dispose();
    }

    [Fact]
    public async Task A_person_signs_in_with_a_browser_and_the_client_works_until_the_grant_is_taken_back()
    {
        await using var chromium = await HeadlessChromium.StartAsync(Cancellation);
        await StartServicesAsync();
        await using var client = await TypeScriptClient.StartAsync(Gateway, Cancellation);
        var clientId = await RegisterAsync("Claude Code", "--for", "claude-code");

        var asked = await client.DoAsync("connect", new JsonObject { ["clientId"] = clientId }, Cancellation);
        await SignInAsync(chromium, asked);
        await AllowAsync(chromium, "Claude Code");
        var connected = await client.DoAsync("finish", null, Cancellation);

        ((string?)connected["scope"]).Should().Be("mana:read mana:write", connected.ToJsonString());
        (await client.RequestsAsync(Cancellation)).Should().StartWith("POST /mcp 401").And.ContainInOrder(
            "GET /.well-known/oauth-protected-resource/mcp 200",
            "GET /.well-known/oauth-authorization-server 200",
            "POST /oauth/token 200",
            "POST /mcp 200");
        (await CallAsync(client, "todo.create", """{"title":"Buy milk"}"""))["result"]!["structuredContent"]!["task"]!["title"]!.GetValue<string>().Should().Be("Buy milk");

        // The access token has expired: the client fetches another one, and the person notices nothing.
        await client.RequestsAsync(Cancellation);
        _clock.Advance(BeyondAccess);
        var listed = await CallAsync(client, "todo.list", "{}");
        listed["result"]!["structuredContent"]!["tasks"]!.AsArray().Should().ContainSingle(listed.ToJsonString());
        (await client.RequestsAsync(Cancellation)).Should().EndWith(["POST /oauth/token 200", "POST /mcp 200"]).And.StartWith("POST /mcp 401");

        await RevokeAsync(clientId);
        _clock.Advance(BeyondAccess);
        var ended = await CallAsync(client, "todo.list", "{}");

        ((string?)ended["authorize"]).Should().StartWith(AuthUrl + "/oauth/authorize?", "it has to ask the person again: {0}", ended.ToJsonString());
        (await client.RequestsAsync(Cancellation)).Should().Contain("POST /oauth/token 400").And.NotContain("POST /mcp 200");
        chromium.Errors.Should().BeEmpty();
    }

    [Fact]
    public async Task A_client_that_may_only_read_reads_and_cannot_write()
    {
        await using var chromium = await HeadlessChromium.StartAsync(Cancellation);
        await StartServicesAsync();
        await using var client = await TypeScriptClient.StartAsync(Gateway, Cancellation);
        var clientId = await RegisterAsync("Reader", "--redirect", "http://localhost/callback", "--read-only");

        var asked = await client.DoAsync("connect", new JsonObject { ["clientId"] = clientId }, Cancellation);
        await SignInAsync(chromium, asked);
        await AllowAsync(chromium, "Reader");
        var connected = await client.DoAsync("finish", null, Cancellation);

        ((string?)connected["scope"]).Should().Be("mana:read", connected.ToJsonString());
        (await CallAsync(client, "todo.list", "{}"))["result"].Should().NotBeNull();
        var written = await CallAsync(client, "todo.create", """{"title":"Buy milk"}""");

        // The SDK signs in again for the scope that it lacks, gets no more than before, and gives up.
        ((string?)written["refused"]).Should().Contain("403", written.ToJsonString());
        (await client.RequestsAsync(Cancellation)).Should().EndWith("POST /mcp 403");
        var list = await CallAsync(client, "todo.list", "{}");
        list["result"]!["structuredContent"]!["tasks"]!.AsArray().Should().BeEmpty(list.ToJsonString());
    }

    private static async Task SignInAsync(HeadlessChromium chromium, JsonObject asked)
    {
        var address = (string?)asked["authorize"];
        address.Should().NotBeNull(asked.ToJsonString());
        await chromium.OpenAsync(new Uri(address!), "document.querySelector('#password')", Cancellation);
        await chromium.EvaluateAsync<bool>(
            $"(document.querySelector('#email').value = '{Email}') && (document.querySelector('#password').value = '{Password}') && (document.querySelector('button.first').click() || true)", Cancellation);
    }

    private static async Task AllowAsync(HeadlessChromium chromium, string program)
    {
        await chromium.WaitAsync("document.querySelector('button[value=allow]')", Cancellation);
        (await chromium.EvaluateAsync<string>("document.querySelector('main').innerText", Cancellation)).Should().Contain(program).And.Contain(Email);
        await chromium.EvaluateAsync<bool>("document.querySelector('button[value=allow]').click() || true", Cancellation);
        await chromium.WaitAsync("document.querySelector('#back')", Cancellation);
    }

    private static Task<JsonObject> CallAsync(TypeScriptClient client, string tool, string arguments) =>
        client.CallAsync(tool, JsonNode.Parse(arguments)!.AsObject(), Cancellation);

    private async Task StartServicesAsync()
    {
        var common = new Dictionary<string, string?>
        {
            ["MANA_DATA"] = _data.Path,
            ["MANA_SERVICE_KEY"] = "oauth-service-key",
            ["MCP_PUBLIC_URL"] = Gateway.AbsoluteUri,
        };
        _auth = await HostUnderTest.StartAsync(
            AuthHost.Create, new Dictionary<string, string?>(common) { ["PORT"] = Text(_authPort), ["BASE_URL"] = AuthUrl }, _clock);
        _mcp = await HostUnderTest.StartAsync(
            McpHost.Create, new Dictionary<string, string?>(common) { ["PORT"] = Text(_mcpPort), ["MANA_AUTH_URL"] = AuthUrl }, _clock);
        await AdminAccounts.EnsureAsync(HostUnderTest.Configuration(common), AdminEmail, Password, null, Cancellation);
        (await _auth.Client.PostAsJsonAsync("/api/v1/auth/register", new { email = Email, password = Password }, Cancellation)).EnsureSuccessStatusCode();
    }

    /// <summary>As an administrator does it.</summary>
    private async Task<string> RegisterAsync(string name, params string[] options)
    {
        var settings = new Dictionary<string, string> { ["MANA_AUTH_URL"] = AuthUrl, ["MANA_ADMIN_EMAIL"] = AdminEmail, ["MANA_ADMIN_PASSWORD"] = Password };
        var added = await ManaProgram.RunAsync(settings, Cancellation, ["clients", "add", name, .. options, "--json"]);
        added.ExitCode.Should().Be(0, added.Everything);
        return JsonNode.Parse(added.Output)!["clientId"]!.GetValue<string>();
    }

    /// <summary>As the person does it, in her list of what she allowed.</summary>
    private async Task RevokeAsync(string clientId)
    {
        var login = await _auth.Client.PostAsJsonAsync("/api/v1/auth/login", new { email = Email, password = Password }, Cancellation);
        using var signedIn = JsonDocument.Parse(await login.Content.ReadAsStringAsync(Cancellation));
        var jwt = signedIn.RootElement.GetProperty("accessToken").GetString();
        var grants = JsonNode.Parse(await (await SendAsync(HttpMethod.Get, "")).Content.ReadAsStringAsync(Cancellation))!;
        var grant = grants["grants"]!.AsArray().Should().ContainSingle().Subject;
        grant!["clientId"]!.GetValue<string>().Should().Be(clientId);
        (await SendAsync(HttpMethod.Delete, "/" + grant["id"]!.GetValue<string>())).IsSuccessStatusCode.Should().BeTrue();

        async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path)
        {
            using var request = new HttpRequestMessage(method, "/api/v1/me/oauth-grants" + path);
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", jwt);
            return await _auth.Client.SendAsync(request, Cancellation);
        }
    }

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);
}
