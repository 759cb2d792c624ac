using Mana.Auth.Http;
using Mana.Auth.Sessions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Mana.Auth.Keys;

internal static class KeyEndpoints
{
    public static void AddKeys(this IServiceCollection services, AuthSettings settings)
    {
        services.AddSingleton(_ => new KeyProtection(settings.Secret));
        services.AddSingleton<SigningKeys>();
        services.AddSingleton<AccessTokens>();
    }

    public static void MapKeys(this IEndpointRouteBuilder app)
    {
        app.MapGet("/api/auth/jwks", PublishedAsync);
        app.MapGet("/api/v1/auth/jwks", PublishedAsync);
        app.MapPost("/api/v1/admin/keys/rotate", RotateAsync).RequireAdmin();
    }

    private static async Task<IResult> PublishedAsync(SigningKeys keys, CancellationToken cancellationToken) =>
        Answers.Json(new JwksResponse(await keys.PublishedAsync(cancellationToken)), AuthServerJson.Default.JwksResponse);

    private static async Task<IResult> RotateAsync(SigningKeys keys, CancellationToken cancellationToken)
    {
        var key = await keys.RotateAsync(cancellationToken);
        return Answers.Json(new RotatedResponse(true, key.Id, key.CreatedAt), AuthServerJson.Default.RotatedResponse);
    }
}
