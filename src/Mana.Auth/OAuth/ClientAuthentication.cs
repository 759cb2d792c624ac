using System.Text;
using Microsoft.AspNetCore.Http;

namespace Mana.Auth.OAuth;

/// <summary>Which client asks at the token endpoint: a public one says its id, a confidential one shows its secret.</summary>
internal sealed class ClientAuthentication(OAuthClients clients)
{
    private const string Scheme = "Basic ";

    /// <summary>The client, or null when it is unknown, or shows a wrong secret, none, or one too many.</summary>
    public async Task<OAuthClient?> FindAsync(HttpContext context, IFormCollection form, CancellationToken cancellationToken)
    {
        var id = form["client_id"].ToString();
        var secret = form.TryGetValue("client_secret", out var given) ? given.ToString() : null;
        if (context.Request.Headers.Authorization is [{ } header, ..])
        {
            if (secret is not null || !TryReadBasic(header, out var basicId, out secret) || (id.Length > 0 && id != basicId))
            {
                return null;
            }

            id = basicId;
        }

        if (id.Length is 0 or > 100 || id.Contains('\0', StringComparison.Ordinal) || await clients.FindAsync(id, cancellationToken) is not { } client)
        {
            return null;
        }

        return client.SecretHash is { } hash
            ? secret is not null && Secrets.AreEqual(Secrets.Hash(secret), hash) ? client : null
            : string.IsNullOrEmpty(secret) ? client : null;
    }

    private static bool TryReadBasic(string header, out string id, out string? secret)
    {
        id = "";
        secret = null;
        if (!header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        var buffer = new byte[header.Length];
        if (!Convert.TryFromBase64String(header[Scheme.Length..].Trim(), buffer, out var length)
            || Encoding.UTF8.GetString(buffer, 0, length).Split(':', 2) is not [var user, var password])
        {
            return false;
        }

        // RFC 6749 has both form-encoded first; our own ids and secrets look the same either way.
        id = Uri.UnescapeDataString(user);
        secret = Uri.UnescapeDataString(password);
        return true;
    }
}
