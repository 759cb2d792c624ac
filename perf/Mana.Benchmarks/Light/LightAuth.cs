using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Web;
using Mana.Contracts;

namespace Mana.Benchmarks.Light;

/// <summary>A visit that ended: when it was due, when somebody was told so, when it began.</summary>
internal readonly record struct LightVisit(DateTimeOffset Due, DateTimeOffset Served, DateTimeOffset Started);

/// <summary>
/// mana-auth's side of the wire contract, answered from memory in the runner's own process: nobody hashes a password,
/// nothing is stored. What the runner does for each request and answer (JSON, sessions, tokens) is the real thing.
/// </summary>
internal sealed class LightAuth(int personas, TimeProvider time) : HttpMessageHandler
{
    private const int PageSize = 500;
    private const string SystemPrompt = "Du bist eine ruhige, genaue Person und hältst deinen Tag in kleinen Schritten fest. ";
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private static readonly Dictionary<string, double> Mix = new() { [LightTools.Module] = 1 };
    private static readonly string Prompt = string.Concat(Enumerable.Repeat(SystemPrompt, 12));

    private readonly long[] _due = [.. Enumerable.Repeat(long.MaxValue, personas)];
    private readonly long[] _served = new long[personas];
    private readonly long[] _lastEnd = new long[personas];
    private readonly ConcurrentQueue<LightVisit> _visits = new();
    private int _ended;
    private int _failed;

    public int Personas => personas;

    /// <summary>Visits whose end was delivered.</summary>
    public int Ended => Volatile.Read(ref _ended);

    /// <summary>Those that neither completed nor were idle.</summary>
    public int Failed => Volatile.Read(ref _failed);

    /// <summary>Takes out what ended since the last call.</summary>
    public IReadOnlyList<LightVisit> TakeVisits()
    {
        var visits = new List<LightVisit>();
        while (_visits.TryDequeue(out var visit))
        {
            visits.Add(visit);
        }

        return visits;
    }

    /// <summary>Sets when each persona is due next; from then on it is due once an hour, whenever it came.</summary>
    public void Schedule(Func<int, DateTimeOffset> due)
    {
        for (var persona = 0; persona < personas; persona++)
        {
            Volatile.Write(ref _due[persona], due(persona).ToUnixTimeMilliseconds());
        }
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var path = request.RequestUri!.AbsolutePath;
        if (path == "/api/v1/internal/personas/due")
        {
            return Json(Due(HttpUtility.ParseQueryString(request.RequestUri.Query)["after"]), AuthJson.Default.DueResponse);
        }

        if (path.StartsWith("/api/v1/internal/personas/", StringComparison.Ordinal))
        {
            if (path.EndsWith("/ticks", StringComparison.Ordinal))
            {
                var body = await request.Content!.ReadAsStreamAsync(cancellationToken);
                End(Index(path.Split('/')[^2]), (await JsonSerializer.DeserializeAsync(body, AuthJson.Default.TickOutcomeRequest, cancellationToken))!);
            }

            return Json(new WrittenResponse(true, 1), AuthJson.Default.WrittenResponse);
        }

        switch (path)
        {
            case "/api/v1/auth/login":
                var login = await JsonSerializer.DeserializeAsync(
                    await request.Content!.ReadAsStreamAsync(cancellationToken), AuthJson.Default.LoginRequest, cancellationToken);
                var id = Id(int.Parse(login!.Email.Split('.', '@')[1], CultureInfo.InvariantCulture));
                var user = new UserView(id, id, login.Email, true, null, time.GetUtcNow(), time.GetUtcNow(), false, "founder", "persona");
                return Json(new LoginResponse(false, $"session-of-{id}", user, Token(id), null), AuthJson.Default.LoginResponse);
            case "/api/auth/token":
                return Json(new TokenResponse(Token(request.Headers.Authorization!.Parameter!.Split('-')[^1])), AuthJson.Default.TokenResponse);
            case "/api/auth/organization/list":
                var space = new SpaceView(new SpaceId("space"), "Own", null, null, time.GetUtcNow(), JsonElement.Parse("""{"type":"personal"}"""));
                return Json<IReadOnlyList<SpaceView>>([space], AuthJson.Default.IReadOnlyListSpaceView);
            default:
                return new HttpResponseMessage(HttpStatusCode.NotFound);
        }
    }

    private static string Id(int persona) => string.Create(CultureInfo.InvariantCulture, $"p{persona:D8}");

    private static int Index(string id) => int.Parse(id.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture);

    private static HttpResponseMessage Json<T>(T value, JsonTypeInfo<T> shape)
    {
        var content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(value, shape));
        content.Headers.ContentType = new("application/json");
        return new HttpResponseMessage(HttpStatusCode.OK) { Content = content };
    }

    /// <summary>As long as a real one, with a real lifetime, and not signed: only tools would look.</summary>
    private string Token(string id)
    {
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        var payload = $$"""{"sub":"{{id}}","iat":{{now}},"exp":{{now + 900}},"pad":"{{new string('x', 300)}}"}""";
        return $"e30.{Convert.ToBase64String(Encoding.UTF8.GetBytes(payload)).TrimEnd('=').Replace('+', '-').Replace('/', '_')}.light";
    }

    private DueResponse Due(string? after)
    {
        var now = time.GetUtcNow();
        var found = new List<DuePersona>(PageSize);
        for (var persona = after is null ? 0 : Index(after) + 1; persona < personas; persona++)
        {
            if (Volatile.Read(ref _due[persona]) > now.ToUnixTimeMilliseconds())
            {
                continue;
            }

            if (found.Count == PageSize)
            {
                return new DueResponse(found, now, found[^1].UserId.Value);
            }

            Volatile.Write(ref _served[persona], now.ToUnixTimeMilliseconds());
            found.Add(new DuePersona(
                new UserId(Id(persona)), string.Create(CultureInfo.InvariantCulture, $"persona.{persona}@mana.test"), "bench", Prompt, Mix, "hourly", LastActive(persona), Id(persona)));
        }

        return new DueResponse(found, now);
    }

    private DateTimeOffset? LastActive(int persona) =>
        Volatile.Read(ref _lastEnd[persona]) is var end && end == 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(end);

    private void End(int persona, TickOutcomeRequest outcome)
    {
        var due = DateTimeOffset.FromUnixTimeMilliseconds(Volatile.Read(ref _due[persona]));
        _visits.Enqueue(new LightVisit(due, DateTimeOffset.FromUnixTimeMilliseconds(Volatile.Read(ref _served[persona])), outcome.StartedAt));
        Volatile.Write(ref _lastEnd[persona], outcome.EndedAt.ToUnixTimeMilliseconds());
        Volatile.Write(ref _due[persona], (due + Hour).ToUnixTimeMilliseconds());
        if (outcome.Outcome is not (TickOutcomes.Completed or TickOutcomes.Idle))
        {
            Interlocked.Increment(ref _failed);
        }

        Interlocked.Increment(ref _ended);
    }
}
