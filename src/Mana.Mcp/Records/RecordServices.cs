using System.Text.Json.Serialization;
using Mana.Contracts;
using Mana.Hosting.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Mana.Mcp.Records;

/// <summary>Registers the store and maps what mana-auth asks of it.</summary>
internal static class RecordServices
{
    public static IServiceCollection AddRecords(this IServiceCollection services, ServiceDatabase database)
    {
        // By a factory, so that the container closes it with the host.
        services.AddSingleton(_ => database);
        services.AddSingleton<RecordStore>();
        services.AddSingleton<KeyedAnswers>();
        services.AddSingleton<RecordCatalog>();
        services.AddSingleton<IndexBackfill>();
        services.AddHostedService(provider => provider.GetRequiredService<IndexBackfill>());
        return services;
    }

    /// <summary>
    /// <c>DELETE /api/v1/internal/spaces/:id</c>, behind the service key: mana-auth calls it until it succeeds once, so
    /// an unknown space is no error.
    /// </summary>
    public static void MapSpaceRemoval(this IEndpointRouteBuilder app) =>
        app.MapDelete("/api/v1/internal/spaces/{id}", async (string id, RecordStore records, CancellationToken cancellationToken) =>
            TypedResults.Json(
                new SpaceRemoval(true, await records.RemoveSpaceAsync(new SpaceId(id), cancellationToken)),
                RecordJson.Default.SpaceRemoval));
}

internal sealed record SpaceRemoval(bool Ok, int Deleted);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(SpaceRemoval))]
internal sealed partial class RecordJson : JsonSerializerContext;
