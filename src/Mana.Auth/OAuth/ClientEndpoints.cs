using System.Text.Json;
using Mana.Auth.Http;
using Mana.Auth.Sessions;
using Mana.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Mana.Auth.OAuth;

/// <summary>Registering clients, for administrators; and what users have allowed, for each of them.</summary>
internal static class ClientEndpoints
{
    private const int MaxName = 100;
    private const int MaxRedirects = 20;

    public static void MapClients(this IEndpointRouteBuilder app)
    {
        var admin = app.MapGroup("/api/v1/admin/oauth-clients").RequireAdmin();
        admin.MapPost("", AddAsync);
        admin.MapGet("", ListAsync);
        admin.MapDelete("/{id}", RemoveAsync);
        var mine = app.MapGroup("/api/v1/me/oauth-grants").RequireTrustedOriginToChange().RequireUser();
        mine.MapGet("", MineAsync);
        mine.MapDelete("/{id}", TakeBackAsync);
    }

    private static async Task<IResult> AddAsync(HttpContext context, OAuthClients clients, Callers callers)
    {
        if (await RequestBody.ReadAsync(context, RequestBody.SmallLimit) is not { } body)
        {
            return Answers.Error(StatusCodes.Status400BadRequest, "Invalid JSON body");
        }

        var faults = new List<string>();
        if (!body.Member("name").TryGetText(MaxName, out var name) || name.Any(char.IsControl))
        {
            faults.Add($"name must have 1 to {MaxName} characters on one line");
        }

        var redirectUris = ReadTexts(body, "redirectUris", faults);
        faults.AddRange(redirectUris.Select(uri => RedirectUris.Fault(uri) is { } fault ? $"redirectUris: {uri} {fault}" : null).OfType<string>());
        var scopes = body.Member("scopes") is null ? Scopes.All : ReadTexts(body, "scopes", faults);
        if (scopes.Any(scope => !Scopes.All.Contains(scope)))
        {
            faults.Add($"scopes must be of {string.Join(", ", Scopes.All)}");
        }

        if (body.Member("confidential") is { ValueKind: not (JsonValueKind.True or JsonValueKind.False) })
        {
            faults.Add("confidential must be true or false");
        }

        if (faults.Count > 0)
        {
            return Answers.Error(StatusCodes.Status400BadRequest, "ValidationError", details: faults);
        }

        var administrator = await callers.FindUserAsync(context);
        var (client, secret) = await clients.AddAsync(
            name!.Trim(), redirectUris, Scopes.Text(Scopes.All.Where(scopes.Contains)), body.Member("confidential") is { ValueKind: JsonValueKind.True },
            administrator?.Id ?? "", context.RequestAborted);
        return Answers.Json(View(client, secret), AuthServerJson.Default.OAuthClientView, StatusCodes.Status201Created);
    }

    private static async Task<IResult> ListAsync(OAuthClients clients, CancellationToken cancellationToken) =>
        Answers.Json(
            new OAuthClientsResponse([.. (await clients.ListAsync(cancellationToken)).Select(client => View(client, null))]), AuthServerJson.Default.OAuthClientsResponse);

    private static async Task<IResult> RemoveAsync(string id, OAuthClients clients, CancellationToken cancellationToken) =>
        await clients.RemoveAsync(id, cancellationToken)
            ? Answers.Json(new DeletedResponse(true, id), AuthServerJson.Default.DeletedResponse)
            : Answers.Error(StatusCodes.Status404NotFound, "Not found");

    private static async Task<IResult> MineAsync(HttpContext context, OAuthGrants grants) =>
        Answers.Json(
            new OAuthGrantsResponse([.. (await grants.OfUserAsync(context.CallingUser().Id, context.RequestAborted)).Select(grant => new OAuthGrantView(
                grant.Id, grant.ClientId, grant.ClientName, grant.Resource, Scopes.Of(grant.Scope), grant.CreatedAt, grant.LastUsedAt, grant.ExpiresAt))]),
            AuthServerJson.Default.OAuthGrantsResponse);

    private static async Task<IResult> TakeBackAsync(string id, HttpContext context, OAuthGrants grants) =>
        await grants.TakeBackAsync(context.CallingUser().Id, id, context.RequestAborted)
            ? Answers.Json(new DeletedResponse(true, id), AuthServerJson.Default.DeletedResponse)
            : Answers.Error(StatusCodes.Status404NotFound, "Not found");

    private static OAuthClientView View(OAuthClient client, string? secret) => new(
        client.Id, client.Name, client.RedirectUris, Scopes.Of(client.Scope), client.IsConfidential, client.CreatedAt, secret);

    private static IReadOnlyList<string> ReadTexts(JsonElement body, string member, List<string> faults)
    {
        if (body.Member(member) is not { ValueKind: JsonValueKind.Array } array || array.GetArrayLength() is 0 or > MaxRedirects)
        {
            faults.Add($"{member} must be an array of 1 to {MaxRedirects} strings");
            return [];
        }

        var texts = new List<string>();
        foreach (var element in array.EnumerateArray())
        {
            if (((JsonElement?)element).TryGetText(out var text))
            {
                texts.Add(text);
            }
            else
            {
                faults.Add($"{member} must hold strings");
            }
        }

        return [.. texts.Distinct(StringComparer.Ordinal)];
    }
}
