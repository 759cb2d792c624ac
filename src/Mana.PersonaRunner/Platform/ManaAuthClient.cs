using System.Net;
using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Mana.Contracts;
using Mana.Hosting.Identity;
using Mana.PersonaRunner.Ticks;

namespace Mana.PersonaRunner.Platform;

/// <summary>
/// mana-auth over HTTP, ours or another that keeps the wire contract: the persona's side (login, token, spaces) and
/// the runner's own (due, actions, feedback, outcome).
/// </summary>
internal sealed class ManaAuthClient(HttpClient http, RunnerSettings settings)
{
    // A request line has room for these, whatever their letters.
    private const int MaxEmailsInQuery = 20;
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(20);

    /// <summary><c>POST /api/v1/auth/login</c>, with the cookie flow where the answer has neither a usable JWT nor a cookie.</summary>
    public async Task<PersonaSession> LoginAsync(string email, string password, CancellationToken cancellationToken)
    {
        var login = await SendAsync(
            HttpMethod.Post, "/api/v1/auth/login", TickStages.SignIn, AuthJson.Default.LoginResponse, cancellationToken,
            JsonContent.Create(new LoginRequest(email, password), AuthJson.Default.LoginRequest));
        var cookie = login.Cookie;
        if (login.Body.AccessToken is null && cookie is null)
        {
            // An auth service whose login answers without a JWT: its native sign-in sets the session cookie instead.
            var signIn = await SendAsync(
                HttpMethod.Post, "/api/auth/sign-in/email", TickStages.SignIn, AuthJson.Default.JsonElement, cancellationToken,
                JsonContent.Create(new LoginRequest(email, password), AuthJson.Default.LoginRequest));
            cookie = signIn.Cookie;
        }

        return new PersonaSession(new UserId(login.Body.User.Id), login.Body.Token, cookie, login.Body.AccessToken);
    }

    /// <summary>The native sign-in alone: gives the session cookie that an older auth service wants on the list of spaces.</summary>
    public async Task<string?> SignInForCookieAsync(string email, string password, CancellationToken cancellationToken) =>
        (await SendAsync(
            HttpMethod.Post, "/api/auth/sign-in/email", TickStages.SignIn, AuthJson.Default.JsonElement, cancellationToken,
            JsonContent.Create(new LoginRequest(email, password), AuthJson.Default.LoginRequest))).Cookie;

    /// <summary><c>GET /api/auth/token</c>: a fresh JWT from a session that still lives.</summary>
    public async Task<string> TokenAsync(PersonaSession session, CancellationToken cancellationToken) =>
        (await SendAsync(
            HttpMethod.Get, "/api/auth/token", TickStages.SignIn, AuthJson.Default.TokenResponse, cancellationToken,
            bearer: session.SessionToken, cookie: session.Cookie)).Body.Token;

    /// <summary><c>GET /api/auth/organization/list</c>, with the JWT and the cookie: each auth service takes the one it knows.</summary>
    public async Task<IReadOnlyList<SpaceView>> SpacesAsync(string jwt, string? cookie, CancellationToken cancellationToken) =>
        (await SendAsync(
            HttpMethod.Get, "/api/auth/organization/list", TickStages.SignIn, AuthJson.Default.IReadOnlyListSpaceView, cancellationToken,
            bearer: jwt, cookie: cookie)).Body;

    /// <summary><c>GET /api/v1/internal/personas/due</c>, all pages; of the given personas only, where they are few and mana-auth knows how.</summary>
    public async Task<IReadOnlyList<DuePersona>> PersonasAsync(string scope, IReadOnlyList<string> emails, CancellationToken cancellationToken)
    {
        var personas = new List<DuePersona>();
        await foreach (var page in PagesAsync(scope, emails, cancellationToken))
        {
            personas.AddRange(page);
        }

        return personas;
    }

    /// <summary>The same page by page: the next is asked for only when it is wanted. An auth service without pages gives one.</summary>
    public async IAsyncEnumerable<IReadOnlyList<DuePersona>> PagesAsync(
        string scope, IReadOnlyList<string> emails, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var filter = emails.Count <= MaxEmailsInQuery && emails.All(email => email.Length is > 0 and <= 100 && !email.Contains('\0'))
            ? string.Concat(emails.Select(email => $"&email={Uri.EscapeDataString(email)}"))
            : "";
        string? after = null;
        do
        {
            var query = $"?limit=500&scope={Uri.EscapeDataString(scope)}{filter}" + (after is null ? "" : $"&after={Uri.EscapeDataString(after)}");
            var page = await SendAsync(
                HttpMethod.Get, "/api/v1/internal/personas/due" + query, TickStages.Due, AuthJson.Default.DueResponse, cancellationToken,
                withServiceKey: true);
            yield return page.Body.Personas;

            // A page that names itself as the next one would be asked for without end.
            after = page.Body.Next == after ? null : page.Body.Next;
        }
        while (after is not null);
    }

    /// <summary>Posts one outbox payload: <c>actions</c>, <c>feedback</c> or <c>ticks</c> of a persona.</summary>
    public Task DeliverAsync(UserId persona, string kind, string payload, CancellationToken cancellationToken) =>
        SendAsync(
            HttpMethod.Post, $"/api/v1/internal/personas/{Uri.EscapeDataString(persona.Value)}/{kind}", TickStages.Deliver,
            AuthJson.Default.JsonElement, cancellationToken,
            new StringContent(payload, System.Text.Encoding.UTF8, "application/json"), withServiceKey: true);

    private async Task<(T Body, string? Cookie)> SendAsync<T>(
        HttpMethod method,
        string path,
        string stage,
        JsonTypeInfo<T> type,
        CancellationToken cancellationToken,
        HttpContent? content = null,
        string? bearer = null,
        string? cookie = null,
        bool withServiceKey = false)
    {
        using var request = new HttpRequestMessage(method, settings.AuthUrl.AbsoluteUri.TrimEnd('/') + path) { Content = content };
        if (bearer is not null)
        {
            request.Headers.Authorization = new("Bearer", bearer);
        }

        if (cookie is not null)
        {
            request.Headers.Add("Cookie", cookie);
        }

        if (withServiceKey && settings.ServiceKey is { } key)
        {
            request.Headers.Add(ServiceKey.Header, key.Value);
            request.Headers.Add("X-App-Id", RunnerHost.Service);
        }

        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(CallTimeout);
        try
        {
            using var response = await http.SendAsync(request, timeout.Token);
            if (!response.IsSuccessStatusCode)
            {
                throw await RefusedAsync(response, path, stage, timeout.Token);
            }

            var body = await response.Content.ReadFromJsonAsync(type, timeout.Token)
                ?? throw new PlatformException(stage, $"mana-auth answered {PathOnly(path)} with nothing");
            return (body, SessionCookie(response));
        }
        catch (HttpRequestException e)
        {
            throw new PlatformException(stage, $"mana-auth cannot be reached at {settings.AuthUrl.GetLeftPart(UriPartial.Authority)} ({e.HttpRequestError})", e);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The second: a character set that nobody knows.
            throw new PlatformException(stage, $"mana-auth answered {PathOnly(path)} with something else than the contract's JSON", e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new PlatformException(stage, $"mana-auth did not answer {PathOnly(path)} within {CallTimeout.TotalSeconds:0} s", e);
        }
    }

    private static async Task<PlatformException> RefusedAsync(HttpResponseMessage response, string path, string stage, CancellationToken cancellationToken)
    {
        var body = await response.Content.ReadAsStringAsync(cancellationToken);
        var status = (int)response.StatusCode;
        var hint = response.StatusCode == HttpStatusCode.Unauthorized && stage is TickStages.Due or TickStages.Deliver
            ? "; MANA_SERVICE_KEY must be the same in both services"
            : "";
        return new PlatformException(stage, $"mana-auth answered {PathOnly(path)} with {status}: {ErrorReason.Of(body)}{hint}") { StatusCode = status };
    }

    private static string PathOnly(string path) => path.Split('?')[0];

    private static string? SessionCookie(HttpResponseMessage response)
    {
        if (!response.Headers.TryGetValues("Set-Cookie", out var cookies))
        {
            return null;
        }

        var pairs = cookies.Select(cookie => cookie.Split(';', 2)[0]).Where(pair => pair.IndexOf('=', StringComparison.Ordinal) is > 0 and var equals && equals < pair.Length - 1).ToList();
        return pairs.Count == 0 ? null : string.Join("; ", pairs);
    }
}

/// <summary>What a login left: the opaque session, its cookie where there is one, and the first JWT. Never log it.</summary>
internal sealed record PersonaSession(UserId UserId, string SessionToken, string? Cookie, string? AccessToken)
{
    /// <inheritdoc/>
    public override string ToString() => $"session of {UserId}";
}
