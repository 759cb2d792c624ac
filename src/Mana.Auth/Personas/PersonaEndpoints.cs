using Mana.Auth.Http;
using Mana.Auth.Sessions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Mana.Auth.Personas;

internal static class PersonaEndpoints
{
    public static void AddPersonas(this IServiceCollection services)
    {
        services.AddSingleton<PersonaDirectory>();
        services.AddSingleton<PersonaReports>();
        services.AddSingleton<DueList>();
    }

    public static void MapPersonas(this IEndpointRouteBuilder app)
    {
        app.MapGet("/api/v1/internal/personas/due", DueAsync);
        var admin = app.MapGroup("/api/v1/admin/personas").RequireAdmin();
        admin.MapPost("", UpsertAsync);
        admin.MapGet("", ListAsync);
        admin.MapGet("/{id}", DetailAsync);
        admin.MapDelete("/{id}", DeleteAsync);
    }

    private static async Task<IResult> DueAsync(HttpContext context, DueList due) =>
        DueQuery.TryRead(context.Request.Query, out var query, out var error)
            ? Answers.Json(await due.FindAsync(query, context.RequestAborted), AuthServerJson.Default.DueResponse)
            : Answers.Error(StatusCodes.Status400BadRequest, error);

    private static async Task<IResult> UpsertAsync(HttpContext context, PersonaDirectory personas)
    {
        if (await RequestBody.ReadAsync(context, PersonaUpsertReader.BodyLimit) is not { } body)
        {
            return Answers.Error(StatusCodes.Status400BadRequest, "Invalid JSON body");
        }

        if (PersonaUpsertReader.Read(body, out var faults) is not { } request)
        {
            return Answers.Error(StatusCodes.Status400BadRequest, "ValidationError", details: faults);
        }

        return await personas.UpsertAsync(request, context.RequestAborted) is { } done
            ? Answers.Json(done, AuthServerJson.Default.PersonaUpsertResponse)
            : Answers.Error(StatusCodes.Status409Conflict, "NotAPersona", $"{request.Email} belongs to a user who is not a persona; choose another e-mail");
    }

    private static async Task<IResult> ListAsync(PersonaReports reports, CancellationToken cancellationToken) =>
        Answers.Json(await reports.ListAsync(cancellationToken), AuthServerJson.Default.PersonaListResponse);

    private static async Task<IResult> DetailAsync(string id, PersonaReports reports, CancellationToken cancellationToken) =>
        await reports.FindAsync(id, cancellationToken) is { } detail
            ? Answers.Json(detail, AuthServerJson.Default.PersonaDetailResponse)
            : Answers.Error(StatusCodes.Status404NotFound, "Not found");

    private static async Task<IResult> DeleteAsync(string id, PersonaDirectory personas, CancellationToken cancellationToken) =>
        await personas.DeleteAsync(id, cancellationToken) switch
        {
            DeleteResult.NotFound => Answers.Error(StatusCodes.Status404NotFound, "Not found"),
            DeleteResult.NotAPersona => Answers.Error(
                StatusCodes.Status400BadRequest,
                "Refusing to delete non-persona user via this endpoint",
                hint: "Use DELETE /api/v1/admin/users/:id/data for people"),
            _ => Answers.Json(new DeletedResponse(true, id), AuthServerJson.Default.DeletedResponse),
        };
}
