using System.Diagnostics.CodeAnalysis;
using Mana.Contracts;
using Mana.Mcp.Policy;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;

namespace Mana.Mcp.Access;

/// <summary>
/// Proves the caller of every single request to <c>/mcp</c>: token, space, membership. Nothing is remembered between
/// requests, so there is no session to steal and a withdrawn membership ends at once (at most 30 s later).
/// </summary>
internal sealed partial class AccessMiddleware(
    RequestDelegate next,
    TokenValidator tokens,
    Memberships memberships,
    UserSpaces spaces,
    ResourceAddress address,
    McpSettings settings,
    ToolMetrics metrics,
    ILogger<AccessMiddleware> logger)
{
    /// <summary>The header that names the active space.</summary>
    public const string SpaceHeader = "X-Mana-Space";

    /// <summary>The optional header with the user's IANA time zone: what "today" means where a tool is given no date.</summary>
    public const string TimeZoneHeader = "X-Mana-Time-Zone";

    private const string Scheme = "Bearer ";

    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            context.Features.Set(await IdentifyAsync(context.Request, context.RequestAborted));
        }
        catch (AccessDeniedException e)
        {
            Log.Denied(logger, e.StatusCode, e.Message);
            metrics.AccessRefused(e.StatusCode switch
            {
                StatusCodes.Status401Unauthorized => AccessRefusal.NoGoodToken,
                StatusCodes.Status403Forbidden => AccessRefusal.NotAMember,
                _ => AccessRefusal.NoSpace,
            });
            if (e.StatusCode == StatusCodes.Status401Unauthorized)
            {
                Challenge.SignIn(context, address, hasToken: TryReadToken(context.Request.Headers.Authorization, out _));
            }

            await ErrorBody.WriteAsync(context, e.StatusCode, e.Message);
            return;
        }
        catch (AuthUnavailableException e)
        {
            Log.AuthUnavailable(logger, e);
            metrics.AccessRefused(AccessRefusal.AuthUnavailable);
            context.Response.Headers.RetryAfter = "5";
            await ErrorBody.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "mana-auth is not available right now; try again shortly");
            return;
        }

        await next(context);
    }

    private async Task<Caller> IdentifyAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (!TryReadToken(request.Headers.Authorization, out var jwt))
        {
            throw new AccessDeniedException(StatusCodes.Status401Unauthorized, "Missing or malformed Authorization header");
        }

        var bearer = await tokens.ValidateAsync(jwt, cancellationToken);
        var user = bearer.User;
        var space = request.Headers[SpaceHeader].ToString().Trim();
        if (space.Length == 0 && bearer.ClientId is not null)
        {
            // A person's own client knows nothing of spaces.
            space = await PersonalSpaceAsync(bearer, jwt, cancellationToken);
        }

        if (space.Length == 0)
        {
            throw new AccessDeniedException(StatusCodes.Status400BadRequest, "Missing X-Mana-Space header (set to the active Space ID)");
        }

        if (!PlainId.IsValid(space))
        {
            throw new AccessDeniedException(StatusCodes.Status400BadRequest, "X-Mana-Space header is no Space ID");
        }

        var membership = await memberships.FindAsync(new SpaceId(space), user, cancellationToken);
        return membership.IsMember
            ? new Caller(user, new SpaceId(space), membership.Role, jwt, TimeZoneOf(request))
            {
                SpaceType = membership.SpaceType,
                Scopes = bearer.Scopes,
                ClientId = bearer.ClientId,
            }
            : throw new AccessDeniedException(StatusCodes.Status403Forbidden, "You are not a member of the space in X-Mana-Space");
    }

    private async Task<string> PersonalSpaceAsync(TokenBearer bearer, string jwt, CancellationToken cancellationToken) =>
        (await spaces.OfAsync(bearer.User, bearer.ClientId, jwt, cancellationToken) ?? [])
            .FirstOrDefault(space => space.SpaceType() == SpaceTypes.Personal)?.Id.Value
        ?? throw new AccessDeniedException(StatusCodes.Status403Forbidden, "The user has no personal space; name one in the X-Mana-Space header");

    private static bool TryReadToken(StringValues header, [NotNullWhen(true)] out string? jwt)
    {
        jwt = header.Count == 1 && header[0]!.StartsWith(Scheme, StringComparison.Ordinal) ? header[0]![Scheme.Length..].Trim() : null;
        return !string.IsNullOrEmpty(jwt);
    }

    // A wrong zone only moves the default date of an entry: not worth refusing a request for.
    private TimeZoneInfo TimeZoneOf(HttpRequest request) =>
        request.Headers[TimeZoneHeader].ToString() is { Length: > 0 and <= 64 } id && TimeZoneInfo.TryFindSystemTimeZoneById(id, out var zone)
            ? zone
            : settings.TimeZone;

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Debug, Message = "Request refused with {StatusCode}: {Reason}")]
        public static partial void Denied(ILogger logger, int statusCode, string reason);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Request refused with 503: mana-auth cannot be asked")]
        public static partial void AuthUnavailable(ILogger logger, Exception exception);
    }
}
