using System.Net.Http.Json;
using System.Text.Json.Serialization.Metadata;
using Mana.Auth;
using Mana.Auth.SignIn;
using Mana.Cli.Catalog;
using Mana.Cli.Clients;
using Mana.Cli.Commands.Seed;
using Mana.Contracts;
using Mana.Mcp;
using Mana.PersonaRunner;
using Mana.PersonaRunner.Brains.Simulated;
using Mana.Testing;
using Mana.Tests.Cli;
using Microsoft.Extensions.Time.Testing;

namespace Mana.Tests.Fleet;

/// <summary>mana-auth, mana-mcp and the runner as they are, on free ports and one movable clock, with everything of the catalog.</summary>
internal sealed class Fleet : IAsyncDisposable
{
    private const string AdminEmail = "admin@mana.test";
    private const string AdminPassword = "fleet-admin-password";

    // The visits follow from it and not from the ticks' random ids: a test that counts them counts the same ones each time.
    private const int Seed = 1;

    private readonly TemporaryDirectory _directory = new();

    private Fleet(FakeTimeProvider clock) => Clock = clock;

    public FakeTimeProvider Clock { get; }

    public HostUnderTest Auth { get; private set; } = null!;

    public HostUnderTest Mcp { get; private set; } = null!;

    public HostUnderTest Runner { get; private set; } = null!;

    public string AdminJwt { get; private set; } = "";

    /// <param name="start">The domain clock's first moment.</param>
    /// <param name="settings">Beyond the addresses and secrets; the loop is paused, so that ticks run when the test says so.</param>
    public static async Task<Fleet> StartAsync(DateTimeOffset start, params (string Key, string? Value)[] settings)
    {
        var fleet = new Fleet(new FakeTimeProvider(start));
        await fleet.StartHostsAsync(settings);
        return fleet;
    }

    /// <summary>A command of <c>mana</c> that talks to these services.</summary>
    public Task<CliRun> RunAsync(params string[] args) => CliRun.RunAsync(
        _directory.Path,
        new Dictionary<string, string>
        {
            ["MANA_AUTH_URL"] = Auth.Address.AbsoluteUri,
            ["MANA_MCP_URL"] = Mcp.Address.AbsoluteUri,
            ["MANA_ADMIN_EMAIL"] = AdminEmail,
            ["MANA_ADMIN_PASSWORD"] = AdminPassword,
        },
        "",
        services: null,
        args);

    /// <summary>Runs the personas of the scope and waits until each tick has ended and is delivered.</summary>
    public async Task<IReadOnlyList<TickDetail>> TickAsync(string scope, CancellationToken cancellationToken)
    {
        var response = await Runner.Client.PostAsJsonAsync("/api/v1/ticks", new RunTicksRequest(scope), RunnerJson.Default.RunTicksRequest, cancellationToken);
        response.EnsureSuccessStatusCode();
        var started = (await response.Content.ReadFromJsonAsync(RunnerJson.Default.RunTicksResponse, cancellationToken))!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(2));
        var ended = new List<TickDetail>();
        foreach (var tick in started.Ticks)
        {
            TickDetail? detail;
            do
            {
                await Task.Yield();
                detail = await Runner.Client.GetFromJsonAsync($"/api/v1/ticks/{tick.TickId}", RunnerJson.Default.TickDetail, limit.Token);
            }
            while (detail is not { Tick.Delivered: true });

            ended.Add(detail);
        }

        return ended;
    }

    public Task<PersonaListResponse> PersonasAsync(CancellationToken cancellationToken) =>
        AdminAsync("/api/v1/admin/personas", AuthJson.Default.PersonaListResponse, cancellationToken);

    public Task<PersonaDetailResponse> PersonaAsync(UserId id, CancellationToken cancellationToken) =>
        AdminAsync($"/api/v1/admin/personas/{id}", AuthJson.Default.PersonaDetailResponse, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        foreach (var host in (HostUnderTest?[])[Runner, Mcp, Auth])
        {
            if (host is not null)
            {
                await host.DisposeAsync();
            }
        }

        _directory.Dispose();
    }

    private async Task StartHostsAsync((string Key, string? Value)[] settings)
    {
        var common = new Dictionary<string, string?>
        {
            ["MANA_DATA"] = _directory.Path,
            ["MANA_SERVICE_KEY"] = "fleet-service-key",
            ["JWT_ISSUER"] = "http://localhost:3001",
        };
        foreach (var (key, value) in settings)
        {
            common[key] = value;
        }

        Auth = await HostUnderTest.StartAsync(AuthHost.Create, common, Clock);
        common["MANA_AUTH_URL"] = Auth.Address.ToString();
        Mcp = await HostUnderTest.StartAsync(McpHost.Create, common, Clock);
        common["MANA_MCP_URL"] = Mcp.Address.ToString();
        await AdminAccounts.EnsureAsync(HostUnderTest.Configuration(common), AdminEmail, AdminPassword, null, CancellationToken.None);
        await SignInAsync();
        await SeedAsync();
        var runner = new Dictionary<string, string?>(common) { ["RUNNER_PAUSED"] = "true", ["PERSONA_CONCURRENCY"] = "4" };
        Runner = await HostUnderTest.StartAsync((configuration, clock) => RunnerHost.Create(configuration, clock, SimulatedBrain.Create(Seed)), runner, Clock);
    }

    /// <summary>A token lasts 15 minutes of domain time: call again after moving the clock.</summary>
    public async Task SignInAsync()
    {
        var login = await Auth.Client.PostAsJsonAsync("/api/v1/auth/login", new LoginRequest(AdminEmail, AdminPassword), AuthJson.Default.LoginRequest);
        AdminJwt = (await login.Content.ReadFromJsonAsync(AuthJson.Default.LoginResponse))!.AccessToken!;
    }

    private async Task SeedAsync()
    {
        var catalog = PersonaCatalog.Embedded();
        using var auth = new AuthClient(Auth.Address);
        (await Seeder.SeedAsync(auth, AdminJwt, catalog, PersonaPassword.DevelopmentSeedSecret, _ => { }, CancellationToken.None))
            .Should().OnlyContain(persona => persona.Ok);
        (await Seeder.SeedSpacesAsync(auth, AdminJwt, catalog, _ => { }, CancellationToken.None)).Should().OnlyContain(space => space.Ok);
    }

    private async Task<T> AdminAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Authorization = new("Bearer", AdminJwt);
        var response = await Auth.Client.SendAsync(request, cancellationToken);
        response.EnsureSuccessStatusCode();
        return (await response.Content.ReadFromJsonAsync(type, cancellationToken))!;
    }
}
