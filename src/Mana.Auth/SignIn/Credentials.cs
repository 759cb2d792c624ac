using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Mana.Auth.Http;

namespace Mana.Auth.SignIn;

/// <summary>An e-mail and a password as a client sent them.</summary>
internal sealed record Credentials(string Email, string Password)
{
    // Longer ones cannot be right, and hashing them would be work for an attacker's benefit.
    private const int MaxPassword = 1024;

    /// <summary>Takes both members of a body, or says what is wrong with them in the contract's words.</summary>
    public static bool TryRead(JsonElement body, [NotNullWhen(true)] out Credentials? credentials, [NotNullWhen(false)] out AuthFailure? failure)
    {
        credentials = null;
        failure = null;
        var faults = new List<string>();
        var email = Text(body, "email", faults);
        var password = Text(body, "password", faults);
        if (faults.Count > 0)
        {
            failure = AuthFailure.Validation(string.Join("; ", faults));
            return false;
        }

        if (password!.Length > MaxPassword)
        {
            failure = AuthFailure.WeakPassword(PasswordRules.Fault.TooLong);
            return false;
        }

        credentials = new Credentials(email!, password);
        return true;
    }

    private static string? Text(JsonElement body, string name, List<string> faults)
    {
        JsonElement? member = body.ValueKind == JsonValueKind.Object && body.TryGetProperty(name, out var given) ? given : null;
        if (!member.TryGetText(out var text))
        {
            faults.Add(member is { ValueKind: JsonValueKind.String }
                ? $"[body.{name}] Invalid input: expected text without NUL and half surrogate pairs"
                : $"[body.{name}] Invalid input: expected string, received {member.TypeName()}");
        }

        return text;
    }

    /// <summary>Never the password, not even in a debugger's log.</summary>
    public override string ToString() => Email;
}
