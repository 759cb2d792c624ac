using System.Text.Json;
using Mana.Auth.Http;
using Mana.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Mana.Auth.Audit;

internal static class AuditEndpoints
{
    private const int OutcomeBodyLimit = 64 * 1024;

    public static void AddAudit(this IServiceCollection services) => services.AddSingleton<AuditStore>();

    public static void MapAudit(this IEndpointRouteBuilder app)
    {
        var persona = app.MapGroup("/api/v1/internal/personas/{id}");
        persona.MapPost("/actions", (string id, HttpContext context, AuditStore store) => BatchAsync(
            id, context, store, "actions", "action", ActionsRequest.MaxBatch, AuditRows.ActionsBodyLimit, AuditRows.ReadAction, store.AddActionsAsync));
        persona.MapPost("/feedback", (string id, HttpContext context, AuditStore store) => BatchAsync(
            id, context, store, "feedback", "feedback", FeedbackRequest.MaxBatch, AuditRows.FeedbackBodyLimit, AuditRows.ReadFeedback, store.AddFeedbackAsync));
        persona.MapPost("/ticks", OutcomeAsync);
    }

    private static async Task<IResult> BatchAsync<T>(
        string personaId,
        HttpContext context,
        AuditStore store,
        string member,
        string noun,
        int maxBatch,
        int bodyLimit,
        Func<JsonElement, int, T?> read,
        Func<string, IReadOnlyList<T>, CancellationToken, Task<int?>> add)
        where T : class
    {
        if (!await store.ExistsAsync(personaId, context.RequestAborted))
        {
            return PersonaNotFound();
        }

        if (await RequestBody.ReadAsync(context, bodyLimit) is not { } body)
        {
            return Invalid("Invalid JSON");
        }

        if (body.Member(member) is not { ValueKind: JsonValueKind.Array } array || array.GetArrayLength() == 0)
        {
            return Invalid($"`{member}` array required");
        }

        if (array.GetArrayLength() > maxBatch)
        {
            return Invalid($"`{member}` batch size must be ≤ {maxBatch}");
        }

        var rows = new List<T>(array.GetArrayLength());
        foreach (var element in array.EnumerateArray())
        {
            if (read(element, rows.Count) is not { } row)
            {
                return Invalid($"One or more {noun} rows failed validation");
            }

            rows.Add(row);
        }

        return await add(personaId, rows, context.RequestAborted) is { } written
            ? Answers.Json(new WrittenResponse(true, written), AuthServerJson.Default.WrittenResponse)
            : PersonaNotFound();
    }

    private static async Task<IResult> OutcomeAsync(string id, HttpContext context, AuditStore store)
    {
        if (!await store.ExistsAsync(id, context.RequestAborted))
        {
            return PersonaNotFound();
        }

        if (await RequestBody.ReadAsync(context, OutcomeBodyLimit) is not { } body)
        {
            return Invalid("Invalid JSON");
        }

        if (AuditRows.ReadOutcome(body, out var error) is not { } tick)
        {
            return Invalid(error!);
        }

        return await store.AddOutcomeAsync(id, tick, context.RequestAborted) is { } response
            ? Answers.Json(response, AuthServerJson.Default.TickOutcomeResponse)
            : PersonaNotFound();
    }

    private static IResult Invalid(string error) => Answers.Error(StatusCodes.Status400BadRequest, error);

    private static IResult PersonaNotFound() => Answers.Error(StatusCodes.Status404NotFound, "Persona not found");
}
