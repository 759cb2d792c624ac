using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using Mana.Auth.Storage;
using Mana.Contracts;
using Microsoft.AspNetCore.Http;
using Microsoft.IdentityModel.Tokens;

namespace Mana.Auth.Personas;

/// <summary>The query of <c>due</c>; without any of it, the contract's answer.</summary>
/// <param name="Scope">One of <see cref="TickScopes"/>.</param>
/// <param name="Limit">The size of a page; null for everything at once.</param>
/// <param name="After">Where the page before ended.</param>
/// <param name="Emails">Only these, in lower case; empty for everybody.</param>
internal sealed record DueQuery(string Scope, int? Limit, DueCursor? After, IReadOnlyList<string> Emails)
{
    public const int MaxLimit = 500;
    private const int MaxEmails = 100;

    public static bool TryRead(IQueryCollection query, [NotNullWhen(true)] out DueQuery? result, [NotNullWhen(false)] out string? error)
    {
        result = null;
        error = null;
        var scope = query["scope"].ToString() is { Length: > 0 } given ? given : TickScopes.Due;
        if (scope is not (TickScopes.Due or TickScopes.NeverTicked or TickScopes.All))
        {
            error = $"`scope` must be one of {TickScopes.Due}, {TickScopes.NeverTicked}, {TickScopes.All}";
            return false;
        }

        int? limit = null;
        if (query["limit"].ToString() is { Length: > 0 } limitText)
        {
            if (!int.TryParse(limitText, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number is < 1 or > MaxLimit)
            {
                error = $"`limit` must be a whole number from 1 to {MaxLimit}";
                return false;
            }

            limit = number;
        }

        DueCursor? after = null;
        if (query["after"].ToString() is { Length: > 0 } afterText)
        {
            if (!DueCursor.TryParse(afterText, out after))
            {
                error = "`after` must be the `next` of the page before";
                return false;
            }

            limit ??= MaxLimit;
        }

        var emails = query["email"].Where(email => !string.IsNullOrEmpty(email)).Select(email => email!.ToLowerInvariant()).Distinct().ToList();
        if (emails.Count > MaxEmails || emails.Exists(email => email.Contains('\0', StringComparison.Ordinal)))
        {
            error = $"`email` must be an e-mail address, at most {MaxEmails} of them";
            return false;
        }

        result = new DueQuery(scope, limit, after, emails);
        return true;
    }
}

/// <summary>A place in the order of pages; opaque on the wire.</summary>
internal sealed record DueCursor(DateTimeOffset DueAt, string UserId)
{
    public static DueCursor Of(PersonaRow persona) => new(persona.NextDueAt ?? DateTimeOffset.UnixEpoch, persona.UserId);

    public static bool TryParse(string text, [NotNullWhen(true)] out DueCursor? cursor)
    {
        cursor = null;
        string decoded;
        try
        {
            decoded = Base64UrlEncoder.Decode(text);
        }
        catch (FormatException)
        {
            return false;
        }

        var parts = decoded.Split(' ', 2);
        if (parts.Length != 2
            || parts[1].Length is 0 or > 64
            || parts[1].Contains('\0', StringComparison.Ordinal)
            || !long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds)
            || milliseconds > DateTimeOffset.MaxValue.ToUnixTimeMilliseconds())
        {
            return false;
        }

        cursor = new DueCursor(DateTimeOffset.FromUnixTimeMilliseconds(milliseconds), parts[1]);
        return true;
    }

    public override string ToString() =>
        Base64UrlEncoder.Encode(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{DueAt.ToUnixTimeMilliseconds()} {UserId}")));
}
