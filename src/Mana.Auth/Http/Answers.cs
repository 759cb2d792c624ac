using System.Globalization;
using System.Text.Json.Serialization.Metadata;
using Mana.Hosting.Http;
using Microsoft.AspNetCore.Http;

namespace Mana.Auth.Http;

/// <summary>Makes answers; the four error envelopes of the wire contract have a method each (B is <c>MiddlewareError</c>).</summary>
internal static class Answers
{
    public static IResult Json<T>(T body, JsonTypeInfo<T> type, int status = StatusCodes.Status200OK) =>
        JsonAnswer.Of(body, type, status);

    /// <summary>Envelope A, of <c>/api/v1/auth/*</c>.</summary>
    public static IResult Failure(HttpContext context, AuthFailure failure)
    {
        if (failure.RetryAfterSeconds is { } seconds)
        {
            context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        var body = new AuthErrorBody(failure.Code, failure.Message, failure.Status, failure.RetryAfterSeconds);
        return Json(body, AuthServerJson.Default.AuthErrorBody, failure.Status);
    }

    /// <summary>Envelope C, of <c>/api/auth/*</c>.</summary>
    public static IResult NativeFailure(HttpContext context, AuthFailure failure)
    {
        if (failure.RetryAfterSeconds is { } seconds)
        {
            var text = seconds.ToString(CultureInfo.InvariantCulture);
            context.Response.Headers.RetryAfter = text;
            context.Response.Headers["X-Retry-After"] = text;
        }

        return failure.Code == "RATE_LIMITED"
            ? NativeError(failure.Status, null, "Too many requests. Please try again later.")
            : NativeError(failure.Status, failure.NativeCode ?? failure.Code, failure.Message);
    }

    /// <inheritdoc cref="NativeFailure"/>
    public static IResult NativeError(int status, string? code, string message) =>
        Json(new NativeErrorBody(message, code), AuthServerJson.Default.NativeErrorBody, status);

    /// <summary>Envelope C for a request without a session.</summary>
    public static IResult NativeUnauthorized() => NativeError(StatusCodes.Status401Unauthorized, "UNAUTHORIZED", "Unauthorized");

    /// <summary>Envelope D, of the persona and admin routes.</summary>
    public static IResult Error(int status, string error, string? message = null, string? hint = null, IReadOnlyList<string>? details = null) =>
        Json(new ErrorBody(error, message, hint, details), AuthServerJson.Default.ErrorBody, status);
}
