namespace Mana.Mcp.Access;

/// <summary>The request is refused before it reaches a tool; the message goes out as <c>{"error"}</c>.</summary>
internal sealed class AccessDeniedException(int statusCode, string message, Exception? inner = null) : Exception(message, inner)
{
    public int StatusCode { get; } = statusCode;
}

/// <summary>mana-auth cannot be asked right now; nothing is known about the caller, so the answer is 503 and not 401.</summary>
internal sealed class AuthUnavailableException(string message, Exception? inner = null) : Exception(message, inner);
