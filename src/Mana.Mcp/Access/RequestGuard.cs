using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Mana.Mcp.Access;

/// <summary>
/// What is refused before anything is read: a foreign <c>Host</c> (DNS rebinding), a foreign <c>Origin</c> (another
/// site's script) and a body that announces itself as too large.
/// </summary>
internal sealed class RequestGuard(RequestDelegate next, McpSettings settings)
{
    private const int DrainFactor = 10;

    private readonly bool _anyHost = settings.AllowedHosts.Contains("*");

    public Task InvokeAsync(HttpContext context)
    {
        if (!IsAllowedHost(context.Request.Host))
        {
            return ErrorBody.WriteAsync(context, StatusCodes.Status403Forbidden, "Host not allowed (see MCP_ALLOWED_HOSTS)");
        }

        var origin = context.Request.Headers.Origin;
        if (origin.Count > 0 && !IsAllowedOrigin(origin.ToString()))
        {
            return ErrorBody.WriteAsync(context, StatusCodes.Status403Forbidden, "Origin not allowed (see CORS_ORIGINS)");
        }

        if (context.Request.ContentLength > settings.MaxBodyBytes)
        {
            // Kestrel reads a body within its limit to the end, so that a client that is still sending gets the answer
            // instead of a broken connection. What is many times too large is not worth that.
            if (context.Request.ContentLength <= DrainFactor * settings.MaxBodyBytes
                && context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            {
                limit.MaxRequestBodySize = null;
            }

            return ErrorBody.WriteAsync(
                context, StatusCodes.Status413PayloadTooLarge, $"Request body too large: at most {settings.MaxBodyBytes} bytes are accepted");
        }

        return next(context);
    }

    private bool IsAllowedHost(HostString host) =>
        _anyHost || settings.AllowedHosts.Contains(host.Host, StringComparer.OrdinalIgnoreCase);

    private bool IsAllowedOrigin(string origin) =>
        Uri.TryCreate(origin, UriKind.Absolute, out var url)
        && url.Scheme is "http" or "https"
        && (settings.CorsOrigins.Contains(url.GetLeftPart(UriPartial.Authority), StringComparer.OrdinalIgnoreCase) || IsLoopback(url));

    private static bool IsLoopback(Uri url) =>
        url.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(url.Host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
}
