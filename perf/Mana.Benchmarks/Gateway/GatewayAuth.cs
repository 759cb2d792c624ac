using System.Security.Cryptography;
using System.Text.Json;
using Mana.Contracts;
using Mana.Hosting;
using Mana.Hosting.Identity;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Mana.Benchmarks.Gateway;

/// <summary>
/// What mana-auth tells a gateway, from memory: its signing key, that everybody owns the space of their own name, and
/// that everything destructive is allowed. The tokens are real.
/// </summary>
internal sealed class GatewayAuth : IAsyncDisposable
{
    private static readonly TimeSpan TokenLifetime = TimeSpan.FromHours(2);

    private readonly WebApplication _app;
    private readonly EdDsaSecurityKey _key = EdDsaSecurityKey.FromSeed("bench", RandomNumberGenerator.GetBytes(32));
    private readonly JsonWebTokenHandler _handler = new();

    private GatewayAuth(WebApplication app) => _app = app;

    public Uri Address => _app.Address();

    public static async Task<GatewayAuth> StartAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        var app = builder.Build();
        var auth = new GatewayAuth(app);
        app.MapGet("/api/auth/jwks", auth.KeysAsync);
        app.MapGet("/api/v1/internal/org/{space}/member/{user}", (string space, string user, HttpContext context) => WriteAsync(
            context,
            space.StartsWith(user, StringComparison.Ordinal)
                ? new MembershipResponse(true, SpaceRoles.Owner, SpaceTypes.Personal)
                : new MembershipResponse(false, ""),
            AuthJson.Default.MembershipResponse));
        app.MapGet("/api/v1/internal/users/{user}/tool-policy", (string user, HttpContext context) => WriteAsync(
            context, new UserToolPolicy(new UserId(user), [ToolPatterns.All]), AuthJson.Default.UserToolPolicy));
        await app.StartAsync(cancellationToken);
        return auth;
    }

    public string Token(string user) => _handler.CreateToken(new SecurityTokenDescriptor
    {
        Claims = new Dictionary<string, object> { ["sub"] = user, ["email"] = $"{user}@mana.test", ["role"] = "user", ["tier"] = "founder" },
        Expires = (TimeProvider.System.GetUtcNow() + TokenLifetime).UtcDateTime,
        Issuer = Address.AbsoluteUri.TrimEnd('/'),
        Audience = "mana",
        SigningCredentials = new SigningCredentials(_key, EdDsaSecurityKey.Algorithm),
    });

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private Task KeysAsync(HttpContext context)
    {
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(
            $$"""{"keys":[{"alg":"EdDSA","crv":"Ed25519","kty":"OKP","kid":"bench","x":"{{Base64UrlEncoder.Encode(_key.PublicKey.ToArray())}}"}]}""");
    }

    private static Task WriteAsync<T>(HttpContext context, T value, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> shape)
    {
        context.Response.ContentType = "application/json";
        return JsonSerializer.SerializeAsync(context.Response.Body, value, shape, context.RequestAborted);
    }
}
