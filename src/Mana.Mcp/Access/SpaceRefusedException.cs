namespace Mana.Mcp.Access;

/// <summary>The caller may not do this in that space; the message says what to do instead.</summary>
/// <param name="reason">One of the names below: also a metric label.</param>
/// <param name="message">For the model.</param>
internal sealed class SpaceRefusedException(string reason, string message) : Exception(message)
{
    public const string UnknownSpace = "unknown-space";
    public const string ViewerRole = "viewer-role";
    public const string ModuleNotInSpace = "module-not-in-space";

    public string Reason { get; } = reason;
}
