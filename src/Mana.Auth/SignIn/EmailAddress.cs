namespace Mana.Auth.SignIn;

/// <summary>E-mail addresses as this service keeps them: lower case, so that case variants are one account.</summary>
internal static class EmailAddress
{
    /// <summary>The longest address that mail knows.</summary>
    public const int MaxLength = 254;

    /// <summary>The address in lower case, or null when it is none.</summary>
    public static string? Normalise(string text)
    {
        var at = text.IndexOf('@', StringComparison.Ordinal);
        var isAddress = at > 0
            && at == text.LastIndexOf('@')
            && at < text.Length - 1
            && text.Length <= MaxLength
            && !text.Any(c => char.IsWhiteSpace(c) || char.IsControl(c));
        return isAddress ? text.ToLowerInvariant() : null;
    }

    /// <summary>What stands before the @.</summary>
    public static string LocalPart(string email) => email[..email.IndexOf('@', StringComparison.Ordinal)];
}
