using System.Text.Json;
using Mana.Auth.Http;
using Mana.Auth.Sessions;
using Mana.Auth.SignIn;
using Mana.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Mana.Auth.Spaces;

/// <summary><c>/api/v1/admin/spaces</c>: what <c>mana seed</c> asks for.</summary>
internal static class CatalogSpaceEndpoints
{
    private const int BodyLimit = 64 * 1024;
    private const int MaxName = 100;

    public static void MapCatalogSpaces(this IEndpointRouteBuilder app)
    {
        var admin = app.MapGroup("/api/v1/admin/spaces").RequireAdmin();
        admin.MapGet("", ListAsync);
        admin.MapPut("/{slug}", PutAsync);
        admin.MapDelete("/{slug}", DeleteAsync);
    }

    private static async Task<IResult> ListAsync(CatalogSpaces spaces, CancellationToken cancellationToken) =>
        Answers.Json(await spaces.ListAsync(cancellationToken), AuthServerJson.Default.CatalogSpacesResponse);

    private static async Task<IResult> PutAsync(string slug, HttpContext context, CatalogSpaces spaces)
    {
        if (await RequestBody.ReadAsync(context, BodyLimit) is not { } body)
        {
            return Answers.Error(StatusCodes.Status400BadRequest, "Invalid JSON body");
        }

        var faults = new List<string>();
        if (Read(slug, body, faults) is not { } wanted)
        {
            return Answers.Error(StatusCodes.Status400BadRequest, "ValidationError", details: faults);
        }

        var result = await spaces.PutAsync(wanted, context.RequestAborted);
        return result.IsDone ? Answers.Json(result.Value, AuthServerJson.Default.CatalogSpace) : result.Refusal.ToResult();
    }

    private static async Task<IResult> DeleteAsync(string slug, CatalogSpaces spaces, CancellationToken cancellationToken) =>
        await spaces.DeleteAsync(slug, cancellationToken) is { } refusal
            ? refusal.ToResult()
            : Answers.Json(new DeletedResponse(true, slug), AuthServerJson.Default.DeletedResponse);

    private static CatalogSpace? Read(string slug, JsonElement body, List<string> faults)
    {
        if (!SpaceEndpoints.IsSlug(slug))
        {
            faults.Add("slug must be lower-case letters, digits and single hyphens, and no reserved word");
        }

        if (!body.Member("name").TryGetText(MaxName, out var name) || name.Any(char.IsControl))
        {
            faults.Add($"name must have 1 to {MaxName} characters on one line");
        }

        if (!body.Member("type").TryGetText(out var type) || !SpaceTypes.Shared.Contains(type))
        {
            faults.Add($"type must be one of {string.Join(", ", SpaceTypes.Shared)}");
        }

        var members = new List<CatalogSpaceMember>();
        if (body.Member("members") is not { ValueKind: JsonValueKind.Array } array || array.GetArrayLength() is 0 or > SpaceMembers.MaxMembers)
        {
            faults.Add($"members must be an array of 1 to {SpaceMembers.MaxMembers} objects with email and role");
            return null;
        }

        foreach (var element in array.EnumerateArray())
        {
            if (!element.Member("email").TryGetText(out var given) || EmailAddress.Normalise(given) is not { } email)
            {
                faults.Add("members: email must be an e-mail address");
            }
            else if (!element.Member("role").TryGetText(out var role) || !SpaceRoles.All.Contains(role))
            {
                faults.Add($"members: the role of {email} must be one of {string.Join(", ", SpaceRoles.All)}");
            }
            else if (members.Exists(member => member.Email == email))
            {
                faults.Add($"members: {email} is there twice");
            }
            else
            {
                members.Add(new CatalogSpaceMember(email, role));
            }
        }

        if (faults.Count == 0 && !members.Exists(member => member.Role == SpaceRoles.Owner))
        {
            faults.Add($"members: one of them must be {SpaceRoles.Owner}");
        }

        return faults.Count == 0 ? new CatalogSpace(slug, name!.Trim(), type!, members) : null;
    }
}
