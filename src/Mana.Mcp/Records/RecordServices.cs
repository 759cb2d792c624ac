using System.Text.Json.Serialization;
using Mana.Contracts;
using Mana.Hosting.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Mana.Mcp.Records;

/// <summary>Registers the store and maps what mana-auth and <c>mana purge</c> ask of it.</summary>
internal static class RecordServices
{
    public static IServiceCollection AddRecords(this IServiceCollection services, ServiceDatabase database)
    {
        // By a factory, so that the container closes it with the host.
        services.AddSingleton(_ => database);
        services.AddSingleton<SpaceQuota>();
        services.AddSingleton<RecordPurge>();
        services.AddHostedService(provider => provider.GetRequiredService<RecordPurge>());
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
    public static void MapSpaceRemoval(this IEndpointRouteBuilder app)
    {
        app.MapDelete("/api/v1/internal/spaces/{id}", async (string id, RecordStore records, CancellationToken cancellationToken) =>
        {
            var removal = await records.RemoveSpaceAsync(new SpaceId(id), cancellationToken);

            // What is left has to be asked for again: mana-auth does so after anything but a success.
            return TypedResults.Json(
                removal, RecordJson.Default.SpaceRemoval, statusCode: removal.Ok ? StatusCodes.Status200OK : StatusCodes.Status409Conflict);
        });

        // The proof of a purge: what every table still has of the space.
        app.MapGet("/api/v1/internal/spaces/{id}/rows", async (string id, ServiceDatabase database, CancellationToken cancellationToken) =>
        {
            var tables = await database.ReadAsync((db, ct) => OwnedTables.OfSpace.CountAsync(db, database.Kind, id, ct), cancellationToken);
            return TypedResults.Json(new SpaceRows(id, tables.Values.Sum(), tables), RecordJson.Default.SpaceRows);
        });

        // For `mana purge`: what a user wrote in the spaces of others outlives the user's own.
        app.MapDelete("/api/v1/internal/users/{id}/records", async (string id, RecordStore records, CancellationToken cancellationToken) =>
            TypedResults.Json(await records.RemoveAuthorAsync(new UserId(id), cancellationToken), RecordJson.Default.PurgeResponse));
    }
}

/// <summary>Answer of the removal.</summary>
/// <param name="Ok">Nothing is left.</param>
/// <param name="Deleted">How many records there were.</param>
/// <param name="Remaining">How many rows of any kind are left.</param>
internal sealed record SpaceRemoval(bool Ok, int Deleted, long Remaining);

/// <summary>What there is of a space, by table.</summary>
internal sealed record SpaceRows(string SpaceId, long Rows, IReadOnlyDictionary<string, long> Tables);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(SpaceRemoval))]
[JsonSerializable(typeof(SpaceRows))]
[JsonSerializable(typeof(PurgeResponse))]
internal sealed partial class RecordJson : JsonSerializerContext;
