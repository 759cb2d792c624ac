using Mana.Auth;
using Mana.Hosting;
using Mana.Testing;

namespace Mana.Tests.Auth;

public sealed class AuthHostTests
{
    [Fact]
    public async Task Health_probes_the_database()
    {
        AuthDatabases.SkipUnlessSqlite();
        await using var auth = await AuthUnderTest.StartAsync();
        (await auth.SendAsync(HttpMethod.Get, "/health")).ShouldBe(
            200, $$"""{"status":"ok","service":"mana-auth","timestamp":"2026-11-25T10:00:00.000Z","version":"{{ServiceHost.Version}}"}""");
        await auth.Database.DisposeAsync();
        var file = Path.Combine(auth.DataPath, "auth.db");
        foreach (var path in Directory.GetFiles(auth.DataPath, "auth.db*").Where(path => !path.EndsWith(".lock", StringComparison.Ordinal)))
        {
            File.Delete(path);
        }

        Directory.CreateDirectory(file);
        var answer = await auth.SendAsync(HttpMethod.Get, "/health");
        answer.Status.Should().Be(503);
        answer.Json.GetProperty("status").GetString().Should().Be("unhealthy");
    }

    [Theory]
    [InlineData("trace-42", "trace-42")]
    [InlineData("sp ace", null)]
    [InlineData("grün", null)]
    public async Task A_request_id_that_no_header_can_carry_is_replaced(string given, string? expected)
    {
        await using var auth = await AuthUnderTest.StartAsync();
        using var client = new HttpClient(new SocketsHttpHandler { RequestHeaderEncodingSelector = (_, _) => System.Text.Encoding.UTF8 }) { BaseAddress = auth.Address };
        using var request = new HttpRequestMessage(HttpMethod.Get, "/health");
        request.Headers.TryAddWithoutValidation("X-Request-Id", given);

        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);

        response.IsSuccessStatusCode.Should().BeTrue();
        var id = response.Headers.GetValues("X-Request-Id").Single();
        id.Should().MatchRegex(expected is null ? "^[0-9a-f]{8}$" : $"^{expected}$");
    }

    [Theory]
    [InlineData("/gr%C3%BCn/?a=1", "/gr%C3%BCn?a=1")]
    [InlineData("/%5Cevil.example/", "/%5Cevil.example")]
    public async Task A_trailing_slash_redirect_stays_on_this_host_whatever_the_path(string path, string location)
    {
        await using var auth = await AuthUnderTest.StartAsync();
        using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = auth.Address };

        using var response = await client.GetAsync(path, TestContext.Current.CancellationToken);

        ((int)response.StatusCode, response.Headers.Location?.OriginalString).Should().Be((301, location));
    }

    [Fact]
    public async Task Metrics_count_sign_ins_by_result()
    {
        await using var auth = await AuthUnderTest.StartAsync();
        await auth.NewUserAsync("count@mana.test");
        await auth.SendAsync(HttpMethod.Post, "/api/v1/auth/login", new { email = "count@mana.test", password = "wrong password" });
        var metrics = (await auth.SendAsync(HttpMethod.Get, "/metrics")).Text;
        metrics.Should().MatchRegex("mana_auth_sign_ins_total\\{[^}]*result=\"ok\"[^}]*\\} 1\n");
        metrics.Should().MatchRegex("mana_auth_sign_ins_total\\{[^}]*result=\"INVALID_CREDENTIALS\"[^}]*\\} 1\n");
    }

    [Fact]
    public async Task Unknown_paths_wrong_methods_and_trailing_slashes_answer_as_in_the_contract()
    {
        await using var auth = await AuthUnderTest.StartAsync();
        foreach (var (method, path) in ((HttpMethod, string)[])[(HttpMethod.Get, "/nowhere"), (HttpMethod.Put, "/health"), (HttpMethod.Get, "/api/v1/auth/login")])
        {
            var answer = await auth.SendAsync(method, path);
            (answer.Status, answer.Text).Should().Be((404, "404 Not Found"));
            answer.Headers.Should().ContainKey("X-Request-Id");
        }

        var slash = await auth.SendAsync(HttpMethod.Get, "/nowhere/?a=b");
        (slash.Status, slash.Headers["Location"]).Should().Be((301, "/nowhere?a=b"));
        (await auth.SendAsync(HttpMethod.Get, "/health", headers: ("X-Request-Id", "mine"))).Headers["X-Request-Id"].Should().Be("mine");
    }

    [Fact]
    public async Task Cors_names_listed_origins_only_and_answers_preflights_itself()
    {
        await using var auth = await AuthUnderTest.StartAsync(new() { ["CORS_ORIGINS"] = "https://mana.how, https://app.mana.how/" });
        var listed = await auth.SendAsync(HttpMethod.Get, "/health", headers: ("Origin", "https://app.mana.how"));
        listed.Headers["Access-Control-Allow-Origin"].Should().Be("https://app.mana.how");
        listed.Headers["Access-Control-Allow-Credentials"].Should().Be("true");
        listed.Headers["Access-Control-Expose-Headers"].Should().Contain("Set-Cookie");

        var stranger = await auth.SendAsync(HttpMethod.Get, "/health", headers: ("Origin", "https://evil.test"));
        stranger.Status.Should().Be(200);
        stranger.Headers.Should().NotContainKey("Access-Control-Allow-Origin");

        var preflight = await auth.SendAsync(
            HttpMethod.Options, "/api/v1/auth/login", headers: [("Origin", "https://mana.how"), ("Access-Control-Request-Method", "POST")]);
        preflight.Status.Should().Be(204);
        preflight.Headers["Access-Control-Allow-Methods"].Should().Be("GET,HEAD,PUT,POST,DELETE,PATCH");
        preflight.Headers["Access-Control-Allow-Headers"].Should().Be("Content-Type,Authorization,X-Service-Key,X-App-Id");
    }

    [Fact]
    public void A_production_start_names_every_fault_at_once()
    {
        var configuration = HostUnderTest.Configuration(new Dictionary<string, string?>
        {
            ["NODE_ENV"] = "production",
            ["MANA_AUTH_SECRET"] = AuthSettings.DevelopmentSecret,
            ["BASE_URL"] = "mana.how",
            ["CORS_ORIGINS"] = "mana.how",
            ["MAX_DAILY_SIGNUPS"] = "many",
            ["DATABASE_URL"] = "postgresql://user:hunter2@",
        });
        var error = FluentActions.Invoking(() => AuthHost.Create(configuration)).Should().Throw<ConfigurationException>().Which.Message;
        foreach (var part in (string[])["MANA_SERVICE_KEY is missing", "MANA_AUTH_SECRET is the development value", "BASE_URL", "CORS_ORIGINS", "MAX_DAILY_SIGNUPS", "DATABASE_URL"])
        {
            error.Should().Contain(part);
        }

        error.Should().NotContain("hunter2");
    }

    [Theory]
    [InlineData("", "MANA_AUTH_SECRET is missing")]
    [InlineData("too short", "MANA_AUTH_SECRET must have at least 16 characters")]
    public void Production_needs_a_secret_of_its_own(string secret, string fault)
    {
        var configuration = HostUnderTest.Configuration(new Dictionary<string, string?>(RegistrationTests.Production()) { ["MANA_AUTH_SECRET"] = secret });
        FluentActions.Invoking(() => AuthHost.Create(configuration)).Should().Throw<ConfigurationException>().WithMessage($"*{fault}*");
    }
}
