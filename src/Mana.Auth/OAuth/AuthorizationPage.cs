using System.Text.Encodings.Web;
using System.Text.Unicode;
using Mana.Auth.Http;
using Mana.Auth.Storage;
using Microsoft.AspNetCore.Http;

namespace Mana.Auth.OAuth;

/// <summary>What the page says above its form.</summary>
internal sealed record PageNotice(string Code, int? RetryAfterSeconds = null)
{
    /// <summary>The form was not ours, or no longer: the page is shown anew.</summary>
    public static PageNotice Stale { get; } = new("STALE");

    public static PageNotice Of(AuthFailure failure) => new(failure.Code, failure.RetryAfterSeconds);
}

/// <summary>
/// The sign-in and the consent page: plain HTML without any script, which no other page may frame. Everything that others
/// wrote is encoded.
/// </summary>
internal sealed class AuthorizationPage(HttpContext context, string token)
{
    private static readonly HtmlEncoder Html = HtmlEncoder.Create(UnicodeRanges.All);

    private readonly PageTexts _texts = PageTexts.For(context);

    public IResult SignIn(AuthorizationRequest request, string email, PageNotice? notice, int status) => Write(
        context,
        _texts,
        status,
        $"""
        <h1>{Encode(_texts.SignInTitle)}</h1>
        <p>{_texts.WantsIn(Strong(request.Client.Name))}</p>
        {Notice(notice)}
        {Form}
          <label for="email">{Encode(_texts.Email)}</label>
          <input id="email" name="email" type="email" autocomplete="username" required maxlength="254" value="{Encode(email)}"{(email.Length == 0 ? " autofocus" : "")}>
          <label for="password">{Encode(_texts.Password)}</label>
          <input id="password" name="password" type="password" autocomplete="current-password" required maxlength="128"{(email.Length == 0 ? "" : " autofocus")}>
          <button class="first" name="action" value="sign-in">{Encode(_texts.SignIn)}</button>
          <button name="action" value="deny" formnovalidate>{Encode(_texts.Cancel)}</button>
        </form>
        """,
        request.RedirectUri);

    public IResult Consent(AuthorizationRequest request, UserRow user, PageNotice? notice, int status)
    {
        var scopes = string.Concat(request.Scopes.Select(scope => $"<li>{Encode(_texts.Scope(scope))}</li>"));
        return Write(
            context,
            _texts,
            status,
            $"""
            <h1>{_texts.Allow(Strong(request.Client.Name))}</h1>
            <p>{_texts.SignedInAs(Strong(user.Email))}</p>
            {Notice(notice)}
            <ul>{scopes}</ul>
            <p class="small">{_texts.Where(Code(request.Resource), Code(new Uri(request.RedirectUri).Authority))}</p>
            {Form}
              <button class="first" name="action" value="allow">{Encode(_texts.AllowButton)}</button>
              <button name="action" value="deny">{Encode(_texts.DenyButton)}</button>
              <button class="link" name="action" value="switch">{Encode(_texts.SwitchButton)}</button>
            </form>
            """,
            request.RedirectUri);
    }

    /// <summary>A request that can be answered to nobody else.</summary>
    public static IResult Fault(HttpContext context, AuthorizationFault fault)
    {
        var texts = PageTexts.For(context);
        return Write(context, texts, StatusCodes.Status400BadRequest, $"<h1>{Encode(texts.FaultTitle)}</h1><p>{Encode(texts.Fault(fault))}</p>", null);
    }

    /// <summary>The headers that every answer of these pages carries.</summary>
    /// <param name="context">Of the answer.</param>
    /// <param name="redirectUri">Where the page's form may lead in the end.</param>
    public static void Guard(HttpContext context, string? redirectUri)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action "
            + (redirectUri is null ? "'none'" : "'self' " + RedirectUris.FormTarget(redirectUri));
        headers.XFrameOptions = "DENY";
        headers.XContentTypeOptions = "nosniff";
        headers.CacheControl = "no-store";

        // Not no-referrer: with it browsers hide where a form comes from, even from the page itself.
        headers["Referrer-Policy"] = "same-origin";
    }

    private string Form => $"""<form method="post" action="authorize{Encode(context.Request.QueryString.ToUriComponent())}"><input type="hidden" name="token" value="{Encode(token)}">""";

    private string Notice(PageNotice? notice) =>
        notice is null ? "" : $"""<p class="notice" role="alert">{Encode(_texts.Notice(notice))}</p>""";

    private static string Encode(string text) => Html.Encode(text);

    private static string Strong(string text) => $"<strong>{Encode(text)}</strong>";

    private static string Code(string text) => $"<code>{Encode(text)}</code>";

    private static IResult Write(HttpContext context, PageTexts texts, int status, string body, string? redirectUri)
    {
        Guard(context, redirectUri);
        context.Response.Headers.ContentLanguage = texts.Language;
        return Results.Text(
            $"""
            <!doctype html>
            <html lang="{texts.Language}">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <meta name="robots" content="noindex">
            <title>{Encode(texts.Title)}</title>
            <link rel="icon" href="icon.svg" type="image/svg+xml">
            <link rel="stylesheet" href="style.css">
            </head>
            <body>
            <main>
            {body}
            </main>
            </body>
            </html>
            """,
            "text/html; charset=utf-8",
            statusCode: status);
    }
}
