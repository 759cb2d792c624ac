using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Mana.Auth.Http;

/// <summary>CORS exactly as the wire contract has it: a stranger's origin gets no header, the status stays.</summary>
internal static class Cors
{
    public static void UseAuthCors(this IApplicationBuilder app, IReadOnlySet<string> origins) =>
        app.Use((context, next) =>
        {
            var headers = context.Response.Headers;
            headers.Append("Vary", "Origin");
            if (context.Request.Headers.Origin.ToString() is { Length: > 0 } origin && origins.Contains(origin))
            {
                headers.AccessControlAllowOrigin = origin;
                headers.AccessControlAllowCredentials = "true";
                headers.AccessControlExposeHeaders = "Set-Cookie, set-auth-jwt";
            }

            if (!HttpMethods.IsOptions(context.Request.Method))
            {
                return next(context);
            }

            headers.AccessControlAllowMethods = "GET,HEAD,PUT,POST,DELETE,PATCH";
            headers.AccessControlAllowHeaders = "Content-Type,Authorization,X-Service-Key,X-App-Id";
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return Task.CompletedTask;
        });
}
