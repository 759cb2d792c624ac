using System.Net;
using System.Text.Json;
using Mana.Contracts;
using Mana.Hosting.Identity;

namespace Mana.Cli.Clients;

/// <summary>Someone who has signed in to mana-auth.</summary>
/// <param name="UserId">Who.</param>
/// <param name="Jwt">For mana-mcp and the admin API.</param>
/// <param name="SessionToken">The opaque session.</param>
internal sealed record SignedIn(UserId UserId, string Jwt, string SessionToken);

/// <summary>The part of mana-auth that operators need.</summary>
internal sealed class AuthClient(Uri address) : IDisposable
{
    private const string Personas = "/api/v1/admin/personas";
    private const string Clients = "/api/v1/admin/oauth-clients";

    private readonly ServiceHttp _http = new("mana-auth", address, "--auth-url");

    public Uri Address => _http.Address;

    /// <summary>Signs in with the password; a wrong one is a refusal that names the account.</summary>
    public async Task<SignedIn> LoginAsync(string email, string password, CancellationToken cancellationToken)
    {
        using var content = ServiceHttp.Json(new LoginRequest(email, password), AuthJson.Default.LoginRequest);
        using var response = await _http.SendAsync(HttpMethod.Post, "/api/v1/auth/login", cancellationToken, content);
        if (response.StatusCode == HttpStatusCode.Unauthorized)
        {
            throw new CliException(ExitCode.Refused, $"mana-auth at {Address} does not accept the password of {email}");
        }

        await _http.EnsureSuccessAsync(response, "the login of " + email, cancellationToken);
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        var login = Read(text, AuthJson.Default.LoginResponse);
        return new SignedIn(new UserId(login.User.Id), login.AccessToken ?? login.Token, login.Token);
    }

    /// <summary>A fresh token of a session that lives.</summary>
    public async Task<string> TokenAsync(string sessionToken, CancellationToken cancellationToken) =>
        (await _http.SendAsync(HttpMethod.Get, "/api/auth/token", AuthJson.Default.TokenResponse, cancellationToken, headers: [Bearer(sessionToken)])).Token;

    /// <summary>The spaces of whoever signed in. An older mana-auth takes the session cookie only, so that is tried second.</summary>
    public async Task<IReadOnlyList<SpaceView>> SpacesAsync(SignedIn who, string email, string password, CancellationToken cancellationToken)
    {
        const string path = "/api/auth/organization/list";
        using var response = await _http.SendAsync(HttpMethod.Get, path, cancellationToken, headers: [Bearer(who.Jwt)]);
        if (response.StatusCode != HttpStatusCode.Unauthorized)
        {
            await _http.EnsureSuccessAsync(response, "GET " + path, cancellationToken);
            return Read(await response.Content.ReadAsStringAsync(cancellationToken), AuthJson.Default.IReadOnlyListSpaceView);
        }

        using var content = ServiceHttp.Json(new LoginRequest(email, password), AuthJson.Default.LoginRequest);
        using var signIn = await _http.SendAsync(HttpMethod.Post, "/api/auth/sign-in/email", cancellationToken, content);
        await _http.EnsureSuccessAsync(signIn, "the sign-in of " + email, cancellationToken);
        var cookies = signIn.Headers.TryGetValues("Set-Cookie", out var values)
            ? string.Join("; ", values.Select(cookie => cookie.Split(';')[0]))
            : "";
        return await _http.SendAsync(
            HttpMethod.Get, path, AuthJson.Default.IReadOnlyListSpaceView, cancellationToken, headers: [Bearer(who.Jwt), ("Cookie", cookies)]);
    }

    public async Task<IReadOnlyList<PersonaSummary>> ListPersonasAsync(string jwt, CancellationToken cancellationToken) =>
        (await _http.SendAsync(HttpMethod.Get, Personas, AuthJson.Default.PersonaListResponse, cancellationToken, headers: [Bearer(jwt)])).Personas;

    /// <summary>Null when there is no such persona.</summary>
    public async Task<PersonaDetailResponse?> FindPersonaAsync(string jwt, UserId id, CancellationToken cancellationToken)
    {
        var path = $"{Personas}/{Uri.EscapeDataString(id.Value)}";
        using var response = await _http.SendAsync(HttpMethod.Get, path, cancellationToken, headers: [Bearer(jwt)]);
        if (response.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }

        await _http.EnsureSuccessAsync(response, "GET " + path, cancellationToken);
        return Read(await response.Content.ReadAsStringAsync(cancellationToken), AuthJson.Default.PersonaDetailResponse);
    }

    public async Task<PersonaUpsertResponse> UpsertPersonaAsync(string jwt, PersonaUpsert persona, CancellationToken cancellationToken)
    {
        using var content = ServiceHttp.Json(persona, AuthJson.Default.PersonaUpsert);
        return await _http.SendAsync(
            HttpMethod.Post, Personas, AuthJson.Default.PersonaUpsertResponse, cancellationToken, content, Bearer(jwt));
    }

    public async Task DeletePersonaAsync(string jwt, UserId id, CancellationToken cancellationToken)
    {
        var path = $"{Personas}/{Uri.EscapeDataString(id.Value)}";
        using var response = await _http.SendAsync(HttpMethod.Delete, path, cancellationToken, headers: [Bearer(jwt)]);
        await _http.EnsureSuccessAsync(response, "DELETE " + path, cancellationToken);
    }

    /// <summary>Makes or updates a shared space of personas.</summary>
    public async Task<CatalogSpace> PutSpaceAsync(string jwt, CatalogSpace space, CancellationToken cancellationToken)
    {
        using var content = ServiceHttp.Json(space, AuthJson.Default.CatalogSpace);
        return await _http.SendAsync(
            HttpMethod.Put, SpacePath(space.Slug), AuthJson.Default.CatalogSpace, cancellationToken, content, Bearer(jwt));
    }

    /// <summary>Removes a shared space of personas; false when there is none, or when mana-auth is one that has no such spaces.</summary>
    public Task<bool> DeleteSpaceAsync(string jwt, string slug, CancellationToken cancellationToken) => DeleteAsync(jwt, SpacePath(slug), cancellationToken);

    public async Task<PurgeResponse> PurgeAsync(string jwt, PurgeRequest request, CancellationToken cancellationToken)
    {
        using var content = ServiceHttp.Json(request, AuthJson.Default.PurgeRequest);
        return await _http.SendAsync(HttpMethod.Post, "/api/v1/admin/purge", AuthJson.Default.PurgeResponse, cancellationToken, content, Bearer(jwt));
    }

    public async Task<OAuthClientView> AddClientAsync(string jwt, OAuthClientRequest client, CancellationToken cancellationToken)
    {
        using var content = ServiceHttp.Json(client, AuthJson.Default.OAuthClientRequest);
        return await _http.SendAsync(HttpMethod.Post, Clients, AuthJson.Default.OAuthClientView, cancellationToken, content, Bearer(jwt));
    }

    public async Task<IReadOnlyList<OAuthClientView>> ListClientsAsync(string jwt, CancellationToken cancellationToken) =>
        (await _http.SendAsync(HttpMethod.Get, Clients, AuthJson.Default.OAuthClientsResponse, cancellationToken, headers: [Bearer(jwt)])).Clients;

    /// <summary>False when there is no such client.</summary>
    public async Task<bool> RemoveClientAsync(string jwt, string id, CancellationToken cancellationToken) =>
        await DeleteAsync(jwt, $"{Clients}/{Uri.EscapeDataString(id)}", cancellationToken);

    /// <summary>Asks for one due persona: proves the service key and tells the service's time.</summary>
    public async Task<DueResponse> DueAsync(string serviceKey, CancellationToken cancellationToken) =>
        await _http.SendAsync(
            HttpMethod.Get,
            "/api/v1/internal/personas/due?limit=1",
            AuthJson.Default.DueResponse,
            cancellationToken,
            headers: [(ServiceKey.Header, serviceKey)]);

    public void Dispose() => _http.Dispose();

    private async Task<bool> DeleteAsync(string jwt, string path, CancellationToken cancellationToken)
    {
        using var response = await _http.SendAsync(HttpMethod.Delete, path, cancellationToken, headers: [Bearer(jwt)]);
        if (response.StatusCode == HttpStatusCode.NotFound)
        {
            return false;
        }

        await _http.EnsureSuccessAsync(response, "DELETE " + path, cancellationToken);
        return true;
    }

    private static string SpacePath(string slug) => $"/api/v1/admin/spaces/{Uri.EscapeDataString(slug)}";

    private static (string Name, string Value) Bearer(string jwt) => ("Authorization", "Bearer " + jwt);

    private T Read<T>(string text, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> shape)
    {
        try
        {
            return JsonSerializer.Deserialize(text, shape) ?? throw new JsonException("null");
        }
        catch (JsonException)
        {
            throw new CliException(ExitCode.Failed, $"mana-auth at {Address} answered with something that is not its JSON; check that --auth-url names mana-auth");
        }
    }
}
