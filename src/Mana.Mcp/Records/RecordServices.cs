using System.Text.Json;
using System.Text.Json.Serialization;
using Mana.Contracts;
using Mana.Hosting.Storage;
using Mana.Mcp.Access;
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
        app.MapDelete("/api/v1/internal/spaces/{id}", async (string id, RecordStore records, Memberships memberships, CancellationToken cancellationToken) =>
        {
            memberships.Forget(new SpaceId(id));
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
        app.MapDelete("/api/v1/internal/users/{id}/records", async (string id, RecordStore records, Memberships memberships, CancellationToken cancellationToken) =>
        {
            memberships.Forget(new UserId(id));
            return TypedResults.Json(await records.RemoveAuthorAsync(new UserId(id), cancellationToken), RecordJson.Default.PurgeResponse);
        });

        // For `mana purge --tick` and `--run`: what the visits themselves wrote.
        app.MapPost("/api/v1/internal/purge", RemoveTicksAsync);
    }

    private static async Task RemoveTicksAsync(HttpContext context, RecordStore records, CancellationToken cancellationToken)
    {
        PurgeRequest? request;
        try
        {
            request = await context.Request.ReadFromJsonAsync(RecordJson.Default.PurgeRequest, cancellationToken);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            request = null;
        }

        if (request is not { Email: null, TickIds: { Count: > 0 and <= PurgeRequest.MaxTicks } ticks } || !ticks.All(tick => PlainId.IsValid(tick.Value ?? "")))
        {
            await ErrorBody.WriteAsync(
                context, StatusCodes.Status400BadRequest, $"send JSON such as {{\"tickIds\":[…]}} with at most {PurgeRequest.MaxTicks} ids of ticks");
            return;
        }

        await context.Response.WriteAsJsonAsync(
            await records.RemoveTicksAsync(ticks, cancellationToken), RecordJson.Default.PurgeResponse, cancellationToken: cancellationToken);
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
[JsonSerializable(typeof(PurgeRequest))]
[JsonSerializable(typeof(PurgeResponse))]
internal sealed partial class RecordJson : JsonSerializerContext;
