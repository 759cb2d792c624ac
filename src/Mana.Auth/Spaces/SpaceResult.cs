using System.Diagnostics.CodeAnalysis;
using Mana.Auth.Http;
using Mana.Contracts;
using Microsoft.AspNetCore.Http;

namespace Mana.Auth.Spaces;

/// <summary>Why something was not done in a space.</summary>
internal sealed record SpaceRefusal(int Status, string Error, string Message)
{
    /// <summary>Strangers hear the same of a space that is not theirs and of one that is not there.</summary>
    public static SpaceRefusal NotFound { get; } = new(StatusCodes.Status404NotFound, "NotFound", "There is no such space among yours");

    public static SpaceRefusal NoSuchMember { get; } = new(StatusCodes.Status404NotFound, "MemberNotFound", "Nobody of that id is a member of the space");

    public static SpaceRefusal NoSuchInvitation { get; } = new(
        StatusCodes.Status404NotFound, "InvitationNotFound", "There is no such invitation; it may have been answered or revoked");

    public static SpaceRefusal Expired { get; } = new(
        StatusCodes.Status410Gone, "InvitationExpired", "The invitation has expired; ask for a new one");

    public static SpaceRefusal LastOwner { get; } = new(
        StatusCodes.Status409Conflict, "LastOwner", "The last owner cannot go or become less; make somebody else an owner first, or delete the space");

    public static SpaceRefusal Personal { get; } = new(
        StatusCodes.Status400BadRequest, "PersonalSpace", "A personal space belongs to one person alone; make a shared space instead");

    public static SpaceRefusal AlreadyMember { get; } = new(StatusCodes.Status409Conflict, "AlreadyMember", "That person is a member of the space already");

    public static SpaceRefusal Full { get; } = new(
        StatusCodes.Status409Conflict, "SpaceFull", $"A space has at most {SpaceMembers.MaxMembers} members and open invitations");

    public static SpaceRefusal Forbidden(string message) => new(StatusCodes.Status403Forbidden, "Forbidden", message);

    public static SpaceRefusal Invalid(string message) => new(StatusCodes.Status400BadRequest, "ValidationError", message);

    public static SpaceRefusal InvalidRole(IEnumerable<string> roles) => Invalid($"role must be one of {string.Join(", ", roles)}");

    public IResult ToResult() => Answers.Error(Status, Error, Message);
}

/// <summary>What was asked for, or why it was refused.</summary>
internal sealed record SpaceResult<T>(T? Value, SpaceRefusal? Refusal) where T : class
{
    [MemberNotNullWhen(true, nameof(Value))]
    [MemberNotNullWhen(false, nameof(Refusal))]
    public bool IsDone => Refusal is null;

    public static implicit operator SpaceResult<T>(T value) => new(value, null);

    public static implicit operator SpaceResult<T>(SpaceRefusal refusal) => new(null, refusal);
}

/// <summary>What roles may do to one another.</summary>
internal static class SpaceRights
{
    /// <summary>Whether the role invites and removes people.</summary>
    public static bool Manages(string role) => role is SpaceRoles.Owner or SpaceRoles.Admin;

    /// <summary>Whether somebody of the role may give or take another's role: administrators below owners, owners all.</summary>
    public static bool MayManage(string role, string other) => role == SpaceRoles.Owner || (role == SpaceRoles.Admin && other != SpaceRoles.Owner);
}
