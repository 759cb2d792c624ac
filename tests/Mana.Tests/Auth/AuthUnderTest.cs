using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Mana.Auth;
using Mana.Auth.SignIn;
using Mana.Hosting.Identity;
using Mana.Hosting.Storage;
using Mana.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Mana.Tests.Auth;

/// <summary>
/// mana-auth on a data directory of its own (or a PostgreSQL database, see <see cref="AuthDatabases"/>), with a clock that
/// stands on a Wednesday until it is moved.
/// </summary>
public sealed class AuthUnderTest : IAsyncDisposable
{
    public const string Password = "correct horse battery";
    public const string AdminEmail = "admin@mana.test";

    public static readonly DateTimeOffset Wednesday = new(2026, 11, 25, 10, 0, 0, TimeSpan.Zero);

    private readonly TemporaryDirectory _directory;
    private readonly Dictionary<string, string?> _settings;
    private HostUnderTest _host;
    private string? _adminToken;

    private AuthUnderTest(TemporaryDirectory directory, Dictionary<string, string?> settings, HostUnderTest host, FakeTimeProvider clock)
    {
        _directory = directory;
        _settings = settings;
        _host = host;
        Clock = clock;
    }

    public Uri Address => _host.Address;

    public FakeTimeProvider Clock { get; }

    public HttpClient Client => _host.Client;

    public IServiceProvider Services => _host.Services;

    public string DataPath => _directory.Path;

    internal ServiceDatabase Database => Services.GetRequiredService<ServiceDatabase>();

    public static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task<AuthUnderTest> StartAsync(Dictionary<string, string?>? settings = null, DateTimeOffset? now = null)
    {
        var directory = new TemporaryDirectory();
        var all = new Dictionary<string, string?>(settings ?? []) { ["MANA_DATA"] = directory.Path };

        // A port that nothing listens on: the clean-up of spaces must not reach a real service.
        all.TryAdd("MANA_MCP_URL", "http://127.0.0.1:9");
        if (await AuthDatabases.NewAsync() is { } url)
        {
            all.TryAdd(DatabaseSettings.UrlKey, url);
        }

        var clock = new FakeTimeProvider(now ?? Wednesday);
        return new AuthUnderTest(directory, all, await HostUnderTest.StartAsync(AuthHost.Create, all, clock), clock);
    }

    /// <summary>Stops the service and starts it again on the same data.</summary>
    public async Task RestartAsync(params (string Key, string Value)[] changes)
    {
        await _host.DisposeAsync();
        foreach (var (key, value) in changes)
        {
            _settings[key] = value;
        }

        _host = await HostUnderTest.StartAsync(AuthHost.Create, _settings, Clock);
        _adminToken = null;
    }

    /// <summary>Another node on the same database (PostgreSQL only: SQLite is locked); the caller ends it.</summary>
    public Task<HostUnderTest> StartBesideAsync() => HostUnderTest.StartAsync(AuthHost.Create, _settings, Clock);

    public Task<AdminAccountResult> EnsureAdminAsync(string email = AdminEmail, string password = Password) =>
        AdminAccounts.EnsureAsync(HostUnderTest.Configuration(_settings), email, password, null, Cancellation);

    public async Task<string> AdminTokenAsync()
    {
        if (_adminToken is null)
        {
            await EnsureAdminAsync();
            _adminToken = (await LoginAsync(AdminEmail)).AccessToken;
        }

        return _adminToken;
    }

    /// <summary>Signs in again as administrator: the clock was moved past the token's end.</summary>
    public void ForgetAdminToken() => _adminToken = null;

    public async Task<JsonElement> RegisterAsync(string email, string password = Password)
    {
        var answer = await SendAsync(HttpMethod.Post, "/api/v1/auth/register", new { email, password });
        answer.Status.Should().Be(200, answer.Text);
        return answer.Json;
    }

    public async Task<SignedIn> LoginAsync(string email, string password = Password)
    {
        var answer = await SendAsync(HttpMethod.Post, "/api/v1/auth/login", new { email, password });
        answer.Status.Should().Be(200, answer.Text);
        return new SignedIn(
            answer.Json.GetProperty("user").GetProperty("id").GetString()!,
            answer.Json.GetProperty("token").GetString()!,
            answer.Json.GetProperty("accessToken").GetString()!,
            answer.Cookies.Single(cookie => cookie.Contains("session_token", StringComparison.Ordinal)).Split(';')[0]);
    }

    public async Task<SignedIn> NewUserAsync(string email)
    {
        await RegisterAsync(email);
        return await LoginAsync(email);
    }


    public Task<Answer> UpsertAsync(object body) => AdminAsync(HttpMethod.Post, "/api/v1/admin/personas", body);

    public async Task<string> NewPersonaAsync(string email, string cadence = "daily", string password = Password)
    {
        var answer = await UpsertAsync(Persona(email, cadence, password));
        answer.Status.Should().Be(200, answer.Text);
        return answer.Json.GetProperty("userId").GetString()!;
    }

    public static Dictionary<string, object?> Persona(string email, string cadence = "daily", string password = Password) => new()
    {
        ["email"] = email,
        ["name"] = "Anna",
        ["password"] = password,
        ["archetype"] = "adhd-student",
        ["systemPrompt"] = "Du bist Anna und studierst.",
        ["moduleMix"] = new Dictionary<string, double> { ["todo"] = 0.6, ["journal"] = 0.4 },
        ["tickCadence"] = cadence,
    };

    public async Task<Answer> AdminAsync(HttpMethod method, string path, object? body = null)
    {
        var token = await AdminTokenAsync();
        return await SendAsync(method, path, body, bearer: token);
    }

    public Task<Answer> InternalAsync(HttpMethod method, string path, object? body = null) =>
        SendAsync(method, path, body, headers: (ServiceKey.Header, ServiceKey.DevelopmentValue));

    public async Task<IReadOnlyList<string>> DueEmailsAsync(string query = "")
    {
        var answer = await InternalAsync(HttpMethod.Get, "/api/v1/internal/personas/due" + query);
        answer.Status.Should().Be(200, answer.Text);
        return [.. answer.Json.GetProperty("personas").EnumerateArray().Select(persona => persona.GetProperty("email").GetString()!)];
    }

    /// <summary>Sends a body as JSON, or a string as it is.</summary>
    public async Task<Answer> SendAsync(
        HttpMethod method, string path, object? body = null, string? bearer = null, string? cookie = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is string text)
        {
            request.Content = new StringContent(text, Encoding.UTF8, "application/json");
        }
        else if (body is not null)
        {
            request.Content = JsonContent.Create(body);
        }

        if (bearer is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", bearer);
        }

        if (cookie is not null)
        {
            request.Headers.Add("Cookie", cookie);
        }

        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await Client.SendAsync(request, Cancellation);
        var all = response.Headers.Concat(response.Content.Headers)
            .ToDictionary(header => header.Key, header => string.Join(", ", header.Value), StringComparer.OrdinalIgnoreCase);
        var cookies = response.Headers.TryGetValues("Set-Cookie", out var set) ? set.ToList() : [];
        return new Answer((int)response.StatusCode, await response.Content.ReadAsStringAsync(Cancellation), all, cookies);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        _directory.Dispose();
    }
}

/// <summary>What a sign-in gives.</summary>
public sealed record SignedIn(string UserId, string Token, string AccessToken, string Cookie);

/// <summary>A response, read to its end.</summary>
public sealed record Answer(int Status, string Text, IReadOnlyDictionary<string, string> Headers, IReadOnlyList<string> Cookies)
{
    public JsonElement Json
    {
        get
        {
            using var document = JsonDocument.Parse(Text);
            return document.RootElement.Clone();
        }
    }

    /// <summary>Asserts the status and, member for member, the JSON.</summary>
    public void ShouldBe(int status, string json)
    {
        Status.Should().Be(status, Text);
        using var expected = JsonDocument.Parse(json);
        JsonElement.DeepEquals(Json, expected.RootElement).Should().BeTrue($"{Text} should be {json}");
    }
}

/// <summary>One service for the tests of a class that do not move the clock.</summary>
public sealed class AuthFixture : IAsyncLifetime
{
    public AuthUnderTest Auth { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Auth = await AuthUnderTest.StartAsync();

    public ValueTask DisposeAsync() => Auth.DisposeAsync();
}
