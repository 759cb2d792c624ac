using Mana.Auth.Http;
using Mana.Auth.Keys;
using Mana.Auth.Storage;
using Mana.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Mana.Auth.Sessions;

internal static class SessionEndpoints
{
    public static void AddSessions(this IServiceCollection services)
    {
        services.AddSingleton<SessionStore>();
        services.AddSingleton<SessionCookies>();
        services.AddSingleton<Callers>();
    }

    public static void MapSessions(this IEndpointRouteBuilder app)
    {
        app.MapGet("/api/auth/token", TokenAsync);
        app.MapGet("/api/auth/get-session", SessionAsync);
        app.MapGet("/api/v1/auth/session", SessionAsync);
        app.MapGet("/api/v1/auth/profile", SessionAsync);
        app.MapPost("/api/v1/auth/session-to-token", (HttpContext context, Callers callers, AccessTokens tokens) =>
            ExchangeAsync(context, callers, tokens, AuthFailure.Unauthorized("No valid session")));
        app.MapPost("/api/v1/auth/refresh", (HttpContext context, Callers callers, AccessTokens tokens) =>
            ExchangeAsync(context, callers, tokens, AuthFailure.SessionExpired));
        app.MapPost("/api/v1/auth/validate", ValidateAsync);
        app.MapPost("/api/v1/auth/logout", LogoutAsync).RequireTrustedOrigin();
        app.MapPost("/api/auth/sign-out", LogoutAsync).RequireTrustedOrigin();
    }

    /// <summary>The user as the wire shows it.</summary>
    public static UserView ToView(this UserRow user) => new(
        user.Id, user.Name, user.Email, user.EmailVerified, user.Image, user.CreatedAt, user.UpdatedAt, user.TwoFactorEnabled, user.AccessTier, user.Kind);

    private static async Task<IResult> TokenAsync(HttpContext context, Callers callers, AccessTokens tokens)
    {
        if (await callers.FindSessionAsync(context) is not { } session)
        {
            return Answers.NativeUnauthorized();
        }

        var token = await tokens.IssueAsync(session.User, session.Session.Id, context.RequestAborted);
        return Answers.Json(new TokenResponse(token), AuthServerJson.Default.TokenResponse);
    }

    private static async Task<IResult> SessionAsync(HttpContext context, Callers callers, AccessTokens tokens)
    {
        if (await callers.FindSessionAsync(context) is not { } live)
        {
            return TypedResults.Text("null", "application/json");
        }

        var session = live.Session;
        context.Response.Headers["set-auth-jwt"] = await tokens.IssueAsync(live.User, session.Id, context.RequestAborted);
        var view = new SessionView(
            session.Id, live.Token, session.ExpiresAt, session.CreatedAt, session.UpdatedAt, session.IpAddress, session.UserAgent, session.UserId, null);
        return Answers.Json(new SessionResponse(view, live.User.ToView()), AuthServerJson.Default.SessionResponse);
    }

    private static async Task<IResult> ExchangeAsync(HttpContext context, Callers callers, AccessTokens tokens, AuthFailure failure)
    {
        if (await callers.FindSessionAsync(context) is not { } session)
        {
            return Answers.Failure(context, failure);
        }

        var token = await tokens.IssueAsync(session.User, session.Session.Id, context.RequestAborted);
        return Answers.Json(new RefreshResponse(token, session.Token), AuthServerJson.Default.RefreshResponse);
    }

    private static async Task<IResult> ValidateAsync(HttpContext context, AccessTokens tokens)
    {
        if (await RequestBody.ReadAsync(context, RequestBody.SmallLimit) is not { } body)
        {
            return Answers.Failure(context, AuthFailure.InvalidJson);
        }

        var payload = body.Member("token").TryGetText(out var token) ? await tokens.ReadPayloadAsync(token, context.RequestAborted) : null;
        return Answers.Json(new TokenValidity(payload is not null, payload), AuthServerJson.Default.TokenValidity);
    }

    private static async Task<IResult> LogoutAsync(HttpContext context, Callers callers, SessionStore sessions, SessionCookies cookies)
    {
        if (await callers.FindSessionAsync(context) is { } session)
        {
            await sessions.RevokeAsync(session.Token, context.RequestAborted);
        }

        // After the look-up, which may have prolonged the session and set its cookie.
        context.Response.Headers.Remove("Set-Cookie");
        cookies.Clear(context.Response);
        return Answers.Json(new SuccessResponse(true), AuthServerJson.Default.SuccessResponse);
    }
}
