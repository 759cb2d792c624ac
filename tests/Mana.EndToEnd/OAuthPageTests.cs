using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Mana.Auth;
using Mana.Auth.SignIn;
using Mana.EndToEnd.Browser;
using Mana.Hosting;
using Mana.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Mana.EndToEnd;

/// <summary>Sign-in and consent in a real browser: its policies about forms, cookies and redirects are not ours to imitate.</summary>
public sealed class OAuthPageTests : IDisposable
{
    private const string Password = "correct horse battery";
    private const string Email = "person@mana.test";
    private const string Verifier = "a-verifier-of-at-least-forty-three-characters-0123456789";

    private readonly TemporaryDirectory _data = new();
    private readonly TaskCompletionSource<string> _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task A_person_signs_in_says_yes_and_is_back_at_the_program_with_a_code()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        await using var chromium = await HeadlessChromium.StartAsync(cancellationToken);
        var settings = new Dictionary<string, string?> { ["MANA_DATA"] = _data.Path, ["MANA_MCP_URL"] = "http://127.0.0.1:9", ["MCP_PUBLIC_URL"] = "http://localhost:3069/mcp" };
        await using var auth = await HostUnderTest.StartAsync(AuthHost.Create, settings);
        await using var program = await HostUnderTest.StartAsync(CreateProgram, new Dictionary<string, string?>());
        var client = await RegisterAsync(auth, settings, cancellationToken);
        var callback = $"http://127.0.0.1:{program.Address.Port}/callback";
        var challenge = Convert.ToBase64String(SHA256.HashData(Encoding.ASCII.GetBytes(Verifier))).TrimEnd('=').Replace('+', '-').Replace('/', '_');
        var address = new Uri(auth.Address, $"/oauth/authorize?response_type=code&client_id={client}&redirect_uri={Uri.EscapeDataString(callback)}"
            + $"&code_challenge={challenge}&code_challenge_method=S256&state=s%26t&scope=mana%3Aread&resource={Uri.EscapeDataString("http://localhost:3069/mcp")}");

        await chromium.OpenAsync(address, "document.querySelector('#password') && getComputedStyle(document.querySelector('button.first')).fontWeight === '600'", cancellationToken);
        await SignInAsync("wrong password");
        await chromium.WaitAsync("document.querySelector('.notice')", cancellationToken);
        await SignInAsync(Password);
        await chromium.WaitAsync("document.querySelector('button[value=allow]')", cancellationToken);
        (await chromium.EvaluateAsync<string>("document.querySelector('main').innerText", cancellationToken)).Should().Contain("My program").And.Contain(Email);
        await chromium.EvaluateAsync<bool>("document.querySelector('button[value=allow]').click() || true", cancellationToken);
        await chromium.WaitAsync($"location.href.startsWith('{callback}?code=')", cancellationToken);

        var query = (await _answered.Task.WaitAsync(cancellationToken)).TrimStart('?').Split('&').Select(part => part.Split('=')).ToDictionary(part => part[0], part => Uri.UnescapeDataString(part[1]));
        query["state"].Should().Be("s&t");
        query["iss"].Should().Be("http://localhost:3001");
        using var form = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["grant_type"] = "authorization_code",
            ["client_id"] = client,
            ["code"] = query["code"],
            ["code_verifier"] = Verifier,
            ["redirect_uri"] = callback,
        });
        var token = await auth.Client.PostAsync("/oauth/token", form, cancellationToken);
        token.IsSuccessStatusCode.Should().BeTrue(await token.Content.ReadAsStringAsync(cancellationToken));

        // The wrong password is answered with 401, which the browser reports; anything else would be a fault of the page.
        chromium.Errors.Should().OnlyContain(error => error.Contains("401", StringComparison.Ordinal));

        async Task SignInAsync(string password)
        {
            await chromium.EvaluateAsync<bool>(
                $"(document.querySelector('#email').value = '{Email}') && (document.querySelector('#password').value = '{password}') && (document.querySelector('button.first').click() || true)", cancellationToken);
        }
    }

    private static async Task<string> RegisterAsync(HostUnderTest auth, Dictionary<string, string?> settings, CancellationToken cancellationToken)
    {
        await auth.Client.PostAsJsonAsync("/api/v1/auth/register", new { email = Email, password = Password }, cancellationToken);
        await AdminAccounts.EnsureAsync(HostUnderTest.Configuration(settings), "admin@mana.test", Password, null, cancellationToken);
        var login = await auth.Client.PostAsJsonAsync("/api/v1/auth/login", new { email = "admin@mana.test", password = Password }, cancellationToken);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/admin/oauth-clients")
        {
            Content = JsonContent.Create(new { name = "My program", redirectUris = new[] { "http://127.0.0.1/callback" } }),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", await MemberAsync(login, "accessToken", cancellationToken));
        return await MemberAsync(await auth.Client.SendAsync(request, cancellationToken), "clientId", cancellationToken);
    }

    private static async Task<string> MemberAsync(HttpResponseMessage response, string member, CancellationToken cancellationToken)
    {
        using var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync(cancellationToken));
        return body.RootElement.GetProperty(member).GetString()!;
    }

    private WebApplication CreateProgram(Microsoft.Extensions.Configuration.IConfiguration configuration, TimeProvider? clock)
    {
        var app = ServiceHost.CreateBuilder("program", configuration, clock, new SettingsReader(configuration), 0).Build();
        app.MapGet("/callback", (HttpContext context) =>
        {
            _answered.TrySetResult(context.Request.QueryString.Value ?? "");
            return Results.Text("<!doctype html><link rel=\"icon\" href=\"data:,\"><p>back", "text/html");
        });
        return app;
    }
}
