using System.Text.RegularExpressions;
using Mana.Auth.Keys;
using Mana.Hosting.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Mana.Auth.OAuth;

/// <summary>Codes and refresh tokens for access tokens, and taking them back (RFC 6749, 7009).</summary>
internal static partial class TokenEndpoints
{
    public const string TokenPath = "/oauth/token";
    public const string RevokePath = "/oauth/revoke";

    public static void MapTokenEndpoints(this IEndpointRouteBuilder app)
    {
        app.MapPost(TokenPath, TokenAsync);
        app.MapPost(RevokePath, RevokeAsync);
    }

    private static async Task<IResult> TokenAsync(HttpContext context, ClientAuthentication authentication, OAuthGrants grants, AccessTokens tokens)
    {
        NoStore(context);
        if (await OAuthForm.ReadAsync(context) is not { } form)
        {
            return Refused(TokenFailure.InvalidRequest("Send application/x-www-form-urlencoded, each parameter once"));
        }

        if (await authentication.FindAsync(context, form, context.RequestAborted) is not { } client)
        {
            return UnknownClient(context);
        }

        var (grant, failure) = form["grant_type"].ToString() switch
        {
            "authorization_code" => await ExchangeAsync(form, client, grants, context.RequestAborted),
            "refresh_token" => await RefreshAsync(form, client, grants, context.RequestAborted),
            "" => (null, TokenFailure.InvalidRequest("grant_type is missing")),
            _ => (null, new TokenFailure("unsupported_grant_type", "grant_type must be authorization_code or refresh_token")),
        };
        if (failure is not null)
        {
            return Refused(failure);
        }

        var accessToken = await tokens.IssueForClientAsync(grant!.User, grant.ClientId, grant.Resource, grant.Scope, context.RequestAborted);
        return JsonAnswer.Of(
            new TokenAnswer(accessToken, "Bearer", (int)AccessTokens.ClientLifetime.TotalSeconds, grant.RefreshToken, grant.Scope), OAuthJson.Default.TokenAnswer);
    }

    private static async Task<(IssuedGrant?, TokenFailure?)> ExchangeAsync(
        IFormCollection form, OAuthClient client, OAuthGrants grants, CancellationToken cancellationToken)
    {
        var code = form["code"].ToString();
        var verifier = form["code_verifier"].ToString();
        if (code.Length == 0)
        {
            return (null, TokenFailure.InvalidRequest("code is missing"));
        }

        return Verifier().IsMatch(verifier)
            ? await grants.ExchangeAsync(client, code, verifier, Optional(form, "redirect_uri"), Optional(form, "resource"), cancellationToken)
            : (null, TokenFailure.InvalidRequest("code_verifier must have 43 to 128 letters, digits or -._~"));
    }

    private static async Task<(IssuedGrant?, TokenFailure?)> RefreshAsync(
        IFormCollection form, OAuthClient client, OAuthGrants grants, CancellationToken cancellationToken) =>
        form["refresh_token"].ToString() is { Length: > 0 } token
            ? await grants.RefreshAsync(client, token, Optional(form, "scope"), Optional(form, "resource"), cancellationToken)
            : (null, TokenFailure.InvalidRequest("refresh_token is missing"));

    private static async Task<IResult> RevokeAsync(HttpContext context, ClientAuthentication authentication, OAuthGrants grants)
    {
        NoStore(context);
        if (await OAuthForm.ReadAsync(context) is not { } form || form["token"].ToString() is not { Length: > 0 } token)
        {
            return Refused(TokenFailure.InvalidRequest("Send application/x-www-form-urlencoded with a token"));
        }

        if (await authentication.FindAsync(context, form, context.RequestAborted) is not { } client)
        {
            return UnknownClient(context);
        }

        if (token.Contains('.', StringComparison.Ordinal))
        {
            // Access tokens are checked by their signature alone; they end by themselves within minutes.
            return Refused(new TokenFailure("unsupported_token_type", "Revoke the refresh token; access tokens end by themselves"));
        }

        await grants.RevokeAsync(client, token, context.RequestAborted);
        return Results.Ok();
    }

    private static string? Optional(IFormCollection form, string name) => form[name].ToString() is { Length: > 0 } text ? text : null;

    private static void NoStore(HttpContext context)
    {
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers.Pragma = "no-cache";
    }

    private static IResult UnknownClient(HttpContext context)
    {
        if (context.Request.Headers.Authorization.Count > 0)
        {
            context.Response.Headers.WWWAuthenticate = "Basic realm=\"mana-auth\"";
        }

        return Refused(new TokenFailure("invalid_client", "The client is unknown or its secret is wrong"), StatusCodes.Status401Unauthorized);
    }

    private static IResult Refused(TokenFailure failure, int status = StatusCodes.Status400BadRequest) =>
        JsonAnswer.Of(new TokenErrorBody(failure.Error, failure.Description), OAuthJson.Default.TokenErrorBody, status);

    [GeneratedRegex(@"^[A-Za-z0-9._~-]{43,128}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Verifier();
}
