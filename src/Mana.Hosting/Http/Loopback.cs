using System.Net;
using Microsoft.AspNetCore.Http;

namespace Mana.Hosting.Http;

/// <summary>Says whether a request came from this machine.</summary>
public static class Loopback
{
    /// <summary>
    /// True when the connection itself is from loopback and no proxy stands in between: a forwarded request reaches us
    /// from loopback too, but its user does not sit here.
    /// </summary>
    public static bool IsLocal(HttpContext context) =>
        context.Connection.RemoteIpAddress is { } address
        && IPAddress.IsLoopback(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address)
        && !context.Request.Headers.ContainsKey("X-Forwarded-For")
        && !context.Request.Headers.ContainsKey("Forwarded");
}
