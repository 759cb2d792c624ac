using System.Collections.Concurrent;
using System.Text.Json;
using Mana.Contracts;
using Mana.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.AspNetCore;
using ModelContextProtocol.Server;

namespace Mana.Tests.Cli;

/// <summary>mana-auth as the command line sees it: in memory, with failures on demand.</summary>
internal sealed class FakeAuth
{
    public const string AdminJwt = "admin-jwt";
    public static readonly DateTimeOffset Noon = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    public ConcurrentDictionary<string, PersonaUpsert> Personas { get; } = new(StringComparer.Ordinal);

    public ConcurrentDictionary<string, CatalogSpace> Spaces { get; } = new(StringComparer.Ordinal);

    public HashSet<string> Refused { get; } = new(StringComparer.Ordinal);

    public string ServiceKey { get; set; } = "the-service-key";

    public string AdminPassword { get; set; } = "admin-password";

    public TimeSpan ClockSkew { get; set; }

    public WebApplication Create(IConfiguration configuration, TimeProvider? clock)
    {
        var app = FakeHost.Create("mana-auth", configuration, clock);
        app.MapGet("/health", () => Results.Json(new { status = "ok", service = "mana-auth", version = ServiceHost.Version }));
        app.MapPost("/api/v1/auth/login", (LoginRequest login) =>
        {
            var isPersona = Personas.TryGetValue(login.Email, out var persona);
            if (isPersona ? persona!.Password != login.Password : login.Password != AdminPassword)
            {
                return Results.Json(new { error = "INVALID_CREDENTIALS", message = "Invalid email or password" }, statusCode: 401);
            }

            var user = new UserView(login.Email, login.Email, login.Email, true, null, Noon, Noon, false, "public", isPersona ? "persona" : "human");
            return Results.Json(new LoginResponse(false, "session", user, isPersona ? "persona-jwt" : AdminJwt, "session"), AuthJson.Default.LoginResponse);
        });
        app.MapGet("/api/auth/organization/list", () => Results.Json(
            new[] { new { id = "space-1", name = "Personal", slug = "p", logo = (string?)null, createdAt = Noon, metadata = new { type = "personal" } } }));
        app.MapGet("/api/v1/internal/personas/due", (HttpContext context) => context.Request.Headers["X-Service-Key"] == ServiceKey
            ? Results.Json(new DueResponse([], TimeProvider.System.GetUtcNow() + ClockSkew), AuthJson.Default.DueResponse)
            : Results.Json(new { statusCode = 401, message = "Invalid or missing service key" }, statusCode: 401));
        var admin = app.MapGroup("/api/v1/admin/personas").AddEndpointFilter(async (context, next) =>
            context.HttpContext.Request.Headers.Authorization == "Bearer " + AdminJwt
                ? await next(context)
                : Results.Json(new { error = "Forbidden", message = "Admin access required" }, statusCode: 403));
        admin.MapPost("/", (PersonaUpsert persona) =>
        {
            if (Refused.Contains(persona.Email))
            {
                return Results.Json(new { error = "ValidationError", details = new[] { "archetype required" } }, statusCode: 400);
            }

            Personas[persona.Email] = persona;
            return Results.Json(new PersonaUpsertResponse(true, new UserId(persona.Email), persona.Email), AuthJson.Default.PersonaUpsertResponse);
        });
        admin.MapGet("/", () => Results.Json(
            new PersonaListResponse([.. Personas.Values.Select(p => new PersonaSummary(
                new UserId(p.Email), p.Email, p.Name!, p.Archetype, p.TickCadence!, Noon, Noon.AddDays(-1), 7, Noon.AddDays(1),
                LastError is null ? 0 : 3, LastError is null ? null : Noon, LastError))]),
            AuthJson.Default.PersonaListResponse));
        admin.MapGet("/{id}", (string id) => Personas.TryGetValue(id, out var p)
            ? Results.Json(
                new PersonaDetailResponse(
                    new PersonaDetail(
                        new UserId(id), id, p.Name!, p.Archetype, p.SystemPrompt, p.ModuleMix, p.TickCadence!, Noon, Noon.AddDays(-1),
                        NextDueAt: Noon.AddDays(1), Failures: LastError is null ? 0 : 3, LastFailedAt: LastError is null ? null : Noon, LastError: LastError),
                    [],
                    []),
                AuthJson.Default.PersonaDetailResponse)
            : Results.Json(new { error = "Not found" }, statusCode: 404));
        admin.MapDelete("/{id}", (string id) => Refused.Contains(id) || !Personas.TryRemove(id, out _)
            ? Results.Json(new { error = "Refusing to delete" }, statusCode: 400)
            : Results.Json(new { ok = true, deleted = id }));
        var spaces = app.MapGroup("/api/v1/admin/spaces").AddEndpointFilter(async (context, next) =>
            context.HttpContext.Request.Headers.Authorization == "Bearer " + AdminJwt
                ? await next(context)
                : Results.Json(new { error = "Forbidden", message = "Admin access required" }, statusCode: 403));
        spaces.MapPut("/{slug}", (string slug, CatalogSpace space) =>
        {
            if (Refused.Contains(slug))
            {
                return Results.Json(new { error = "NotACatalogSpace", message = "The space was made by a user" }, statusCode: 409);
            }

            Spaces[slug] = space with { Id = new SpaceId("id-" + slug) };
            return Results.Json(Spaces[slug], AuthJson.Default.CatalogSpace);
        });
        spaces.MapDelete("/{slug}", (string slug) => Spaces.TryRemove(slug, out _)
            ? Results.Json(new { ok = true, deleted = slug })
            : Results.Json(new { error = "NotFound" }, statusCode: 404));
        return app;
    }

    /// <summary>Why every persona rests; null when none does.</summary>
    public string? LastError { get; set; }

    public void Seed(params string[] emails)
    {
        foreach (var email in emails)
        {
            var password = PersonaPassword.Derive(email, PersonaPassword.DevelopmentSeedSecret);
            Personas[email] = new PersonaUpsert(email, email, password, "tester", "x", new Dictionary<string, double>(), "daily");
        }
    }
}

/// <summary>mana-mcp with tools that are only listed.</summary>
internal sealed class FakeMcp(params string[] tools)
{
    public WebApplication Create(IConfiguration configuration, TimeProvider? clock) => FakeHost.Create(
        "mana-mcp",
        configuration,
        clock,
        services => services.AddMcpServer()
            .WithHttpTransport(options => options.SessionMode = HttpServerSessionMode.Stateless)
            .WithTools(tools.Select(name => McpServerTool.Create(() => "done", new McpServerToolCreateOptions { Name = name }))),
        app => app.MapMcp("/mcp"));
}

/// <summary>The runner: every tick it is asked for ends at once, with the outcome that the test wants.</summary>
internal sealed class FakeRunner
{
    private readonly ConcurrentDictionary<string, TickDetail> _ticks = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<TaskCompletionSource> _subscribers = new();

    public string[] Due { get; set; } = ["persona.anna@mana.test", "persona.ben@mana.test"];

    public HashSet<string> Failing { get; } = new(StringComparer.Ordinal);

    /// <summary>False: the stream stays silent, so that only asking tells the end.</summary>
    public bool SendsEvents { get; set; } = true;

    public ClusterResponse Cluster { get; set; } = new(
        true, "mana", "node-1", [new("node-1", "10.0.0.5:11111", "active", FakeAuth.Noon, 3), new("node-2", "10.0.0.6:11111", "stopping", null, 1)],
        "node-2", true, 4, 2, 1, FakeAuth.Noon, FakeAuth.Noon.AddMinutes(1), null);

    public RunTicksRequest? LastRequest { get; private set; }

    public PurgeRequest? LastPurge { get; private set; }

    /// <summary>Rows that a purge cannot remove.</summary>
    public long Deleted { get; set; } = 3;

    public long Leftover { get; set; }

    /// <summary>What it knows of failing personas.</summary>
    public object[] Resting { get; set; } = [];

    /// <summary>Makes it know this tick.</summary>
    public void Add(TickDetail tick) => _ticks[tick.Tick.Id.Value] = tick;

    public string? LastServiceKey { get; private set; }

    public WebApplication Create(IConfiguration configuration, TimeProvider? clock)
    {
        var app = FakeHost.Create("mana-persona-runner", configuration, clock);
        app.MapGet("/health", () => Results.Json(new { status = "ok", service = "mana-persona-runner", version = ServiceHost.Version, brain = "simulated" }));
        app.MapPost("/api/v1/ticks", (RunTicksRequest request, HttpContext context) =>
        {
            LastRequest = request;
            LastServiceKey = context.Request.Headers["X-Service-Key"];
            var emails = request.Personas ?? Due;
            var known = emails.Where(email => email.EndsWith("@mana.test", StringComparison.Ordinal)).ToList();
            var ticks = known.Select(email => Run(email)).ToList();
            while (_subscribers.TryDequeue(out var subscriber))
            {
                subscriber.TrySetResult();
            }

            var skipped = emails.Except(known).Select(email => new SkippedPersona(email, "unknown")).ToList();
            return Results.Json(
                new RunTicksResponse([.. ticks.Select(t => new StartedTick(t.Tick.Id, t.Tick.Email, t.Tick.Name))], skipped),
                RunnerJson.Default.RunTicksResponse,
                statusCode: 202);
        });
        app.MapGet("/api/v1/ticks", (bool? undelivered, string? run) => Results.Json(
            new TickListResponse([.. _ticks.Values.Select(t => t.Tick).Where(t => (undelivered != true || t.Undelivered > 0) && (run is null || t.Run == run))]), RunnerJson.Default.TickListResponse));
        app.MapGet("/api/v1/runs", () => Results.Json(
            new RunListResponse([.. _ticks.Values.Select(t => t.Tick).Where(t => t.Run is not null).GroupBy(t => t.Run!).Select(run => new RunSummary(
                run.Key, run.Count(), run.Count(t => t.EndedAt is null), 0, run.DistinctBy(t => t.Email).Count(), run.Min(t => t.StartedAt), run.Max(t => t.StartedAt)))]),
            RunnerJson.Default.RunListResponse));
        app.MapGet("/api/v1/ticks/{id}", (string id) => _ticks.TryGetValue(id, out var tick)
            ? Results.Json(tick, RunnerJson.Default.TickDetail)
            : Results.Json(new { error = "Not found" }, statusCode: 404));
        app.MapPost("/api/v1/ticks/unknown/{verb}", (string verb) => Results.Json(new { statusCode = 404, message = "There is no tick of this id" }, statusCode: 404));
        app.MapPost("/api/v1/ticks/{id}/cancel", (string id) => id == "running"
            ? Results.Json(new CancelTickResponse(true, new TickId(id), "persona.anna@mana.test", "Anna", "act", "node-1"), RunnerJson.Default.CancelTickResponse)
            : Results.Json(new { statusCode = 409, message = "This tick has ended already (completed); there is nothing to cancel" }, statusCode: 409));
        app.MapPost("/api/v1/ticks/{id}/set-aside", (string id) => Results.Json(
            new SetAsideTickResponse(true, new TickId(id), "persona.anna@mana.test", "Anna", 1), RunnerJson.Default.SetAsideTickResponse));
        app.MapPost("/api/v1/ticks/{id}/retry", (string id) => Results.Json(
            id == "away"
                ? new RetryTickResponse(false, new TickId(id), 0, null, "mana-auth is away")
                : new RetryTickResponse(true, new TickId(id), 2, new StartedTick(new TickId("new"), "persona.anna@mana.test", "Anna"), null),
            RunnerJson.Default.RetryTickResponse,
            statusCode: 202));
        app.MapGet("/api/v1/live", () => Results.Json(new { personas = Resting }));
        app.MapGet("/api/v1/cluster", () => Results.Json(Cluster, RunnerJson.Default.ClusterResponse));
        app.MapPost("/api/v1/purge", (PurgeRequest request) =>
        {
            LastPurge = request;
            foreach (var id in request.TickIds ?? [])
            {
                _ticks.TryRemove(id.Value, out _);
            }

            return Results.Json(
                new PurgeResponse(Leftover == 0, new Dictionary<string, long> { ["ticks"] = Deleted }, new Dictionary<string, long> { ["ticks"] = Leftover }), RunnerJson.Default.PurgeResponse);
        });
        app.MapPost("/api/v1/pause", () => Results.Json(new PauseResponse(true, true), RunnerJson.Default.PauseResponse));
        app.MapPost("/api/v1/resume", () => Results.Json(new PauseResponse(true, false), RunnerJson.Default.PauseResponse));
        app.MapGet("/api/v1/events", async (HttpContext context) =>
        {
            // Subscribed before the headers go out: who has them may ask for ticks at once.
            var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _subscribers.Enqueue(asked);
            context.Response.ContentType = "text/event-stream";
            await context.Response.Body.FlushAsync();
            await asked.Task.WaitAsync(context.RequestAborted);
            foreach (var tick in _ticks.Values.Where(_ => SendsEvents))
            {
                foreach (var tickEvent in EventsOf(tick.Tick))
                {
                    await context.Response.WriteAsync($"event: {tickEvent.Kind}\ndata: {JsonSerializer.Serialize(tickEvent, RunnerJson.Default.TickEvent)}\n\n");
                }
            }

            await context.Response.Body.FlushAsync();
            await new TaskCompletionSource().Task.WaitAsync(context.RequestAborted);
        });
        return app;
    }

    private TickDetail Run(string email)
    {
        var failed = Failing.Contains(email);
        var id = TickId.New(FakeAuth.Noon);
        using var input = JsonDocument.Parse("""{"title":"Milch"}""");
        var call = new TickCall(0, 1, "toolu_1", "todo.create", "todo", input.RootElement.Clone(), "ok", """{"id":"t1"}""", 12, FakeAuth.Noon);
        var detail = new TickDetail(
            new TickSummary(
                id, new UserId("u"), email, email.Split('.', '@')[1], "simulated", null, TickPhases.Ended,
                failed ? TickOutcomes.Failed : TickOutcomes.Completed, failed ? "sign-in: wrong password" : null,
                TimeProvider.System.GetUtcNow(), TimeProvider.System.GetUtcNow(), 1, 1, 0, true),
            "Alles notiert.",
            [new TickTurn(0, "user", "Los geht's", FakeAuth.Noon), new TickTurn(1, "assistant", "Ich notiere Milch.", FakeAuth.Noon)],
            [call],
            [new TickRating("todo", 4, "Ging [schnell]", "gut", [0])],
            new TickUsage(2, 100, 20, 0, 0));
        _ticks[id.Value] = detail;
        return detail;
    }

    private static IEnumerable<TickEvent> EventsOf(TickSummary tick)
    {
        yield return new TickEvent("phase", tick.Id, tick.Email, tick.Name, FakeAuth.Noon, Phase: TickPhases.SignIn);
        yield return new TickEvent("call", tick.Id, tick.Email, tick.Name, FakeAuth.Noon, Tool: "todo.create", Result: "ok", LatencyMs: 12);
        yield return new TickEvent("rating", tick.Id, tick.Email, tick.Name, FakeAuth.Noon, Module: "todo", Rating: 4, Text: "gut");
        yield return new TickEvent("end", tick.Id, tick.Email, tick.Name, FakeAuth.Noon, Outcome: tick.Outcome, Text: tick.Error ?? "Alles notiert.");
    }
}

internal static class FakeHost
{
    public static WebApplication Create(
        string service,
        IConfiguration configuration,
        TimeProvider? clock,
        Action<IServiceCollection>? register = null,
        Action<WebApplication>? map = null)
    {
        var builder = ServiceHost.CreateBuilder(service, configuration, clock, new SettingsReader(configuration), 0);
        builder.Services.AddRouting();
        register?.Invoke(builder.Services);
        var app = builder.Build();
        map?.Invoke(app);
        return app;
    }
}
