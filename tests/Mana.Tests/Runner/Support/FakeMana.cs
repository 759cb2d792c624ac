using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mana.Contracts;
using Mana.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ModelContextProtocol.AspNetCore;
using ModelContextProtocol.Protocol;

namespace Mana.Tests.Runner.Support;

/// <summary>
/// A mana-auth and an MCP server that are not ours, on one port, with faults on demand: what the runner has to cope
/// with when it is pointed at somebody else's platform.
/// </summary>
internal sealed class FakeMana : IAsyncDisposable
{
    public const string ServiceKey = "fleet-key";
    private readonly WebApplication _app;

    private FakeMana(WebApplication app) => _app = app;

    public Uri Address => _app.Address();

    public List<DuePersona> Personas { get; } = [];

    /// <summary>Every body posted to actions, feedback and ticks, in order of arrival.</summary>
    public ConcurrentQueue<(string Persona, string Kind, JsonNode Body)> Delivered { get; } = new();

    public ConcurrentQueue<(string Tool, string? Space, JsonNode Arguments)> Calls { get; } = new();

    /// <summary>The idempotency key of each tool call.</summary>
    public ConcurrentQueue<string?> Keys { get; } = new();

    /// <summary>The time zone that came with each tool call.</summary>
    public ConcurrentQueue<string?> TimeZones { get; } = new();

    /// <summary>The last JWT that was issued.</summary>
    public string? LastJwt;

    /// <summary>The opaque session: a revoked one is replaced by the next login.</summary>
    public string Session { get; private set; } = "session-token";

    public int Logins;

    public int TokensIssued;

    /// <summary>Answers a request before the endpoints do; null lets it pass.</summary>
    public Func<HttpContext, IResult?> Fault { get; set; } = _ => null;

    /// <summary>What a tool answers; the default echoes a record.</summary>
    public Func<string, JsonNode, Task<CallToolResult>> Tool { get; set; } = (_, arguments) => Task.FromResult(Text($"{{\"id\":\"{Guid.NewGuid()}\",\"input\":{arguments.ToJsonString()}}}"));

    public string SpacesJson { get; set; } = """[{"id":"team-1","name":"Team","slug":"team","logo":null,"createdAt":"2026-01-01T00:00:00.000Z","metadata":"{\"type\":\"team\"}"},{"id":"space-1","name":"Anna","slug":"anna","logo":null,"createdAt":"2026-01-01T00:00:00.000Z","metadata":{"tier":"public","type":"personal"}}]""";

    /// <summary>The schema of every tool.</summary>
    public string ToolSchema { get; set; } = """{"type":"object","properties":{"title":{"type":"string"}}}""";

    /// <summary>The oldest auth service: its login gives neither a JWT nor a cookie, its space list wants the cookie.</summary>
    public bool CookieOnly { get; set; }

    public static DuePersona Anna(DateTimeOffset? lastActiveAt = null) => Persona("anna", lastActiveAt);

    public static DuePersona Persona(string name, DateTimeOffset? lastActiveAt = null, params (string Module, double Weight)[] mix) => new(
        new UserId($"user-{name}"),
        $"persona.{name}@mana.test",
        "adhd-student",
        "Du bist eine Testperson.",
        mix.Length == 0 ? new Dictionary<string, double> { ["todo"] = 0.6, ["notes"] = 0.4 } : mix.ToDictionary(part => part.Module, part => part.Weight),
        "daily",
        lastActiveAt);

    /// <summary>Ends the session; its JWTs stay good, as with a real auth service, unless the caller refuses them.</summary>
    public void RevokeSession() => Session = $"session-{Guid.NewGuid():N}";

    public static CallToolResult Text(string text, bool isError = false) => new() { IsError = isError, Content = [new TextContentBlock { Text = text }] };

    /// <param name="honoursKeys">Whether the MCP server says that it honours idempotency keys (it carries out every call, to tell the difference).</param>
    public static async Task<FakeMana> StartAsync(bool honoursKeys = false)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        builder.Logging.SetMinimumLevel(LogLevel.None);
        FakeMana? mana = null;
        builder.Services.AddHttpContextAccessor();
        builder.Services.AddMcpServer(options =>
            {
                options.ServerInfo = new Implementation { Name = "fake", Version = "1" };
                if (honoursKeys)
                {
                    options.Capabilities = new ServerCapabilities { Experimental = new Dictionary<string, object> { [McpWire.IdempotencyCapability] = new JsonObject() } };
                }
            })
            .WithHttpTransport(options => options.SessionMode = HttpServerSessionMode.Stateless)
            .WithListToolsHandler((_, _) => ValueTask.FromResult(new ListToolsResult { Tools = [.. FakeTools.Select(name => ToTool(name, mana!.ToolSchema))] }))
            .WithCallToolHandler(async (context, _) =>
            {
                var headers = context.Services!.GetRequiredService<IHttpContextAccessor>().HttpContext!.Request.Headers;
                var arguments = JsonSerializer.SerializeToNode(context.Params!.Arguments ?? new Dictionary<string, JsonElement>())!;
                mana!.Keys.Enqueue((string?)context.Params!.Meta?[McpWire.IdempotencyKey]);
                mana.TimeZones.Enqueue(headers["X-Mana-Time-Zone"]);
                mana.Calls.Enqueue((context.Params.Name, headers["X-Mana-Space"], arguments));
                return await mana.Tool(context.Params.Name, arguments);
            });
        var app = builder.Build();
        mana = new FakeMana(app);
        app.Use(async (context, next) =>
        {
            if (mana.Fault(context) is { } fault)
            {
                await fault.ExecuteAsync(context);
                return;
            }

            await next(context);
        });
        mana.MapAuth(app);
        app.MapMcp("/mcp");
        await app.StartAsync();
        return mana;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private static readonly string[] FakeTools = ["todo.create", "todo.list", "notes.create"];

    private static Tool ToTool(string name, string schema) => new()
    {
        Name = name,
        Description = name,
        Annotations = new ToolAnnotations { ReadOnlyHint = name.EndsWith(".list", StringComparison.Ordinal) },
        InputSchema = JsonElement.Parse(schema),
    };

    private string Jwt(int serial)
    {
        static string Part(string json) => Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(json)).TrimEnd('=').Replace('+', '-').Replace('/', '_');
        return LastJwt = $"{Part("""{"alg":"none"}""")}.{Part($$"""{"iat":1000,"exp":1900,"n":{{serial}}}""")}.sig";
    }

    private void MapAuth(WebApplication app)
    {
        app.MapPost("/api/v1/auth/login", async (HttpContext context) =>
        {
            var body = await JsonNode.ParseAsync(context.Request.Body);
            Interlocked.Increment(ref Logins);
            var user = new { id = "user-" + ((string)body!["email"]!).Split('.', '@')[1], name = "n", email = "e", emailVerified = true, createdAt = DateTimeOffset.UnixEpoch, updatedAt = DateTimeOffset.UnixEpoch, twoFactorEnabled = false, accessTier = "founder", kind = "persona" };
            return CookieOnly
                ? Results.Json(new { redirect = false, token = Session, user })
                : Results.Json(new { redirect = false, token = Session, user, accessToken = Jwt(Interlocked.Increment(ref TokensIssued)), refreshToken = Session });
        });
        app.MapPost("/api/auth/sign-in/email", (HttpContext context) =>
        {
            context.Response.Headers.SetCookie = "mana.session_token=abc.sig; Path=/; HttpOnly";
            return Results.Json(new { redirect = false, token = Session });
        });
        app.MapGet("/api/auth/token", (HttpContext context) =>
            (CookieOnly ? HasCookie(context) : context.Request.Headers.Authorization == "Bearer " + Session)
                ? Results.Json(new { token = Jwt(Interlocked.Increment(ref TokensIssued)) })
                : Results.Json(new { message = "Unauthorized", code = "UNAUTHORIZED" }, statusCode: 401));
        app.MapGet("/api/auth/organization/list", (HttpContext context) =>
            !CookieOnly || HasCookie(context)
                ? Results.Text(SpacesJson, "application/json")
                : Results.Json(new { message = "Unauthorized", code = "UNAUTHORIZED" }, statusCode: 401));
        app.MapGet("/api/v1/internal/personas/due", (HttpContext context) =>
            context.Request.Headers["X-Service-Key"] == ServiceKey
                ? Results.Json(new DueResponse([.. Personas], DateTimeOffset.UnixEpoch), AuthJson.Default.DueResponse)
                : Results.Json(new { statusCode = 401, message = "Invalid or missing service key" }, statusCode: 401));
        app.MapPost("/api/v1/internal/personas/{id}/{kind}", async (HttpContext context, string id, string kind) =>
        {
            Delivered.Enqueue((id, kind, (await JsonNode.ParseAsync(context.Request.Body))!));
            return Results.Json(new { ok = true, written = 1 });
        });
    }

    private static bool HasCookie(HttpContext context) => context.Request.Headers.Cookie == "mana.session_token=abc.sig";
}
