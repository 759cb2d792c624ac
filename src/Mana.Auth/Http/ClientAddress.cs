using System.Net;
using Microsoft.AspNetCore.Http;

namespace Mana.Auth.Http;

/// <summary>Where a request came from, for session rows and the rate limit; a hint, never a proof.</summary>
internal static class ClientAddress
{
    /// <summary>The first entry of <c>X-Forwarded-For</c> when it is an address, else null.</summary>
    public static string? Forwarded(HttpContext context)
    {
        var header = context.Request.Headers["X-Forwarded-For"].ToString();
        var first = header.Split(',', 2)[0].Trim();
        return IPAddress.TryParse(first, out var address) ? address.ToString() : null;
    }

    /// <summary>The forwarded address, else the connection's.</summary>
    public static string? Of(HttpContext context) => Forwarded(context) ?? context.Connection.RemoteIpAddress?.ToString();

    /// <summary>The user agent, cut to what a row should hold.</summary>
    public static string? UserAgent(HttpContext context) =>
        context.Request.Headers.UserAgent.ToString() is { Length: > 0 } agent ? agent[..Math.Min(agent.Length, 255)] : null;
}
