using System.Security.Cryptography;
using System.Text;

namespace Mana.Contracts;

/// <summary>
/// A persona's password, derived and never stored: base64 of HMAC-SHA256(seed secret, e-mail), letters and digits
/// only, the first 32. The seed command and the runner must derive the same text, so there is this one copy.
/// </summary>
public static class PersonaPassword
{
    /// <summary>The seed secret of development; production refuses it.</summary>
    public const string DevelopmentSeedSecret = "dev-persona-seed-secret-rotate-in-prod";

    /// <summary>Derives the password of a persona.</summary>
    /// <param name="email">Exactly as in the catalog: case and spaces count.</param>
    /// <param name="seedSecret"><c>PERSONA_SEED_SECRET</c>; must not be empty.</param>
    /// <exception cref="ArgumentException">The secret or the e-mail is empty: an empty key would make guessable passwords.</exception>
    public static string Derive(string email, string seedSecret)
    {
        ArgumentException.ThrowIfNullOrEmpty(email);
        ArgumentException.ThrowIfNullOrEmpty(seedSecret);
        var mac = HMACSHA256.HashData(Encoding.UTF8.GetBytes(seedSecret), Encoding.UTF8.GetBytes(email));
        var alphanumeric = Convert.ToBase64String(mac).Where(char.IsAsciiLetterOrDigit).Take(32);
        return string.Concat(alphanumeric);
    }
}
