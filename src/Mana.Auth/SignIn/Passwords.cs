using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using NSec.Cryptography;

namespace Mana.Auth.SignIn;

/// <summary>What a new password must satisfy.</summary>
internal static class PasswordRules
{
    public const int MinLength = 8;
    public const int MaxLength = 128;

    public enum Fault
    {
        TooShort,
        TooLong,
    }

    public static Fault? Check(string password) => password.Length switch
    {
        < MinLength => Fault.TooShort,
        > MaxLength => Fault.TooLong,
        _ => null,
    };
}

/// <summary>
/// Password hashes. New ones are Argon2id in the usual encoded form, parameters included; the scrypt form
/// <c>saltHex:keyHex</c> of imported accounts verifies too and asks to be replaced.
/// </summary>
internal sealed class Passwords : IDisposable
{
    private const int MemoryKiB = 19 * 1024;
    private const int Passes = 2;
    private const int SaltBytes = 16;
    private const int HashBytes = 32;
    private const string Prefix = "$argon2id$v=19$";

    private static readonly string CurrentParameters =
        string.Create(CultureInfo.InvariantCulture, $"m={MemoryKiB},t={Passes},p=1");

    // Each hash takes 19 MiB and a core: more at once would only make all of them slower.
    private readonly SemaphoreSlim _slots = new(Environment.ProcessorCount);
    private readonly string _nobody;

    public Passwords() => _nobody = Encode(RandomNumberGenerator.GetBytes(SaltBytes), RandomNumberGenerator.GetHexString(32));

    /// <summary>Hashes a new password.</summary>
    public async Task<string> HashAsync(string password, CancellationToken cancellationToken)
    {
        await _slots.WaitAsync(cancellationToken);
        try
        {
            return Encode(RandomNumberGenerator.GetBytes(SaltBytes), password);
        }
        finally
        {
            _slots.Release();
        }
    }

    /// <summary>Checks a password; without a hash (no such user) it does the same work and says no.</summary>
    public async Task<bool> VerifyAsync(string? hash, string password, CancellationToken cancellationToken)
    {
        await _slots.WaitAsync(cancellationToken);
        try
        {
            return Verify(hash ?? _nobody, password) && hash is not null;
        }
        finally
        {
            _slots.Release();
        }
    }

    /// <summary>Whether the hash should be made anew at the next sign-in.</summary>
    public static bool NeedsRehash(string hash) =>
        !hash.StartsWith(Prefix + CurrentParameters + "$", StringComparison.Ordinal);

    public void Dispose() => _slots.Dispose();

    private static bool Verify(string hash, string password)
    {
        if (hash.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return TryDecode(hash, out var parameters, out var salt, out var expected)
                && CryptographicOperations.FixedTimeEquals(expected, Argon2(parameters, salt, password, expected.Length));
        }

        var parts = hash.Split(':');
        return parts is [{ Length: 32 } saltText, { Length: 128 } keyHex]
            && TryFromHex(keyHex, out var key)
            && CryptographicOperations.FixedTimeEquals(key, Scrypt(saltText, password));
    }

    private static string Encode(byte[] salt, string password)
    {
        var parameters = new Argon2Parameters { DegreeOfParallelism = 1, MemorySize = MemoryKiB, NumberOfPasses = Passes };
        var hash = Argon2(parameters, salt, password, HashBytes);
        return $"{Prefix}{CurrentParameters}${Base64(salt)}${Base64(hash)}";
    }

    private static byte[] Argon2(Argon2Parameters parameters, byte[] salt, string password, int count) =>
        PasswordBasedKeyDerivationAlgorithm.Argon2id(parameters).DeriveBytes(Bytes(password), salt, count);

    // Better Auth passes the salt's hex text itself to scrypt, not the bytes that it spells.
    private static byte[] Scrypt(string saltText, string password) =>
        PasswordBasedKeyDerivationAlgorithm
            .Scrypt(new ScryptParameters { Cost = 16384, BlockSize = 16, Parallelization = 1 })
            .DeriveBytes(Bytes(password), Encoding.ASCII.GetBytes(saltText), 64);

    private static byte[] Bytes(string password) => Encoding.UTF8.GetBytes(password.Normalize(NormalizationForm.FormKC));

    private static bool TryDecode(string hash, out Argon2Parameters parameters, [NotNullWhen(true)] out byte[]? salt, [NotNullWhen(true)] out byte[]? expected)
    {
        parameters = default;
        salt = expected = null;
        var parts = hash[Prefix.Length..].Split('$');
        if (parts.Length != 3)
        {
            return false;
        }

        var numbers = parts[0].Split(',').Select(pair => pair[(pair.IndexOf('=', StringComparison.Ordinal) + 1)..]).ToArray();
        if (numbers.Length != 3
            || !int.TryParse(numbers[0], NumberStyles.None, CultureInfo.InvariantCulture, out var memory)
            || !int.TryParse(numbers[1], NumberStyles.None, CultureInfo.InvariantCulture, out var passes)
            || numbers[2] != "1")
        {
            return false;
        }

        parameters = new Argon2Parameters { DegreeOfParallelism = 1, MemorySize = memory, NumberOfPasses = passes };
        try
        {
            salt = Convert.FromBase64String(Padded(parts[1]));
            expected = Convert.FromBase64String(Padded(parts[2]));
            return salt.Length == SaltBytes && expected.Length >= 16;
        }
        catch (FormatException)
        {
            return false;
        }
    }

    private static bool TryFromHex(string text, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = new byte[text.Length / 2];
        return Convert.FromHexString(text, bytes, out _, out _) == System.Buffers.OperationStatus.Done;
    }

    private static string Base64(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=');

    private static string Padded(string text) => text.PadRight((text.Length + 3) / 4 * 4, '=');
}
