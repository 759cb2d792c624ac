namespace Mana.Mcp.Policy;

/// <summary>Why a request or a call never reached the policy gate: labels of one counter, beside those of <see cref="Access.SpaceRefusedException"/>.</summary>
internal static class AccessRefusal
{
    public const string NoGoodToken = "no-good-token";
    public const string NoSpace = "no-space";
    public const string NotAMember = "not-a-member";
    public const string AuthUnavailable = "auth-unavailable";
    public const string InsufficientScope = "insufficient-scope";
}
