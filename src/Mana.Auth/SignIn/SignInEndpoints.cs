using Mana.Auth.Http;
using Mana.Auth.Keys;
using Mana.Auth.Sessions;
using Mana.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Mana.Auth.SignIn;

internal static class SignInEndpoints
{
    public static void AddSignIn(this IServiceCollection services)
    {
        services.AddSingleton<Passwords>();
        services.AddSingleton<Lockout>();
        services.AddSingleton<SignInRateLimit>();
        services.AddSingleton<SignInService>();
        services.AddSingleton<Registration>();
    }

    public static void MapSignIn(this IEndpointRouteBuilder app)
    {
        app.MapPost("/api/v1/auth/register", RegisterAsync);
        app.MapGet("/api/v1/auth/signup-status", SignupStatusAsync);
        app.MapPost("/api/v1/auth/login", LoginAsync);
        app.MapPost("/api/auth/sign-in/email", NativeSignInAsync).RequireTrustedOrigin();
    }

    private static async Task<IResult> RegisterAsync(HttpContext context, Registration registration, SignInRateLimit rateLimit)
    {
        if (rateLimit.Take(context) is { } wait)
        {
            return Answers.Failure(context, AuthFailure.RateLimited(wait));
        }

        if (await RequestBody.ReadAsync(context, RequestBody.SmallLimit) is not { } body)
        {
            return Answers.Failure(context, AuthFailure.InvalidJson);
        }

        var result = await registration.RegisterAsync(body, context.RequestAborted);
        return result.User is { } user
            ? Answers.Json(new RegisterResponse(null, user), AuthServerJson.Default.RegisterResponse)
            : Answers.Failure(context, result.Failure!);
    }

    private static async Task<IResult> SignupStatusAsync(Registration registration, CancellationToken cancellationToken) =>
        Answers.Json(await registration.StatusAsync(cancellationToken), AuthServerJson.Default.SignupStatus);

    private static async Task<IResult> LoginAsync(
        HttpContext context, SignInService signIn, SignInRateLimit rateLimit, SessionCookies cookies, AccessTokens tokens)
    {
        var (session, failure) = await SignInAsync(context, signIn, rateLimit, readRememberMe: false);
        if (session is null)
        {
            return Answers.Failure(context, failure!);
        }

        cookies.Set(context.Response, session);
        var accessToken = await tokens.IssueAsync(session.User, session.Session.Id, context.RequestAborted);
        return Answers.Json(
            new LoginResponse(false, session.Token, session.User.ToView(), accessToken, session.Token), AuthServerJson.Default.LoginResponse);
    }

    private static async Task<IResult> NativeSignInAsync(HttpContext context, SignInService signIn, SignInRateLimit rateLimit, SessionCookies cookies)
    {
        var (session, failure) = await SignInAsync(context, signIn, rateLimit, readRememberMe: true);
        if (session is null)
        {
            return Answers.NativeFailure(context, failure!);
        }

        cookies.Set(context.Response, session);
        return Answers.Json(new SignInResponse(false, session.Token, session.User.ToView()), AuthServerJson.Default.SignInResponse);
    }

    private static async Task<SignInResult> SignInAsync(
        HttpContext context, SignInService signIn, SignInRateLimit rateLimit, bool readRememberMe)
    {
        if (rateLimit.Take(context) is { } wait)
        {
            return new SignInResult(null, AuthFailure.RateLimited(wait));
        }

        if (await RequestBody.ReadAsync(context, RequestBody.SmallLimit) is not { } body)
        {
            return new SignInResult(null, AuthFailure.InvalidJson);
        }

        if (!Credentials.TryRead(body, out var credentials, out var failure))
        {
            return new SignInResult(null, failure);
        }

        var forget = readRememberMe && body.Member("rememberMe") is { ValueKind: System.Text.Json.JsonValueKind.False };
        var result = await signIn.SignInAsync(
            credentials, rememberMe: !forget, ClientAddress.Of(context), ClientAddress.UserAgent(context), context.RequestAborted);
        if (result.Session is not null)
        {
            rateLimit.Return(context);
        }

        return result;
    }
}
