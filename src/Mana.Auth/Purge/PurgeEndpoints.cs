using System.Text.Json;
using Mana.Auth.Http;
using Mana.Auth.Sessions;
using Mana.Auth.SignIn;
using Mana.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Mana.Auth.Purge;

internal static class PurgeEndpoints
{
    private const int BodyLimit = 64 * 1024;
    private const int MaxTickId = 64;

    public static void AddPurge(this IServiceCollection services) => services.AddSingleton<PersonaPurge>();

    public static void MapPurge(this IEndpointRouteBuilder app) => app.MapPost("/api/v1/admin/purge", PurgeAsync).RequireAdmin();

    private static async Task<IResult> PurgeAsync(HttpContext context, PersonaPurge purge)
    {
        if (await RequestBody.ReadAsync(context, BodyLimit) is not { } body)
        {
            return Answers.Error(StatusCodes.Status400BadRequest, "Invalid JSON body");
        }

        var email = body.Member("email");
        var ticks = body.Member("tickIds");
        if ((email is null) == (ticks is null))
        {
            return Invalid("either email or tickIds required");
        }

        if (ticks is { } list)
        {
            return ReadTicks(list) is { } ids
                ? Answers.Json(await purge.TicksAsync(ids, context.RequestAborted), AuthServerJson.Default.PurgeResponse)
                : Invalid($"tickIds must be an array of 1 to {PurgeRequest.MaxTicks} tick ids");
        }

        if (!email.TryGetText(out var given) || EmailAddress.Normalise(given) is not { } address)
        {
            return Invalid("email must be an e-mail address");
        }

        return await purge.PersonaAsync(address, context.RequestAborted) is { } done
            ? Answers.Json(done, AuthServerJson.Default.PurgeResponse)
            : Answers.Error(StatusCodes.Status409Conflict, "NotAPersona", $"{address} belongs to a user who is not a persona; only personas are purged");
    }

    private static HashSet<string>? ReadTicks(JsonElement list)
    {
        if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() is 0 or > PurgeRequest.MaxTicks)
        {
            return null;
        }

        var ids = new HashSet<string>(StringComparer.Ordinal);
        foreach (var element in list.EnumerateArray())
        {
            if (!((JsonElement?)element).TryGetText(MaxTickId, out var id))
            {
                return null;
            }

            ids.Add(id);
        }

        return ids;
    }

    private static IResult Invalid(string fault) => Answers.Error(StatusCodes.Status400BadRequest, "ValidationError", details: [fault]);
}
