using Mana.Hosting.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Mana.Hosting.Http;

/// <summary>What every service answers alike: request ids, unknown routes, trailing slashes, unhandled errors, CORS.</summary>
public static partial class CommonMiddleware
{
    /// <summary>The header that names a request in logs on both sides.</summary>
    public const string RequestIdHeader = "X-Request-Id";

    /// <summary>Adds, outermost first: error handler, request id, trailing-slash redirect, 404 text.</summary>
    public static void UseManaDefaults(this WebApplication app)
    {
        var logger = app.Logger;
        app.Use(async (context, next) =>
        {
            if (HttpMethods.IsHead(context.Request.Method))
            {
                // Routing takes HEAD for a method of its own; the server sends no body for it whatever is written.
                context.Request.Method = HttpMethods.Get;
            }

            var requestId = RequestIdOf(context.Request);
            context.Response.Headers[RequestIdHeader] = requestId;
            try
            {
                await next(context);
            }
            catch (BadHttpRequestException e) when (!context.Response.HasStarted)
            {
                await MiddlewareError.WriteAsync(context, e.StatusCode, e.StatusCode == 413 ? "Request body too large" : "Bad request");
                return;
            }
            catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                Log.Unhandled(logger, context.Request.Method, context.Request.Path, requestId, e);
                if (context.Response.HasStarted)
                {
                    throw;
                }

                // A full disk or a database that is away is nothing that the caller or the code could mend: it is said.
                await (StoreFault.Of(e) is { } fault
                    ? MiddlewareError.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, $"The store of this service cannot be used: {fault}")
                    : MiddlewareError.WriteAsync(context, StatusCodes.Status500InternalServerError, "Internal server error"));
                return;
            }

            await AnswerUnmatchedAsync(context);
        });
        app.UseRouting();
        app.Use((context, next) =>
        {
            // Routing overlooks a slash at the end; the contract's paths are exact, and GET is sent to the one that exists.
            if (HttpMethods.IsGet(context.Request.Method) && HasTrailingSlash(context.Request.Path))
            {
                context.SetEndpoint(null);
            }

            return next(context);
        });
    }

    // What goes back in a header and into logs has to be one plain word.
    private static string RequestIdOf(HttpRequest request) =>
        request.Headers[RequestIdHeader].ToString() is { Length: > 0 and <= 128 } given && given.All(c => c is > ' ' and < (char)127)
            ? given
            : Guid.NewGuid().ToString("N")[..8];

    private static bool HasTrailingSlash(PathString path) => path.Value is { Length: > 1 } text && text.EndsWith('/');

    private static async Task AnswerUnmatchedAsync(HttpContext context)
    {
        // 405 too: the contract knows no difference between a wrong path and a wrong method.
        if (context.Response.HasStarted || context.GetEndpoint() is { } endpoint && !IsMethodMismatch(endpoint))
        {
            return;
        }

        if (context.Response.StatusCode is not (StatusCodes.Status404NotFound or StatusCodes.Status405MethodNotAllowed))
        {
            return;
        }

        var path = context.Request.Path;
        if (HttpMethods.IsGet(context.Request.Method) && HasTrailingSlash(path) && !path.Value!.StartsWith("//", StringComparison.Ordinal))
        {
            // Encoded again: a decoded backslash or line break would lead elsewhere.
            context.Response.StatusCode = StatusCodes.Status301MovedPermanently;
            context.Response.Headers.Location = new PathString(path.Value.TrimEnd('/')).ToUriComponent() + context.Request.QueryString.ToUriComponent();
            return;
        }

        context.Response.StatusCode = StatusCodes.Status404NotFound;
        context.Response.Headers.Remove("Allow");
        context.Response.ContentType = "text/plain; charset=UTF-8";
        await context.Response.WriteAsync("404 Not Found");
    }

    private static bool IsMethodMismatch(Endpoint endpoint) => endpoint.DisplayName == "405 HTTP Method Not Supported";

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "{Method} {Path} failed (request {RequestId})")]
        public static partial void Unhandled(ILogger logger, string method, PathString path, string requestId, Exception exception);
    }
}
