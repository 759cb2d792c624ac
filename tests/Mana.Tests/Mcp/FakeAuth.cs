using System.Collections.Concurrent;
using System.Text.Json;
using Mana.Hosting;
using Mana.Hosting.Identity;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Mana.Tests.Mcp;

/// <summary>The part of mana-auth that mana-mcp talks to, on a port of its own: keys, memberships, spaces, and an outage at will.</summary>
internal sealed class FakeAuth : IAsyncDisposable
{
    public const string Issuer = "http://auth.test";
    public const string ServiceKeyValue = "the-service-key";

    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<(string Space, string User), string> _members = new();
    private readonly ConcurrentDictionary<string, (string? Type, string? Slug)> _spaces = new();
    private readonly List<EdDsaSecurityKey> _published = [];
    private EdDsaSecurityKey _signing;
    private int _keyFetches;
    private int _membershipQuestions;
    private int _policyQuestions;

    private FakeAuth(WebApplication app)
    {
        _app = app;
        _signing = Rotate("key-1");
    }

    public bool IsAway { get; set; }

    public bool AreKeysAway { get; set; }

    /// <summary>False for another mana-auth, which says of a space only what the contract has.</summary>
    public bool TellsSpaceTypes { get; set; } = true;

    /// <summary>False for another mana-auth, which lists spaces to their user alone.</summary>
    public bool ListsSpacesToServices { get; set; } = true;

    /// <summary>What every user has allowed; null for a mana-auth that knows no tool policy.</summary>
    public IReadOnlyList<string>? AllowDestructive { get; set; } = ["*"];

    public int PolicyQuestions => Volatile.Read(ref _policyQuestions);

    /// <summary>The keys are given when this is done.</summary>
    public Task KeysHeld { get; set; } = Task.CompletedTask;

    public int KeyFetches => Volatile.Read(ref _keyFetches);

    public int MembershipQuestions => Volatile.Read(ref _membershipQuestions);

    public string? LastBearer { get; private set; }

    public Uri Address => _app.Address();

    public static async Task<FakeAuth> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        var app = builder.Build();
        var auth = new FakeAuth(app);
        app.Use((context, next) =>
        {
            if (!auth.IsAway && !(auth.AreKeysAway && context.Request.Path == "/api/auth/jwks"))
            {
                return next(context);
            }

            context.Response.StatusCode = StatusCodes.Status500InternalServerError;
            return Task.CompletedTask;
        });
        app.MapGet("/api/auth/jwks", auth.KeysAsync);
        app.MapGet("/api/v1/internal/org/{space}/member/{user}", auth.MemberAsync);
        app.MapGet("/api/auth/organization/list", auth.SpacesAsync);
        app.MapGet("/api/v1/internal/users/{user}/spaces", auth.SpacesOfUserAsync);
        app.MapGet("/api/v1/internal/users/{user}/tool-policy", auth.ToolPolicyAsync);
        await app.StartAsync();
        return auth;
    }

    public void Join(string user, string space, string role = "owner") => _members[(space, user)] = role;

    /// <summary>Says what kind of space it is; one of which nothing is said is personal.</summary>
    public void Describe(string space, string? type, string? slug = null) => _spaces[space] = (type, slug);

    public void Leave(string user, string space) => _members.TryRemove((space, user), out _);

    /// <summary>Signs with a new key from now on, which is published beside the earlier ones.</summary>
    public EdDsaSecurityKey Rotate(string keyId)
    {
        _signing = EdDsaSecurityKey.FromSeed(keyId, Seed(keyId));
        _published.Add(_signing);
        return _signing;
    }

    public string Token(
        string? user,
        DateTimeOffset now,
        string? issuer = Issuer,
        string? audience = "mana",
        TimeSpan? lifetime = null,
        EdDsaSecurityKey? key = null,
        string? scope = null,
        string? client = null)
    {
        var claims = new Dictionary<string, object> { ["email"] = $"{user}@mana.test", ["role"] = "user", ["tier"] = "public" };
        foreach (var (name, value) in new[] { ("sub", user), ("scope", scope), ("client_id", client) })
        {
            if (value is not null)
            {
                claims[name] = value;
            }
        }

        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(new SecurityTokenDescriptor
        {
            Claims = claims,
            IssuedAt = now.UtcDateTime,
            Expires = (now + (lifetime ?? TimeSpan.FromMinutes(15))).UtcDateTime,
            Issuer = issuer,
            Audience = audience,
            SigningCredentials = new SigningCredentials(key ?? _signing, EdDsaSecurityKey.Algorithm),
        });
    }

    /// <summary>A key that is published nowhere.</summary>
    public static EdDsaSecurityKey StrangeKey(string keyId, string seed = "strange") => EdDsaSecurityKey.FromSeed(keyId, Seed(seed));

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private static byte[] Seed(string text) => System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(text));

    private async Task KeysAsync(HttpContext context)
    {
        Interlocked.Increment(ref _keyFetches);
        await KeysHeld;
        await WriteAsync(context, new
        {
            keys = _published.Select(key => new
            {
                alg = "EdDSA",
                crv = "Ed25519",
                x = Base64UrlEncoder.Encode(key.PublicKey.ToArray()),
                kty = "OKP",
                kid = key.KeyId,
            }),
        });
    }

    private async Task MemberAsync(HttpContext context)
    {
        Interlocked.Increment(ref _membershipQuestions);
        if (context.Request.Headers[ServiceKey.Header] != ServiceKeyValue)
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return;
        }

        var space = (string)context.Request.RouteValues["space"]!;
        var isMember = _members.TryGetValue((space, (string)context.Request.RouteValues["user"]!), out var role);
        object answer = isMember && TellsSpaceTypes && TypeOf(space) is { } spaceType
            ? new { isMember, role = role ?? "", spaceType }
            : new { isMember, role = role ?? "" };
        await WriteAsync(context, answer);
    }

    private string? TypeOf(string space) => _spaces.TryGetValue(space, out var known) ? known.Type : "personal";

    private Task ToolPolicyAsync(HttpContext context)
    {
        Interlocked.Increment(ref _policyQuestions);
        if (AllowDestructive is { } allowed && context.Request.Headers[ServiceKey.Header] == ServiceKeyValue)
        {
            return WriteAsync(context, new { userId = (string)context.Request.RouteValues["user"]!, allowDestructive = allowed });
        }

        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }

    private Task SpacesOfUserAsync(HttpContext context)
    {
        context.Response.StatusCode = ListsSpacesToServices ? StatusCodes.Status200OK : StatusCodes.Status404NotFound;
        return ListsSpacesToServices ? WriteSpacesAsync(context, (string)context.Request.RouteValues["user"]!) : Task.CompletedTask;
    }

    private async Task SpacesAsync(HttpContext context)
    {
        LastBearer = context.Request.Headers.Authorization.ToString();
        await WriteSpacesAsync(context, new JsonWebToken(LastBearer["Bearer ".Length..]).Subject);
    }

    private Task WriteSpacesAsync(HttpContext context, string user) =>
        WriteAsync(context, _members.Keys.Where(member => member.User == user).OrderBy(member => member.Space).Select(member => new
        {
            id = member.Space,
            name = $"Space {member.Space}",
            slug = _spaces.TryGetValue(member.Space, out var known) ? known.Slug : null,
            logo = (string?)null,
            createdAt = "2026-11-22T09:00:00.000Z",
            metadata = TypeOf(member.Space) is { } type ? new { type } : null,
        }));

    private static Task WriteAsync(HttpContext context, object body)
    {
        context.Response.ContentType = "application/json";
        return JsonSerializer.SerializeAsync(context.Response.Body, body, cancellationToken: context.RequestAborted);
    }
}
