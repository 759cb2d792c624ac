using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;

namespace Mana.Auth.OAuth;

/// <summary>A request for an authorization code that is in order: only the user's consent is missing.</summary>
internal sealed record AuthorizationRequest(
    OAuthClient Client, string RedirectUri, string? State, string CodeChallenge, string Resource, IReadOnlyList<string> Scopes);

/// <summary>
/// What became of a request: it is in order, or it is refused, and then either the client hears of it (once it is certain
/// that the address is the client's) or only the user does.
/// </summary>
/// <param name="Request">In order.</param>
/// <param name="Fault">Why it is shown to the user and nobody else.</param>
/// <param name="Refusal">What is sent to the client.</param>
internal sealed record AuthorizationReading(AuthorizationRequest? Request, AuthorizationFault? Fault, AuthorizationRefusal? Refusal);

/// <summary>Why an answer can be sent to nobody.</summary>
internal enum AuthorizationFault
{
    UnknownClient,
    UnknownRedirect,
    RepeatedParameter,
}

/// <summary>An error for the client, at an address that is its own.</summary>
internal sealed record AuthorizationRefusal(string RedirectUri, string? State, string Error, string Description);

/// <summary>Reads the query of <c>/oauth/authorize</c>.</summary>
internal sealed partial class AuthorizationReader(OAuthClients clients, AuthSettings settings)
{
    private static readonly string[] Once = ["client_id", "redirect_uri", "response_type", "code_challenge", "code_challenge_method", "scope", "state"];

    public async Task<AuthorizationReading> ReadAsync(IQueryCollection query, CancellationToken cancellationToken)
    {
        if (Once.Any(name => query[name].Count > 1))
        {
            return new AuthorizationReading(null, AuthorizationFault.RepeatedParameter, null);
        }

        var id = query["client_id"].ToString();
        if (id.Length is 0 or > 100 || id.Contains('\0', StringComparison.Ordinal) || await clients.FindAsync(id, cancellationToken) is not { } client)
        {
            return new AuthorizationReading(null, AuthorizationFault.UnknownClient, null);
        }

        var redirectUri = query["redirect_uri"].ToString();
        if (!RedirectUris.IsRegistered(redirectUri, client.RedirectUris))
        {
            return new AuthorizationReading(null, AuthorizationFault.UnknownRedirect, null);
        }

        var state = query.TryGetValue("state", out var given) ? given.ToString() : null;
        AuthorizationReading Refused(string error, string description) =>
            new(null, null, new AuthorizationRefusal(redirectUri, state, error, description));

        if (query["response_type"] != "code")
        {
            return Refused("unsupported_response_type", "response_type must be code");
        }

        var challenge = query["code_challenge"].ToString();
        if (query["code_challenge_method"] != "S256" || !Challenge().IsMatch(challenge))
        {
            return Refused("invalid_request", "PKCE is required: code_challenge_method=S256 and a code_challenge of 43 characters");
        }

        if (query["resource"].Count > 1 || !Resources.TryFind(query["resource"], settings.McpResources, out var resource))
        {
            return Refused("invalid_target", "resource must be the address of one MCP server of this service");
        }

        return Scopes.Choose(query["scope"], client.Scope) is { Count: > 0 } scopes
            ? new AuthorizationReading(new AuthorizationRequest(client, redirectUri, state, challenge, resource, scopes), null, null)
            : Refused("invalid_scope", $"scope must name at least one of {client.Scope}");
    }

    [GeneratedRegex(@"^[A-Za-z0-9_-]{43}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Challenge();
}
