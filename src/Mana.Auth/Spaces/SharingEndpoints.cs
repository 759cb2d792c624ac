using Mana.Auth.Http;
using Mana.Auth.Sessions;
using Mana.Auth.SignIn;
using Mana.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Mana.Auth.Spaces;

/// <summary>Members and invitations of shared spaces.</summary>
internal static class SharingEndpoints
{
    private static readonly DoneResponse Done = new(true);

    public static void MapSharing(this IEndpointRouteBuilder app)
    {
        var space = app.MapGroup("/api/v1/spaces/{id}").RequireTrustedOriginToChange().RequireUser();
        space.MapDelete("", DeleteSpaceAsync);
        space.MapPost("/leave", LeaveAsync);
        space.MapGet("/members", MembersAsync);
        space.MapPut("/members/{userId}", SetRoleAsync);
        space.MapDelete("/members/{userId}", RemoveAsync);
        space.MapPost("/invitations", InviteAsync);
        space.MapGet("/invitations", InvitationsAsync);
        space.MapDelete("/invitations/{invitationId}", RevokeAsync);
        var mine = app.MapGroup("/api/v1/me/invitations").RequireTrustedOriginToChange().RequireUser();
        mine.MapGet("", MyInvitationsAsync);
        mine.MapPost("/{invitationId}/accept", AcceptAsync);
        mine.MapPost("/{invitationId}/decline", DeclineAsync);
    }

    private static async Task<IResult> DeleteSpaceAsync(string id, HttpContext context, SpaceMembers members) =>
        Answer(await members.DeleteSpaceAsync(id, context.CallingUser().Id, context.RequestAborted));

    private static async Task<IResult> LeaveAsync(string id, HttpContext context, SpaceMembers members) =>
        Answer(await members.RemoveAsync(id, context.CallingUser().Id, context.CallingUser().Id, context.RequestAborted));

    private static async Task<IResult> MembersAsync(string id, HttpContext context, SpaceMembers members)
    {
        var result = await members.ListAsync(id, context.CallingUser().Id, context.RequestAborted);
        return result.IsDone ? Answers.Json(result.Value, AuthServerJson.Default.SpaceMembersResponse) : result.Refusal.ToResult();
    }

    private static async Task<IResult> SetRoleAsync(string id, string userId, HttpContext context, SpaceMembers members)
    {
        if (await RequestBody.ReadAsync(context, RequestBody.SmallLimit) is not { } body)
        {
            return Answers.Error(StatusCodes.Status400BadRequest, "Invalid JSON body");
        }

        if (!body.Member("role").TryGetText(out var role) || !SpaceRoles.All.Contains(role))
        {
            return SpaceRefusal.InvalidRole(SpaceRoles.All).ToResult();
        }

        var result = await members.SetRoleAsync(id, context.CallingUser().Id, userId, role, context.RequestAborted);
        return result.IsDone ? Answers.Json(result.Value, AuthServerJson.Default.SpaceMember) : result.Refusal.ToResult();
    }

    private static async Task<IResult> RemoveAsync(string id, string userId, HttpContext context, SpaceMembers members) =>
        Answer(await members.RemoveAsync(id, context.CallingUser().Id, userId, context.RequestAborted));

    private static async Task<IResult> InviteAsync(string id, HttpContext context, Invitations invitations)
    {
        if (await RequestBody.ReadAsync(context, RequestBody.SmallLimit) is not { } body)
        {
            return Answers.Error(StatusCodes.Status400BadRequest, "Invalid JSON body");
        }

        if (!body.Member("email").TryGetText(out var given) || EmailAddress.Normalise(given) is not { } email)
        {
            return SpaceRefusal.Invalid("email must be an e-mail address").ToResult();
        }

        if (!body.Member("role").TryGetText(out var role) || !Invitations.Roles.Contains(role))
        {
            return SpaceRefusal.InvalidRole(Invitations.Roles).ToResult();
        }

        var result = await invitations.InviteAsync(id, context.CallingUser(), email, role, context.RequestAborted);
        return result.IsDone ? Answers.Json(result.Value, AuthServerJson.Default.InvitationView) : result.Refusal.ToResult();
    }

    private static async Task<IResult> InvitationsAsync(string id, HttpContext context, Invitations invitations)
    {
        var result = await invitations.ListAsync(id, context.CallingUser().Id, context.RequestAborted);
        return result.IsDone ? Answers.Json(result.Value, AuthServerJson.Default.InvitationsResponse) : result.Refusal.ToResult();
    }

    private static async Task<IResult> RevokeAsync(string id, string invitationId, HttpContext context, Invitations invitations) =>
        Answer(await invitations.RevokeAsync(id, context.CallingUser().Id, invitationId, context.RequestAborted));

    private static async Task<IResult> MyInvitationsAsync(HttpContext context, Invitations invitations) =>
        Answers.Json(await invitations.ToUserAsync(context.CallingUser(), context.RequestAborted), AuthServerJson.Default.MyInvitationsResponse);

    private static async Task<IResult> AcceptAsync(string invitationId, HttpContext context, Invitations invitations)
    {
        var result = await invitations.AcceptAsync(context.CallingUser(), invitationId, context.RequestAborted);
        return result.IsDone ? Answers.Json(result.Value, AuthServerJson.Default.MemberView) : result.Refusal.ToResult();
    }

    private static async Task<IResult> DeclineAsync(string invitationId, HttpContext context, Invitations invitations) =>
        Answer(await invitations.DeclineAsync(context.CallingUser(), invitationId, context.RequestAborted));

    private static IResult Answer(SpaceRefusal? refusal) => refusal?.ToResult() ?? Answers.Json(Done, AuthServerJson.Default.DoneResponse);
}
