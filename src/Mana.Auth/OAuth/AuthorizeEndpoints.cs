using Mana.Auth.Http;
using Mana.Auth.Sessions;
using Mana.Auth.SignIn;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Mana.Auth.OAuth;

/// <summary>
/// The page on which a person signs in and allows a client something. Nothing is kept between the page and its form: the
/// request stands in the address of both, and is read anew each time.
/// </summary>
internal sealed class AuthorizeEndpoints(
    AuthorizationReader reader,
    AuthSettings settings,
    SessionCookies cookies,
    SessionStore sessions,
    SignInService signIn,
    SignInRateLimit rateLimit,
    ConsentTokens tokens,
    OAuthGrants grants,
    AuthMetrics metrics)
{
    public const string Path = "/oauth/authorize";

    private const int MaxPassword = 1024;

    public static void Map(IEndpointRouteBuilder app)
    {
        app.MapGet(Path, (HttpContext context, AuthorizeEndpoints endpoints) => endpoints.ShowAsync(context));
        app.MapPost(Path, (HttpContext context, AuthorizeEndpoints endpoints) => endpoints.SubmitAsync(context));
    }

    private async Task<IResult> ShowAsync(HttpContext context)
    {
        var reading = await reader.ReadAsync(context.Request.Query, context.RequestAborted);
        return reading.Request is { } request ? Page(context, request, await SessionAsync(context)) : Refused(context, reading);
    }

    private async Task<IResult> SubmitAsync(HttpContext context)
    {
        var reading = await reader.ReadAsync(context.Request.Query, context.RequestAborted);
        if (reading.Request is not { } request)
        {
            return Refused(context, reading);
        }

        var session = await SessionAsync(context);
        if (!IsOurs(context) || await OAuthForm.ReadAsync(context) is not { } form || !tokens.IsGood(context, session?.Session.Id, form["token"].ToString()))
        {
            return Page(context, request, session, PageNotice.Stale, StatusCodes.Status403Forbidden);
        }

        switch (form["action"].ToString())
        {
            case "deny":
                metrics.OAuth("deny");
                return Redirect(context, Target(request.RedirectUri, ("error", "access_denied"), ("error_description", "The user said no"), ("state", request.State)));
            case "allow" when session is not null:
                return await grants.CreateCodeAsync(request, session.Session, context.RequestAborted) is not { } code
                    ? Page(context, request, null, PageNotice.Stale, StatusCodes.Status403Forbidden)
                    : Redirect(context, Target(request.RedirectUri, ("code", code), ("state", request.State)));
            case "switch" when session is not null:
                await sessions.RevokeAsync(session.Token, context.RequestAborted);
                context.Response.Headers.Remove("Set-Cookie");
                cookies.Clear(context.Response);
                return Redirect(context, Again(context));
            case "sign-in" when session is null:
                return await SignInAsync(context, request, form);
            default:
                return Page(context, request, session, PageNotice.Stale, StatusCodes.Status403Forbidden);
        }
    }

    private async Task<IResult> SignInAsync(HttpContext context, AuthorizationRequest request, IFormCollection form)
    {
        var email = form["email"].ToString();
        var password = form["password"].ToString();
        var failure = rateLimit.Take(context) is { } wait ? AuthFailure.RateLimited(wait)
            : password.Length is 0 or > MaxPassword || password.Contains('\0', StringComparison.Ordinal) || email.Contains('\0', StringComparison.Ordinal) ? AuthFailure.InvalidCredentials
            : null;
        if (failure is null)
        {
            var result = await signIn.SignInAsync(
                new Credentials(email.Trim(), password), rememberMe: false, ClientAddress.Of(context), ClientAddress.UserAgent(context), context.RequestAborted);
            if (result.Session is { } session)
            {
                rateLimit.Return(context);
                cookies.Set(context.Response, session);
                return Redirect(context, Again(context));
            }

            failure = result.Failure!;
        }

        if (failure.RetryAfterSeconds is { } seconds)
        {
            context.Response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        return Page(context, request, null, PageNotice.Of(failure), failure.Status, email);
    }

    private IResult Page(
        HttpContext context, AuthorizationRequest request, LiveSession? session, PageNotice? notice = null, int status = StatusCodes.Status200OK, string email = "")
    {
        var page = new AuthorizationPage(context, tokens.Issue(context, session?.Session.Id));
        return session is null ? page.SignIn(request, email, notice, status) : page.Consent(request, session.User, notice, status);
    }

    private IResult Refused(HttpContext context, AuthorizationReading reading) => reading.Refusal is { } refusal
        ? Redirect(context, Target(refusal.RedirectUri, ("error", refusal.Error), ("error_description", refusal.Description), ("state", refusal.State)))
        : AuthorizationPage.Fault(context, reading.Fault!.Value);

    // The cookie alone: this page is for browsers.
    private async Task<LiveSession?> SessionAsync(HttpContext context) =>
        cookies.TryRead(context.Request, out var token) ? await sessions.FindAsync(token, context.RequestAborted) : null;

    /// <summary>Browsers say where a form comes from: it must be this page. (Who says nothing still needs the form's token.)</summary>
    private bool IsOurs(HttpContext context) =>
        context.Request.Headers.Origin.ToString() is not { Length: > 0 } origin
        || origin == settings.BaseUrl.GetLeftPart(UriPartial.Authority)
        || origin == $"{context.Request.Scheme}://{context.Request.Host}";

    private static string Again(HttpContext context) => "authorize" + context.Request.QueryString.ToUriComponent();

    private string Target(string redirectUri, params (string Name, string? Value)[] parameters)
    {
        var answer = parameters.Append(("iss", settings.Issuer))
            .Where(parameter => parameter.Item2 is not null)
            .Select(parameter => $"{parameter.Item1}={Uri.EscapeDataString(parameter.Item2!)}");
        return redirectUri + (redirectUri.Contains('?', StringComparison.Ordinal) ? '&' : '?') + string.Join('&', answer);
    }

    // 303: the form that brought the browser here must not go on to the client.
    private static IResult Redirect(HttpContext context, string target)
    {
        AuthorizationPage.Guard(context, null);
        context.Response.Headers.Location = target;
        return Results.StatusCode(StatusCodes.Status303SeeOther);
    }
}
